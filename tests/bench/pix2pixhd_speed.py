"""pix2pixHD at the published sizes: the quick generator beside the plain one, frames a second, likeness and memory.

    python -m tests.bench.pix2pixhd_speed [--quick]

Weights are drawn as the published code initialises them (normal, 0.02), the input is a face drawn as edges. Plain and quick
frames take turns in one process, so that whatever else the machine does falls on both; memory is that of a process each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from steps.pix2pixhd.config import Architecture

if TYPE_CHECKING:  # torch is loaded when something is measured
    from torch import Tensor

    from steps.pix2pixhd.networks import Generator
    from steps.pix2pixhd.optimized_generator import OptimizedGenerator

__all__ = ["SIZES", "FullSize", "Speed", "measure_speeds"]

MEGABYTE = 1e6


@dataclass(frozen=True, kw_only=True)
class FullSize:
    name: str
    architecture: Architecture
    width: int
    height: int


SIZES = (
    FullSize(name="global", architecture=Architecture(), width=1024, height=512),
    FullSize(
        name="local",
        architecture=Architecture(net="local", ngf=32, n_local_enhancers=1, n_blocks_local=3),
        width=2048,
        height=1024,
    ),
)
SMALL = (
    FullSize(name="global", architecture=Architecture(), width=256, height=128),
    FullSize(
        name="local",
        architecture=Architecture(net="local", ngf=32, n_local_enhancers=1, n_blocks_local=3),
        width=512,
        height=256,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Speed:
    size: FullSize
    plain: float
    quick: float
    """Seconds a frame, the median of all turns."""
    gain: float
    """Frames of the quick generator for one of the plain one: the median over turns."""
    psnr: float
    """Of the quick generator's 8-bit frame to the plain one's, dB."""
    plain_memory: float
    quick_memory: float
    """Peak resident megabytes of a process that loads and renders, Python and torch included."""

    def __str__(self) -> str:
        return (
            f"pix2pixHD {self.size.name} {self.size.width}x{self.size.height}: plain fp32 {1 / self.plain:.2f} frames/s, "
            f"{self.plain_memory:.0f} MB; quick {1 / self.quick:.2f} frames/s, {self.quick_memory:.0f} MB; "
            f"{self.gain:.2f} times the frames, {self.psnr:.1f} dB"
        )


def measure_speeds(sizes: tuple[FullSize, ...] = SIZES, turns: int = 5) -> list[Speed]:
    return [measure(size, turns) for size in sizes]


def measure(size: FullSize, turns: int) -> Speed:
    import torch

    from steps.pix2pixhd.renderer import to_frames
    from steps.pix2pixhd.training.evaluation import peak_signal_to_noise

    plain_memory, quick_memory = (peak_memory(size, which) for which in ("plain", "quick"))
    plain, encoding = seeded(size.architecture), edges_of_a_face(size)
    quick = quickest(plain)
    as_the_step_does()
    times: list[tuple[float, float]] = []
    with torch.inference_mode():
        psnr = peak_signal_to_noise(to_frames(quick(encoding)), to_frames(plain(encoding)))
        for _ in range(turns):
            marks = [time.perf_counter()]
            for net in (plain, quick):
                net(encoding)
                marks.append(time.perf_counter())
            times.append((marks[1] - marks[0], marks[2] - marks[1]))
    return Speed(
        size=size,
        plain=median(slow for slow, _ in times),
        quick=median(fast for _, fast in times),
        gain=median(slow / fast for slow, fast in times),
        psnr=psnr,
        plain_memory=plain_memory,
        quick_memory=quick_memory,
    )


def edges_of_a_face(size: FullSize) -> Tensor:
    """(1, 3, height, width) float, 0 ... 1."""
    import torch

    from steps.pix2pixhd.encoding import draw_edges
    from tools.presenter.drawing import Mouth, Pose, draw

    landmarks = draw(Pose(yaw=0.1, mouth=Mouth(jaw_open=0.4)))[1] * (size.height / 320)
    return torch.from_numpy(draw_edges(landmarks, (size.width, size.height))).permute(2, 0, 1)[None].float() / 255


def quickest(plain: Generator) -> OptimizedGenerator:
    import torch

    from newsreel.runtime.host import has_native_bfloat16
    from steps.pix2pixhd.optimized_generator import OptimizedGenerator

    return OptimizedGenerator(plain, torch.bfloat16 if has_native_bfloat16() else torch.float32)


def as_the_step_does() -> None:
    """All cores on a frame, and freed memory kept, for both nets."""
    import torch

    from newsreel.runtime.host import available_cores, retain_freed_memory

    retain_freed_memory()
    torch.set_num_threads(available_cores())


def seeded(architecture: Architecture) -> Generator:
    """The plain net with the published initial weights."""
    import torch
    from torch import nn

    from steps.pix2pixhd.networks import build_generator

    with torch.device("meta"):
        empty = build_generator(architecture)
    generator = empty.to_empty(device="cpu").eval().requires_grad_(False)
    torch.manual_seed(0)
    for layer in generator.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.normal_(0, 0.02)
            if layer.bias is not None:
                layer.bias.zero_()
    return generator


def peak_memory(size: FullSize, which: str) -> float:
    """Megabytes, of a fresh process that renders two frames with one of the nets."""
    command = [sys.executable, "-m", "tests.bench.pix2pixhd_speed", "--memory", which, "--width", str(size.width)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def render_alone(size: FullSize, which: str) -> float:
    import torch

    net = seeded(size.architecture) if which == "plain" else quickest(seeded(size.architecture))
    as_the_step_does()
    with torch.inference_mode():
        for _ in range(2):
            net(edges_of_a_face(size))
    return peak_of_this_process()


def peak_of_this_process() -> float:
    """Megabytes. Not from getrusage, which counts the parent's memory at the time of the fork."""
    status = Path("/proc/self/status").read_text()
    kilobytes = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
    return kilobytes * 1024 / MEGABYTE


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pix2pixhd_speed", description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the sides, two turns: does it work?")
    parser.add_argument("--memory", choices=("plain", "quick"), help=argparse.SUPPRESS)
    parser.add_argument("--width", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        size = next(size for size in SIZES + SMALL if size.width == options.width)
        print(render_alone(size, options.memory))
        return
    for speed in measure_speeds(SMALL, 2) if options.quick else measure_speeds():
        print(speed, flush=True)


if __name__ == "__main__":
    main()
