"""waveglow for inference: noise, flow by flow, becomes sound under a mel spectrogram.

Only the coupling's net is large, and it reaches 255 groups to either side; what goes from flow to flow is the sound itself, one
number a sample. So the flows are worked through one after another over the whole sound, each in tiles of bounded size that need
nothing but their own mel frames and neighbours: no seam, no memory that grows with the length, all cores busy.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor

from newsreel.errors import BadInput
from steps.waveglow.architecture import Architecture
from steps.waveglow.coupling import Coupling, Product, desk_width

__all__ = ["WaveGlow", "upsampling"]

TILE = 6144
"""Rows (groups of samples) of a tile on a processor: its neighbours are 8 % more work, its desk stays in the cache."""
TILE_ON_GPU = 65536
OVERLAP = 4
"""Mel frames that sound at the same time: window / hop."""


class WaveGlow:
    """A waveglow whose large products are computed in `kind`; what lies between them is fp32."""

    def __init__(self, net: Architecture, upsampling: Product, couplings: Sequence[Coupling], kind: torch.dtype) -> None:
        self.net, self.kind, self.upsampling, self.couplings = net, kind, upsampling, couplings
        self.device = upsampling.weight.device
        self.tile = TILE if self.device.type == "cpu" else TILE_ON_GPU

    @torch.no_grad()
    def infer(
        self,
        mel: Tensor,
        sigma: float | None = None,
        noise: Tensor | Sequence[Tensor] | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """The sound (N, T * hop), fp32, full scale 1, of log mel spectrograms (N, mels, T).

        `sigma` is the noise's standard deviation, by default the published net's (`Architecture.sigma`). `noise` is standard
        normal, in the order in which the published net draws it: (N, 4, L), then (N, 2, L) for each early output, with L = T *
        hop / group; or those side by side as (N, 8, L). Without it, `seed` makes it. Raises BadInput for other shapes.
        """
        if mel.ndim != 3 or mel.shape[1] != self.net.mels or not mel.shape[2]:
            raise BadInput(f"mel spectrograms are {tuple(mel.shape)}; waveglow takes (N, {self.net.mels}, frames)")
        groups = mel.shape[2] * self.net.hop // self.net.group
        state = self.noise(len(mel), groups, noise, seed).mul_(self.net.sigma if sigma is None else sigma)
        for sound, spectrogram in zip(state, mel, strict=True):
            self.refine(sound, spectrogram.to(self.device, torch.float32))
        return state.flatten(1)

    def noise(self, items: int, groups: int, given: Tensor | Sequence[Tensor] | None, seed: int | None) -> Tensor:
        """Standard normal noise (N, L, group): the channels drawn first lie last, where the last flow finds them."""
        widths = self.net.noise_widths
        if given is None:
            chance = torch.Generator()
            chance.manual_seed(seed) if seed is not None else chance.seed()
            given = [torch.randn(items, width, groups, generator=chance) for width in widths]
        whole = isinstance(given, Tensor) and given.ndim == 3 and given.shape[1] == sum(widths)
        drawn = torch.split(given, widths, dim=1) if isinstance(given, Tensor) and whole else [*given]
        if [tuple(part.shape) for part in drawn] != [(items, width, groups) for width in widths]:
            raise BadInput(f"noise is {[tuple(part.shape) for part in drawn]}; it must be {items} x {widths} x {groups}")
        state = torch.cat([part.to(self.device, torch.float32) for part in reversed(drawn)], dim=1)
        return state.transpose(1, 2).contiguous()

    def refine(self, sound: Tensor, mel: Tensor) -> None:
        """Turn one item's noise (L, group) into its sound in place; mel is (mels, T)."""
        tiles = tiles_of(len(sound), self.tile, torch.get_num_threads() if self.device.type == "cpu" else 1)
        with workers(len(tiles) if self.device.type == "cpu" else 1) as pool:
            for coupling in reversed(self.couplings):
                active = sound[:, self.net.group - coupling.width :]
                for _ in pool.map(lambda tile, at=active, by=coupling: self.decouple(by, at, mel, tile), tiles):
                    pass
                active.copy_(active @ coupling.unmixing)

    @torch.no_grad()
    def decouple(self, coupling: Coupling, active: Tensor, mel: Tensor, tile: range) -> None:
        """Undo the affine coupling in the rows of a tile. The half that is read is not written, so tiles do not wait."""
        near = range(max(tile.start - self.net.reach, 0), min(tile.stop + self.net.reach, len(active)))
        half = coupling.width // 2
        desk = torch.empty(len(near), desk_width(self.net), dtype=self.kind, device=self.device)
        shift, scale = coupling.shifts_and_scales(active[near.start : near.stop, :half], self.conditions(mel, near), desk)
        inside = slice(tile.start - near.start, tile.stop - near.start)
        coupled = active[tile.start : tile.stop, half:]
        coupled.sub_(shift[inside]).mul_(scale[inside].neg().exp_())

    def conditions(self, mel: Tensor, rows: range) -> Tensor:
        """The upsampled mel spectrogram of some rows, (rows, conditions): each frame and the three before it, spread out."""
        groups = self.net.hop // self.net.group
        frames = range(rows.start // groups, -(-rows.stop // groups))
        first = max(frames.start - OVERLAP + 1, 0)
        near = torch.nn.functional.pad(mel[:, first : frames.stop], (OVERLAP - 1 - (frames.start - first), 0))
        windows = near.unfold(1, OVERLAP, 1).permute(1, 2, 0).reshape(len(frames), -1)
        spread = self.upsampling(windows).view(len(frames) * groups, -1)
        return spread[rows.start - frames.start * groups :][: len(rows)]


def upsampling(net: Architecture, state: Mapping[str, Tensor], device: torch.device) -> Product:
    """The transposed convolution as a product: OVERLAP frames, oldest first, to a hop of samples, in groups as the sound is.

    fp32 whatever the net's kind: log magnitudes reach -11.5, where bfloat16 has steps of 0.06.
    """
    weight = state["upsample.weight"].view(net.mels, net.mels, OVERLAP, -1, net.group)  # from, to, frames ago, group, place
    product = weight.permute(3, 1, 4, 2, 0).flip(3).reshape(net.hop * net.mels, OVERLAP * net.mels)
    bias = state["upsample.bias"][None, :, None].expand(net.hop // net.group, net.mels, net.group).flatten()
    return Product.of(product, bias, torch.float32, device)


def tiles_of(rows: int, most: int, workers: int) -> list[range]:
    """Even tiles of at most `most` rows: as many as make all workers busy to the end, but for the shortest sounds."""
    count = -(-rows // most)
    count = -(-count // workers) * workers if rows > workers * 512 else count
    edges = [rows * number // count for number in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(edges)]


@contextmanager
def workers(most: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that work on a tile each, with one thread inside torch: its small operations would wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(min(most, threads)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)
