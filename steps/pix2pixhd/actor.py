"""The presenter as pix2pixHD renders her: landmarks in, frames out, in order, every core or the GPU busy.

On a processor, a small net's batches are rendered a core each, with one thread: threads inside torch would wait for each other
after every one of its small layers. A full-size net's frames are rendered one at a time by all cores together: that is as
quick, and two frames at once would take twice the memory. It is done in the caller's thread: glibc gives every other thread a
heap of at most 64 MB, and each larger tensor would be given pages to zero anew (82,000 a 1024x512 frame; in the main thread
none). On a GPU see `gpu`. Only a few batches are under way, so memory does not grow with the video.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from newsreel.media.encoder import VISUALLY_LOSSLESS, VISUALLY_LOSSLESS_GPU, Pixels, has_nvenc
from newsreel.runtime.host import available_cores, has_native_bfloat16, retain_freed_memory
from steps.pix2pixhd.colour import to_pixels
from steps.pix2pixhd.edges import Polylines, Size, draw_edges
from steps.pix2pixhd.gpu import GpuRenderer, for_gpu
from steps.pix2pixhd.quick import QuickGenerator
from steps.pix2pixhd.weights import load_generator

__all__ = ["Actor", "hire", "to_frames"]

BATCH = 4
"""Frames of a small net rendered at once; more is no quicker, and takes memory (25.0, 23.4, 23.1, 22.8 ms for 1, 2, 4, 8)."""
GPU_BATCH = 4
UNDER_WAY = 2
"""Batches a worker may be ahead of the encoder."""
FULL_SIZE_PARAMETERS = 30_000_000
"""Between the presenter's net of 1.4 million and the published ones of 182."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A presenter's generator, ready to render. `hire` makes one."""

    generator: nn.Module
    device: torch.device
    kind: torch.dtype
    workers: int
    workers_render: bool = False
    """Or do they only draw, and the GPU or all cores together render?"""
    batch: int
    settings: tuple[str, ...] = VISUALLY_LOSSLESS
    """The encoder's, and what pixels it is to be given."""
    pixels: Pixels = "rgb24"
    add_remark: str = ""
    """What a user should know of the way chosen."""
    pool: ThreadPoolExecutor = field(repr=False)

    def frames(self, landmarks: NDArray[np.float32], size: Size, body: Polylines = ()) -> Iterator[NDArray[np.uint8]]:
        """Render landmarks (T, 68, 2), pixels: batches (n, ...) uint8 in the layout of `pixels`, in order, T frames in all."""
        batches = [landmarks[start : start + self.batch] for start in range(0, len(landmarks), self.batch)]
        if self.workers_render:
            yield from self.in_order(partial(self.render, size=size, body=body), batches)
            return
        edges = self.in_order(partial(drawn, size=size, body=body), batches)
        if self.device.type == "cpu":
            yield from map(self.rendered, edges)
            return
        width, height = (size, size) if isinstance(size, int) else size
        yield from GpuRenderer(self.generator, self.device, self.batch, width, height, self.pixels).frames(edges)

    def in_order(self, work: "partial[NDArray[np.uint8]]", batches: list[NDArray[np.float32]]) -> Iterator[NDArray[np.uint8]]:
        """The workers' results in the batches' order, a few ahead of who asks."""
        under_way: deque[Future[NDArray[np.uint8]]] = deque()
        try:
            for batch in batches:
                under_way.append(self.pool.submit(work, batch))
                if len(under_way) == self.workers * UNDER_WAY:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def render(self, landmarks: NDArray[np.float32], size: Size, body: Polylines) -> NDArray[np.uint8]:
        """One batch of frames, drawn as edges and rendered by the processor."""
        return self.rendered(drawn(landmarks, size, body))

    def rendered(self, edges: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with torch.inference_mode():
            return to_frames(self.generator(torch.from_numpy(edges).permute(0, 3, 1, 2)))


@contextmanager
def hire(weights: Path, cores: int | None = None) -> Iterator[Actor]:
    """Load a generator for the best this machine can do. Raises BadWeights.

    A GPU renders in half precision; a processor that multiplies bfloat16 natively in that, any other in single precision.
    """
    threads, cores = torch.get_num_threads(), cores or available_cores()
    actor = on_gpu(weights, cores) if torch.cuda.is_available() else on_processor(weights, cores)
    retain_freed_memory()
    try:
        yield actor
    finally:
        actor.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def on_processor(weights: Path, cores: int) -> Actor:
    kind = torch.bfloat16 if has_native_bfloat16() else torch.float32
    generator = load_generator(weights)
    full_size = sum(weight.numel() for weight in generator.parameters()) >= FULL_SIZE_PARAMETERS
    workers, threads, batch = (1, cores, 1) if full_size else (cores, 1, BATCH)
    torch.set_num_threads(threads)
    return Actor(
        generator=QuickGenerator(generator, kind),
        device=torch.device("cpu"),
        kind=kind,
        workers=workers,
        workers_render=not full_size,
        batch=batch,
        pool=ThreadPoolExecutor(workers),
    )


def on_gpu(weights: Path, cores: int) -> Actor:
    """The GPU renders and, where it can, encodes; the processor draws."""
    device = torch.device("cuda")
    generator = for_gpu(load_generator(weights), device)
    torch.set_num_threads(1)
    nvenc = has_nvenc()
    return Actor(
        generator=generator,
        device=device,
        kind=next(generator.parameters()).dtype,
        workers=cores,
        batch=GPU_BATCH,
        settings=VISUALLY_LOSSLESS_GPU if nvenc else VISUALLY_LOSSLESS,
        pixels="nv12" if nvenc else "yuv444p",
        add_remark=""
        if nvenc
        else "ffmpeg cannot encode on this GPU (no h264_nvenc, or no driver for it); the processor encodes",
        pool=ThreadPoolExecutor(cores),
    )


def drawn(landmarks: NDArray[np.float32], size: Size, body: Polylines) -> NDArray[np.uint8]:
    return np.stack([draw_edges(points, size, body) for points in landmarks])


def to_frames(picture: torch.Tensor) -> NDArray[np.uint8]:
    """The net's output (N, 3, H, W), -1 ... 1, as (N, H, W, 3) uint8 on the processor."""
    frames: NDArray[np.uint8] = to_pixels(picture, "rgb24").cpu().numpy()
    return frames
