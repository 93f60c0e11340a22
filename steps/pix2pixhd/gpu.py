"""Rendering on a GPU: half precision in channels_last, one CUDA graph a batch, and nobody waits.

While the GPU renders a batch the processor draws the next one's edges and the encoder takes the last one's bytes: two slots,
each with page-locked memory on the processor's side and buffers of its own on the device, take turns. A graph is captured once
for a size, so a batch costs one launch instead of one for each of a hundred layers, and allocates nothing. Colours are
converted on the GPU (`colour`). On a device without graphs, such as the processor in the tests, the very same work is run
layer by layer.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from newsreel.media.encoder import Pixels
from steps.pix2pixhd.colour import to_pixels

__all__ = ["GpuRenderer", "for_gpu"]

SLOTS = 2
WARM_UPS = 3
"""Runs before a graph is captured: cuDNN chooses its algorithms in them (torch's notes on CUDA semantics)."""


def for_gpu(generator: nn.Module, device: torch.device) -> nn.Module:
    """The generator on a device, in what it computes quickest there; half precision only where there is hardware for it."""
    torch.backends.cudnn.benchmark = True
    kind = torch.float16 if device.type == "cuda" else torch.float32
    return generator.eval().requires_grad_(False).to(device, kind).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class Slot:
    """A batch's way: edges (N, H, W, 3) uint8 to the device, rendered, its pixels back."""

    drawn: Tensor
    edges: Tensor
    rendered: Tensor
    pixels: Tensor
    run: Callable[[], object]
    """Renders `edges` into `rendered`."""
    done: torch.cuda.Event | None


class GpuRenderer:
    """Renders batches of one size. Build it once for a video: capturing takes some seconds."""

    def __init__(self, generator: nn.Module, device: torch.device, batch: int, width: int, height: int, pixels: Pixels) -> None:
        self.generator, self.device, self.pixels, self.batch = generator, device, pixels, batch
        self.kind = next(generator.parameters()).dtype
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self.memory = torch.cuda.graph_pool_handle() if device.type == "cuda" else None
        if self.stream is not None:  # the weights are on their way on another
            torch.cuda.synchronize(device)
        self.slots = deque(self.slot(width, height) for _ in range(SLOTS))

    def frames(self, edges: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        """Batches of edges (n, H, W, 3), n at most `batch`, to their pixels (n, ...), in order."""
        under_way: deque[tuple[Slot, int]] = deque()
        for drawn in edges:
            if len(under_way) == SLOTS:
                yield fetch(*under_way.popleft())
            under_way.append((self.send(drawn), len(drawn)))
        while under_way:
            yield fetch(*under_way.popleft())

    def send(self, drawn: NDArray[np.uint8]) -> Slot:
        """Put a batch on its way; a smaller one leaves the rest of its slot as it was."""
        slot = self.slots[0]
        self.slots.rotate(-1)
        with torch.inference_mode(), torch.cuda.stream(self.stream):
            slot.drawn[: len(drawn)].copy_(torch.from_numpy(drawn))
            slot.edges.copy_(slot.drawn, non_blocking=True)
            slot.run()
            slot.pixels.copy_(slot.rendered, non_blocking=True)
            if slot.done is not None:
                slot.done.record()
        return slot

    def slot(self, width: int, height: int) -> Slot:
        on_gpu = self.stream is not None
        with torch.inference_mode(), torch.cuda.stream(self.stream):
            edges = torch.zeros(self.batch, height, width, 3, dtype=torch.uint8, device=self.device)
            for _ in range(WARM_UPS if on_gpu else 1):
                rendered = self.render(edges)
            if on_gpu:
                torch.cuda.synchronize(self.device)
                run = self.capture(edges, rendered)
            else:

                def run() -> object:
                    return rendered.copy_(self.render(edges))

            return Slot(
                drawn=torch.zeros(edges.shape, dtype=torch.uint8, pin_memory=on_gpu),
                edges=edges,
                rendered=rendered,
                pixels=torch.zeros(rendered.shape, dtype=torch.uint8, pin_memory=on_gpu),
                run=run,
                done=torch.cuda.Event() if on_gpu else None,  # type: ignore[no-untyped-call]
            )

    def capture(self, edges: Tensor, rendered: Tensor) -> Callable[[], object]:
        """The slots' graphs never run at once, so they share the memory between their layers."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.memory, stream=self.stream):
            rendered.copy_(self.render(edges))
        return graph.replay

    def render(self, edges: Tensor) -> Tensor:
        encoding = edges.permute(0, 3, 1, 2).to(self.kind, memory_format=torch.channels_last).div_(255)
        return to_pixels(self.generator(encoding), self.pixels)


def fetch(slot: Slot, count: int) -> NDArray[np.uint8]:
    if slot.done is not None:
        slot.done.synchronize()
    pixels: NDArray[np.uint8] = slot.pixels[:count].numpy().copy()  # the slot takes the next batch but one
    return pixels
