"""Rendering: landmarks to the presenter's frames, in order, on all CPU cores or on a GPU; a few batches at a time.

CPU: batches of a small net run in parallel, one core and one thread each, since threads inside torch would wait for each other
after every one of its small layers. Frames of a full-size net run one at a time on all cores: that is as fast, and two frames at
once would take twice the memory. They run in the caller's thread: glibc gives every other thread a heap of at most 64 MB, so
that each larger tensor would get pages to zero again (82,000 for a 1024x512 frame; in the main thread none).

GPU: half precision in channels_last, one CUDA graph a batch. While the GPU renders a batch, the CPU draws the next batch's edges
and the encoder takes the previous batch's bytes (double buffering, with page-locked host memory). A graph is captured once for a
size, so a batch costs one launch instead of one for each of a hundred layers, and allocates nothing. Colours are converted on the
GPU: 1.5 bytes a pixel to download instead of 12, and no conversion on the CPU that feeds the encoder. On a device without graphs,
such as the CPU in the tests, the same work runs layer by layer.

Colours: ITU-R BT.709-6, sections 3 and 4; location of H.264's chroma samples: ITU-T H.264, figure E-1, type 0.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from newsreel.media.encoder import VISUALLY_LOSSLESS, VISUALLY_LOSSLESS_GPU, Pixels, has_nvenc
from newsreel.runtime.host import available_cores, has_native_bfloat16, retain_freed_memory
from steps.pix2pixhd.encoding import Polylines, Size, draw_edges
from steps.pix2pixhd.optimized_generator import OptimizedGenerator
from steps.pix2pixhd.weights import load_generator

LUMA_RED, LUMA_BLUE = 0.2126, 0.0722
"""Coefficients of BT.709's luma."""
LUMA_RANGE, CHROMA_RANGE = (16, 219), (128, 224)
"""Offset and range of 8-bit levels."""
CHROMA_KERNEL = ((1, 2, 1), (1, 2, 1))
"""In eighths, over 2x3 pixels: a chroma sample lies on an even column, between two rows."""


def to_levels(picture: Tensor) -> Tensor:
    """The net's output, -1 ... 1, as 8-bit levels: (x + 1) / 2 * 255, clipped and truncated as published."""
    return (picture.float() + 1).mul_(127.5).clamp_(0, 255).byte()


def to_pixels(picture: Tensor, pixels: Pixels) -> Tensor:
    """The net's output (N, 3, H, W), -1 ... 1, as uint8 in an encoder's layout, contiguous, on the same device.

    rgb24: (N, H, W, 3); yuv444p: (N, 3, H, W); yuv420p and nv12: (N, H * 3 / 2, W), for which H and W must be even.
    """
    levels = to_levels(picture)
    if pixels == "rgb24":
        return levels.permute(0, 2, 3, 1).contiguous()
    luma, chroma = to_luma_and_chroma(levels)
    if pixels == "yuv444p":
        return round_to_bytes(torch.cat([luma, chroma], 1))
    count, _, height, width = luma.shape
    sparse = subsample_chroma(chroma)
    if pixels == "nv12":
        sparse = sparse.permute(0, 2, 3, 1)
    return round_to_bytes(torch.cat([luma.reshape(count, height, width), sparse.reshape(count, height // 2, width)], 1))


def to_luma_and_chroma(levels: Tensor) -> tuple[Tensor, Tensor]:
    """8-bit RGB levels (N, 3, H, W) to Y (N, 1, H, W) and Cb, Cr (N, 2, H, W), limited range, not rounded."""
    red, green, blue = (levels / 255).chunk(3, 1)
    luma = LUMA_RED * red + (1 - LUMA_RED - LUMA_BLUE) * green + LUMA_BLUE * blue
    differences = torch.cat([(blue - luma) / (2 - 2 * LUMA_BLUE), (red - luma) / (2 - 2 * LUMA_RED)], 1)
    return LUMA_RANGE[0] + LUMA_RANGE[1] * luma, CHROMA_RANGE[0] + CHROMA_RANGE[1] * differences


def subsample_chroma(chroma: Tensor) -> Tensor:
    """(N, 2, H, W) to (N, 2, H / 2, W / 2)."""
    kernel = torch.tensor(CHROMA_KERNEL, dtype=chroma.dtype, device=chroma.device).div_(8).expand(2, 1, 2, 3)
    return conv2d(pad(chroma, (1, 0, 0, 0), mode="replicate"), kernel, stride=2, groups=2)


def round_to_bytes(levels: Tensor) -> Tensor:
    return levels.add_(0.5).byte().contiguous()


SLOTS = 2
WARMUP_RUNS = 3
"""Runs before a graph is captured, in which cuDNN chooses its algorithms (PyTorch's notes on CUDA semantics)."""


def prepare_for_gpu(generator: nn.Module, device: torch.device) -> nn.Module:
    """Move the generator to a device, for inference: in half precision on a GPU, else in single precision."""
    torch.backends.cudnn.benchmark = True
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    return generator.eval().requires_grad_(False).to(device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class Slot:
    """Buffers of one batch on host and device: edges (N, H, W, 3) uint8 go in, pixels come out."""

    host_edges: Tensor
    edges: Tensor
    pixels: Tensor
    host_pixels: Tensor
    run: Callable[[], object]
    """Renders `edges` into `pixels`."""
    done: torch.cuda.Event | None


class GpuRenderer:
    """Renders batches of one size. Build one for a whole video: capturing the graphs takes some seconds."""

    def __init__(self, generator: nn.Module, device: torch.device, batch: int, width: int, height: int, pixels: Pixels) -> None:
        self.generator, self.device, self.pixels, self.batch = generator, device, pixels, batch
        self.dtype = next(generator.parameters()).dtype
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self.memory = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        if self.stream is not None:  # the weights are still being copied on another stream
            torch.cuda.synchronize(device)
        self.slots = deque(self.make_slot(width, height) for _ in range(SLOTS))

    def frames(self, edges: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        """Batches of edges (n, H, W, 3), n at most `batch`, to their pixels (n, ...), in order."""
        pending: deque[tuple[Slot, int]] = deque()
        for batch in edges:
            if len(pending) == SLOTS:
                yield download(*pending.popleft())
            pending.append((self.submit(batch), len(batch)))
        while pending:
            yield download(*pending.popleft())

    def submit(self, batch: NDArray[np.uint8]) -> Slot:
        """Start rendering a batch; a smaller one leaves the rest of its slot unchanged."""
        slot = self.slots[0]
        self.slots.rotate(-1)
        with torch.inference_mode(), torch.cuda.stream(self.stream):
            slot.host_edges[: len(batch)].copy_(torch.from_numpy(batch))
            slot.edges.copy_(slot.host_edges, non_blocking=True)
            slot.run()
            slot.host_pixels.copy_(slot.pixels, non_blocking=True)
            if slot.done is not None:
                slot.done.record()
        return slot

    def make_slot(self, width: int, height: int) -> Slot:
        on_gpu = self.stream is not None
        with torch.inference_mode(), torch.cuda.stream(self.stream):
            edges = torch.zeros(self.batch, height, width, 3, dtype=torch.uint8, device=self.device)
            for _ in range(WARMUP_RUNS if on_gpu else 1):
                pixels = self.render(edges)
            if on_gpu:
                torch.cuda.synchronize(self.device)
                run = self.capture(edges, pixels)
            else:

                def run() -> object:
                    return pixels.copy_(self.render(edges))

            return Slot(
                host_edges=torch.zeros(edges.shape, dtype=torch.uint8, pin_memory=on_gpu),
                edges=edges,
                pixels=pixels,
                host_pixels=torch.zeros(pixels.shape, dtype=torch.uint8, pin_memory=on_gpu),
                run=run,
                done=torch.cuda.Event() if on_gpu else None,  # type: ignore[no-untyped-call]
            )

    def capture(self, edges: Tensor, pixels: Tensor) -> Callable[[], object]:
        """Capture a CUDA graph. The slots' graphs never run at once, so they share one memory pool."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.memory, stream=self.stream):
            pixels.copy_(self.render(edges))
        return graph.replay

    def render(self, edges: Tensor) -> Tensor:
        encoding = edges.permute(0, 3, 1, 2).to(self.dtype, memory_format=torch.channels_last).div_(255)
        return to_pixels(self.generator(encoding), self.pixels)


def download(slot: Slot, count: int) -> NDArray[np.uint8]:
    if slot.done is not None:
        slot.done.synchronize()
    pixels: NDArray[np.uint8] = slot.host_pixels[:count].numpy().copy()  # the slot's buffer is reused for the batch after next
    return pixels


BATCH = 4
"""Frames a batch of a small net; more is hardly faster and takes memory (25.0, 23.4, 23.1, 22.8 ms a frame for 1, 2, 4, 8)."""
GPU_BATCH = 4
MAX_BATCHES_AHEAD = 2
"""Batches that each worker may be ahead of the encoder."""
LARGE_NET_PARAMETERS = 30_000_000
"""Between the small net's 1.4 million and the published nets' 182 million."""


@dataclass(frozen=True, kw_only=True)
class FrameRenderer:
    """A presenter's generator, loaded for this machine's CPU or GPU; see `open_renderer`."""

    generator: nn.Module
    device: torch.device
    dtype: torch.dtype
    workers: int
    parallel: bool = False
    """Whether each worker renders batches of its own; else workers only draw edges."""
    batch: int
    encoder_options: tuple[str, ...] = VISUALLY_LOSSLESS
    pixels: Pixels = "rgb24"
    """Pixel format of the frames, which the encoder is given."""
    remark: str = ""
    """For the log: why a slower way was chosen."""
    pool: ThreadPoolExecutor = field(repr=False)

    def frames(self, landmarks: NDArray[np.float32], size: Size, body: Polylines = ()) -> Iterator[NDArray[np.uint8]]:
        """Render landmarks (T, 68, 2), pixels: batches (n, ...) uint8 in the layout of `pixels`, in order, T frames in all."""
        batches = [landmarks[start : start + self.batch] for start in range(0, len(landmarks), self.batch)]
        if self.parallel:
            yield from self.map_in_order(partial(self.render, size=size, body=body), batches)
            return
        edges = self.map_in_order(partial(draw_batch, size=size, body=body), batches)
        if self.device.type == "cpu":
            yield from map(self.generate, edges)
            return
        width, height = (size, size) if isinstance(size, int) else size
        yield from GpuRenderer(self.generator, self.device, self.batch, width, height, self.pixels).frames(edges)

    def map_in_order(self, work: "partial[NDArray[np.uint8]]", batches: list[NDArray[np.float32]]) -> Iterator[NDArray[np.uint8]]:
        """Results of `work` in the order of the batches, a few ahead of the consumer."""
        pending: deque[Future[NDArray[np.uint8]]] = deque()
        try:
            for batch in batches:
                pending.append(self.pool.submit(work, batch))
                if len(pending) == self.workers * MAX_BATCHES_AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def render(self, landmarks: NDArray[np.float32], size: Size, body: Polylines) -> NDArray[np.uint8]:
        """One batch of frames on the CPU: edges drawn, then the generator."""
        return self.generate(draw_batch(landmarks, size, body))

    def generate(self, edges: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with torch.inference_mode():
            return to_frames(self.generator(torch.from_numpy(edges).permute(0, 3, 1, 2)))


@contextmanager
def open_renderer(weights: Path, cores: int | None = None) -> Iterator[FrameRenderer]:
    """Load a generator for the fastest device of this machine. Raises BadWeights.

    Precision: float16 on a GPU, bfloat16 on a CPU that multiplies it natively, else float32.
    """
    threads, cores = torch.get_num_threads(), cores or available_cores()
    renderer = gpu_renderer(weights, cores) if torch.cuda.is_available() else cpu_renderer(weights, cores)
    retain_freed_memory()
    try:
        yield renderer
    finally:
        renderer.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def cpu_renderer(weights: Path, cores: int) -> FrameRenderer:
    dtype = torch.bfloat16 if has_native_bfloat16() else torch.float32
    generator = load_generator(weights)
    full_size = sum(weight.numel() for weight in generator.parameters()) >= LARGE_NET_PARAMETERS
    workers, threads, batch = (1, cores, 1) if full_size else (cores, 1, BATCH)
    torch.set_num_threads(threads)
    return FrameRenderer(
        generator=OptimizedGenerator(generator, dtype),
        device=torch.device("cpu"),
        dtype=dtype,
        workers=workers,
        parallel=not full_size,
        batch=batch,
        pool=ThreadPoolExecutor(workers),
    )


def gpu_renderer(weights: Path, cores: int) -> FrameRenderer:
    """The GPU renders and, where it has NVENC, encodes; the CPU draws the edges."""
    device = torch.device("cuda")
    generator = prepare_for_gpu(load_generator(weights), device)
    torch.set_num_threads(1)
    nvenc = has_nvenc()
    return FrameRenderer(
        generator=generator,
        device=device,
        dtype=next(generator.parameters()).dtype,
        workers=cores,
        batch=GPU_BATCH,
        encoder_options=VISUALLY_LOSSLESS_GPU if nvenc else VISUALLY_LOSSLESS,
        pixels="nv12" if nvenc else "yuv444p",
        remark="" if nvenc else "ffmpeg cannot encode on this GPU (no h264_nvenc, or no driver for it); the CPU encodes",
        pool=ThreadPoolExecutor(cores),
    )


def draw_batch(landmarks: NDArray[np.float32], size: Size, body: Polylines) -> NDArray[np.uint8]:
    return np.stack([draw_edges(points, size, body) for points in landmarks])


def to_frames(picture: torch.Tensor) -> NDArray[np.uint8]:
    """The net's output (N, 3, H, W), -1 ... 1, as (N, H, W, 3) uint8 on the CPU."""
    frames: NDArray[np.uint8] = to_pixels(picture, "rgb24").cpu().numpy()
    return frames
