"""waveglow at its published size beside a plain implementation: real-time factor, memory, agreement.

    python -m tests.bench.waveglow_speed [--seconds 5] [--turns 3]

Weights are drawn, noise is the same for all. Each turn is a process of its own, so that its memory is; the ways take turns, so
that whatever else the machine does falls on all of them.
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

__all__ = ["WAYS", "Speed", "measure_waveglow"]

RATE, HOP = 22_050, 256
WAYS = ("plain", "float32", "bfloat16")
"""The published formulas as modules; ours in single precision; ours in bfloat16, which processors without it only emulate."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    way: str
    factor: float
    """Seconds of work for a second of sound, the median of all turns; loading the weights is not in it."""
    work: float
    """Processor seconds for a second of sound: what other people's work on the machine disturbs least."""
    memory: float
    """Peak resident megabytes of a process that loads and speaks, Python and torch included."""
    agreement: float
    """Decibels of the plain sound over the difference to it; infinite for itself."""

    def __str__(self) -> str:
        return (
            f"waveglow {self.way}: real-time factor {self.factor:.2f}, {self.work:.2f} s of processors for a second; "
            f"{self.memory:.0f} MB, {self.agreement:.1f} dB"
        )


def measure_waveglow(seconds: float = 5.0, turns: int = 3, ways: tuple[str, ...] = WAYS) -> list[Speed]:
    """Each way's speed, the plain one first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_weights(folder / "waveglow.safetensors")
        told = {way: [] for way in ways}
        for _ in range(turns):
            for way in ways:
                told[way].append(turn_of(way, folder, seconds))
        sounds = {way: np.load(folder / f"{way}.npy") for way in ways}
    return [
        Speed(
            way=way,
            factor=median(turn["seconds"] for turn in told[way]) / seconds,
            work=median(turn["work"] for turn in told[way]) / seconds,
            memory=max(turn["memory"] for turn in told[way]),
            agreement=agreement(sounds[ways[0]], sounds[way]),
        )
        for way in ways
    ]


def agreement(exact: np.ndarray, other: np.ndarray) -> float:
    difference = float(np.mean(np.square(exact - other, dtype=np.float64)))
    return 10 * float(np.log10(np.mean(np.square(exact, dtype=np.float64)) / difference)) if difference else np.inf


def draw_weights(path: Path) -> None:
    """As torch initialises convolutions and the paper the mixings; the couplings' last layers small, not zero."""
    import torch

    from newsreel.weights.state_dict import save_state
    from steps.waveglow.architecture import Architecture, CheckpointLayout, tensor_shapes

    chance = torch.Generator().manual_seed(1)
    state = {}
    for key, shape in tensor_shapes(Architecture(), CheckpointLayout()).items():
        into = shape[0] if key == "upsample.weight" else int(np.prod(shape[1:])) or 1
        reach = 0.02 if ".end." in key else into**-0.5
        state[key] = torch.empty(shape).uniform_(-reach, reach, generator=chance)
        if key.startswith("convinv."):
            state[key] = torch.linalg.qr(torch.randn(shape[:2], generator=chance))[0][:, :, None]
    for key in [*state]:
        if key.endswith("_g"):
            state[key] = state[key.removesuffix("_g") + "_v"].square().sum(dim=(1, 2), keepdim=True).sqrt()
    save_state(state, path)


def turn_of(way: str, folder: Path, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.waveglow_speed", "--seconds", str(seconds), "--turn", way, str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))


def speak(way: str, folder: Path, seconds: float) -> None:
    """One turn, in this process: the sound into the folder, figures to standard output."""
    import torch

    from newsreel.runtime.host import retain_freed_memory
    from steps.waveglow import load_waveglow
    from tests.bench.plain_waveglow import PlainWaveGlow

    retain_freed_memory()
    frames = round(seconds * RATE / HOP)
    chance = torch.Generator().manual_seed(2)
    mel = torch.randn(1, 80, frames, generator=chance).mul_(1.5).sub_(5)
    noise = [torch.randn(1, width, frames * HOP // 8, generator=chance) for width in (4, 2, 2)]
    weights = folder / "waveglow.safetensors"
    net = PlainWaveGlow(weights) if way == "plain" else load_waveglow(weights, getattr(torch, way))
    net.infer(mel[:, :, :8], sigma=0.6, noise=[part[:, :, : 8 * HOP // 8] for part in noise])
    began, idle = time.perf_counter(), time.process_time()
    sound = net.infer(mel, sigma=0.6, noise=noise)
    took, worked = time.perf_counter() - began, time.process_time() - idle
    np.save(folder / f"{way}.npy", sound.numpy())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seconds": took, "work": worked, "memory": memory}))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.waveglow_speed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--turn", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.turn:
        speak(asked.turn[0], Path(asked.turn[1]), asked.seconds)
        return
    for speed in measure_waveglow(asked.seconds, asked.turns):
        print(speed)


if __name__ == "__main__":
    main(sys.argv[1:])
