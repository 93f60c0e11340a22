"""waveglow at its published size compared with a plain implementation: real-time factor, memory, agreement.

    python -m tests.bench.waveglow_speed [--seconds 5] [--turns 3]

Random weights, the same noise for all. Each turn is a process of its own, to measure its memory; the variants take turns, so
that other load on the machine affects all of them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

RATE, HOP = 22_050, 256
VARIANTS = ("plain", "float32", "bfloat16")
"""The published formulas as modules; ours in single precision; ours in bfloat16, which CPUs without it emulate."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    variant: str
    factor: float
    """Seconds per second of audio, the median of all turns, without loading the weights."""
    work: float
    """CPU seconds per second of audio: least affected by other load on the machine."""
    memory: float
    """Peak resident megabytes of a process that loads and runs it, including Python and torch."""
    agreement: float
    """Decibels of the plain audio over the difference to it; infinite for itself."""

    def __str__(self) -> str:
        return (
            f"waveglow {self.variant}: real-time factor {self.factor:.2f}, {self.work:.2f} s of processors for a second; "
            f"{self.memory:.0f} MB, {self.agreement:.1f} dB"
        )


def measure_waveglow(seconds: float = 5.0, turns: int = 3, variants: tuple[str, ...] = VARIANTS) -> list[Speed]:
    """Each variant's speed, the plain one first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_weights(folder / "waveglow.safetensors")
        figures = {variant: [] for variant in variants}
        for _ in range(turns):
            for variant in variants:
                figures[variant].append(turn_in_process(variant, folder, seconds))
        sounds = {variant: np.load(folder / f"{variant}.npy") for variant in variants}
    return [
        Speed(
            variant=variant,
            factor=median(turn["seconds"] for turn in figures[variant]) / seconds,
            work=median(turn["work"] for turn in figures[variant]) / seconds,
            memory=max(turn["memory"] for turn in figures[variant]),
            agreement=agreement(sounds[variants[0]], sounds[variant]),
        )
        for variant in variants
    ]


def agreement(exact: np.ndarray, other: np.ndarray) -> float:
    difference = float(np.mean(np.square(exact - other, dtype=np.float64)))
    return 10 * float(np.log10(np.mean(np.square(exact, dtype=np.float64)) / difference)) if difference else np.inf


def draw_weights(path: Path) -> None:
    """Initialise as torch does convolutions and the paper the 1x1 convolutions; the couplings' last layers small, not zero."""
    import torch

    from newsreel.weights.state_dict import save_state
    from steps.waveglow.architecture import Architecture, CheckpointLayout, checkpoint_shapes

    generator = torch.Generator().manual_seed(1)
    state = {}
    for key, shape in checkpoint_shapes(Architecture(), CheckpointLayout()).items():
        into = shape[0] if key == "upsample.weight" else int(np.prod(shape[1:])) or 1
        reach = 0.02 if ".end." in key else into**-0.5
        state[key] = torch.empty(shape).uniform_(-reach, reach, generator=generator)
        if key.startswith("convinv."):
            state[key] = torch.linalg.qr(torch.randn(shape[:2], generator=generator))[0][:, :, None]
    for key in [*state]:
        if key.endswith("_g"):
            state[key] = state[key.removesuffix("_g") + "_v"].square().sum(dim=(1, 2), keepdim=True).sqrt()
    save_state(state, path)


def turn_in_process(variant: str, folder: Path, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.waveglow_speed", "--seconds", str(seconds), "--turn", variant, str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


def run_turn(variant: str, folder: Path, seconds: float) -> None:
    """One turn in this process: audio to the folder, figures to standard output."""
    import torch

    from newsreel.runtime.host import retain_freed_memory
    from steps.waveglow import load_waveglow
    from tests.bench.plain_waveglow import PlainWaveGlow

    retain_freed_memory()
    frames = round(seconds * RATE / HOP)
    generator = torch.Generator().manual_seed(2)
    mel = torch.randn(1, 80, frames, generator=generator).mul_(1.5).sub_(5)
    noise = [torch.randn(1, width, frames * HOP // 8, generator=generator) for width in (4, 2, 2)]
    weights = folder / "waveglow.safetensors"
    net = PlainWaveGlow(weights) if variant == "plain" else load_waveglow(weights, getattr(torch, variant))
    net.infer(mel[:, :, :8], sigma=0.6, noise=[part[:, :, : 8 * HOP // 8] for part in noise])
    began, idle = time.perf_counter(), time.process_time()
    sound = net.infer(mel, sigma=0.6, noise=noise)
    took, worked = time.perf_counter() - began, time.process_time() - idle
    np.save(folder / f"{variant}.npy", sound.numpy())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seconds": took, "work": worked, "memory": memory}))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.waveglow_speed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--turn", nargs=2, metavar=("VARIANT", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.turn:
        run_turn(asked.turn[0], Path(asked.turn[1]), asked.seconds)
        return
    for speed in measure_waveglow(asked.seconds, asked.turns):
        print(speed)


if __name__ == "__main__":
    main(sys.argv[1:])
