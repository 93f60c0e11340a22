"""The presenter as pix2pixHD renders her: landmarks in, frames out, in order, every core busy.

Each core renders batches of its own with one thread: threads inside torch would wait for each other after every one of the net's
small layers. Only a few batches are under way at a time, so memory does not grow with the video.
"""

import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from steps.pix2pixhd.edges import Polylines, draw_edges
from steps.pix2pixhd.generator import Generator
from steps.pix2pixhd.memory import keep_freed_memory
from steps.pix2pixhd.quick import QuickGenerator
from steps.pix2pixhd.weights import load_generator

__all__ = ["Actor", "hire", "to_frames"]

BATCH = 4
"""Frames rendered at once; more is no quicker and takes memory (measured: 25.0, 23.4, 23.1, 22.8 ms a frame for 1, 2, 4, 8)."""
UNDER_WAY = 2
"""Batches a worker may be ahead of the encoder."""


class Actor:
    """A presenter's generator, ready to render. `hire` makes one."""

    def __init__(self, generator: nn.Module, device: torch.device, kind: torch.dtype, workers: int) -> None:
        self.generator, self.device, self.kind = generator, device, kind
        self.workers = workers
        self.pool = ThreadPoolExecutor(workers)

    def frames(self, landmarks: NDArray[np.float32], size: int, body: Polylines = ()) -> Iterator[NDArray[np.uint8]]:
        """Render landmarks (T, 68, 2), pixels, in order: batches (n, size, size, 3) uint8 RGB that add up to T frames."""
        rendering: deque[Future[NDArray[np.uint8]]] = deque()
        try:
            for start in range(0, len(landmarks), BATCH):
                rendering.append(self.pool.submit(self.render, landmarks[start : start + BATCH], size, body))
                if len(rendering) == self.workers * UNDER_WAY:
                    yield rendering.popleft().result()
            while rendering:
                yield rendering.popleft().result()
        finally:
            for batch in rendering:
                batch.cancel()

    def render(self, landmarks: NDArray[np.float32], size: int, body: Polylines) -> NDArray[np.uint8]:
        """One batch of frames, drawn as edges and rendered."""
        edges = np.stack([draw_edges(points, size, body) for points in landmarks])
        with torch.inference_mode():
            encoding = torch.from_numpy(edges).to(self.device).permute(0, 3, 1, 2)
            encoding = encoding.to(self.kind, memory_format=torch.channels_last).div_(255)
            return to_frames(self.generator(encoding))


@contextmanager
def hire(weights: Path, cores: int | None = None) -> Iterator[Actor]:
    """Load a generator for the best this machine can do. Raises BadWeights.

    A GPU renders in half precision; a processor that multiplies bfloat16 natively in that, any other in single precision.
    """
    generator = load_generator(weights)
    if torch.cuda.is_available():
        actor = on_gpu(generator)
    else:
        kind = torch.bfloat16 if multiplies_bfloat16() else torch.float32
        actor = Actor(QuickGenerator(generator, kind), torch.device("cpu"), kind, cores or available_cores())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_freed_memory()
    try:
        yield actor
    finally:
        actor.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def on_gpu(generator: Generator) -> Actor:
    """Two workers: one draws edges and fetches frames while the other's batch is on the GPU."""
    device = torch.device("cuda")
    torch.backends.cudnn.benchmark = True
    halved = generator.half().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Actor(halved, device, torch.float16, workers=2)


def to_frames(picture: torch.Tensor) -> NDArray[np.uint8]:
    """The net's output (N, 3, H, W), -1 ... 1, as (N, H, W, 3) uint8: (x + 1) / 2 * 255, clipped and cut off as published."""
    levels = (picture.permute(0, 2, 3, 1).float() + 1).mul_(127.5).clamp_(0, 255).byte()
    frames: NDArray[np.uint8] = levels.contiguous().cpu().numpy()
    return frames


def multiplies_bfloat16() -> bool:
    """Whether the processor has AVX512-BF16 or AMX; where it has not, bfloat16 is emulated and slower than single precision."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def available_cores() -> int:
    """The cores this process may run on: a container's share, not the machine's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
