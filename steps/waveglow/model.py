"""waveglow for inference: noise becomes audio, flow by flow, conditioned on a mel spectrogram.

What is linear is multiplied out once, in fp64, when the weights are loaded:
- a layer's dilated convolution and its share of the condition layer are one product over [past, now, future, condition];
- a layer's skip output only ever passes the last convolution, so the two become one of a few columns;
- that and the residual for the next layer are one product.

Time lies in rows, channels side by side, so every product is a matrix product whatever the dilation.

Only the coupling's WaveNet is large, and its receptive field is 255 groups to either side; between flows there is only the audio
itself, one number per sample. So the flows are applied one after another to the whole audio, each in tiles of bounded size that
need only their own mel frames and neighbours: no seams, memory that does not grow with the length, all cores busy.

Sources: Prenger et al. 2018, section 2; van den Oord et al., "WaveNet", 2016; Kingma & Dhariwal, "Glow", 2018.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from newsreel.errors import BadInput
from steps.waveglow.architecture import Architecture

CPU_TILE_ROWS = 6144
"""Rows (groups of samples) of a tile on a CPU: its neighbours are 8 % more work, its scratch buffer stays in the cache."""
GPU_TILE_ROWS = 65536
OVERLAPPING_FRAMES = 4
"""Mel frames that each sample depends on: window / hop."""


@dataclass(frozen=True)
class PackedLinear:
    """rows (R, inputs) -> (R, outputs): rows @ weight + bias."""

    weight: Tensor
    """(outputs, inputs)"""
    bias: Tensor

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, dtype: torch.dtype, device: torch.device) -> "PackedLinear":
        return cls(weight.to(device, dtype).contiguous(), bias.to(device, dtype).contiguous())

    def __call__(self, rows: Tensor) -> Tensor:
        if rows.device.type != "cpu":
            return functional.linear(rows, self.weight, self.bias)
        # As a convolution, since torch gives single precision linear layers to MKL and convolutions to oneDNN (on an AMD
        # processor 95 and 220 GFLOPS a core); a single thread's 1x1 convolution only if it has a dilation, which has no effect.
        image = rows.view(1, len(rows), 1, -1).permute(0, 3, 1, 2)
        product = functional.conv2d(image, self.weight[:, :, None, None], self.bias, dilation=(2, 1))
        return product.permute(0, 2, 3, 1).reshape(len(rows), -1)


@dataclass(frozen=True)
class WaveNetLayer:
    dilation: int
    in_layer: PackedLinear
    """[one tap after another, condition] -> [filter, gate]"""
    res_skip_layer: PackedLinear
    """-> [added to the coupling's output, added to the next layer's input]; the last layer has only the first."""


@dataclass(frozen=True)
class AffineCoupling:
    """One flow: an affine coupling, whose WaveNet gives shift and log scale of one half of the channels from the other half and
    the conditions, and the inverse of the invertible 1x1 convolution."""

    architecture: Architecture
    width: int
    """Channels of the flow."""
    start: PackedLinear
    layers: tuple[WaveNetLayer, ...]
    output_bias: Tensor
    """(width,): the WaveNet's output before any layer adds to it."""
    inverse_1x1_convolution: Tensor
    """(width, width) fp32, transposed for rows."""

    def shift_and_log_scale(self, half: Tensor, conditions: Tensor, scratch: Tensor) -> tuple[Tensor, Tensor]:
        """Run the WaveNet.

        Args:
            half: the unchanged half of the channels (R, width / 2). Outside the rows it is zero, as outside the audio.
            conditions: upsampled mel spectrogram (R, condition_channels).
            scratch: buffer (at least R, `scratch_width`); its content is overwritten.

        Returns shift and log scale, fp32, each (R, width / 2).
        """
        channels, taps = self.architecture.n_channels, self.architecture.kernel_size
        rows = scratch[: len(half)]
        rows[:, taps * channels :] = conditions
        output = self.output_bias.repeat(len(half), 1)
        hidden = self.start(half.to(scratch.dtype))
        for layer in self.layers:
            for tap in range(taps):
                copy_shifted(rows[:, tap * channels : (tap + 1) * channels], hidden, (tap - taps // 2) * layer.dilation)
            gates = layer.in_layer(rows)
            gates[:, :channels].tanh_()
            result = layer.res_skip_layer(functional.glu(gates, dim=1))
            output += result[:, : self.width]
            if layer is not self.layers[-1]:
                hidden += result[:, self.width :]
        return output[:, : self.width // 2], output[:, self.width // 2 :]


class WaveGlow:
    """A waveglow whose large products are computed in `dtype`; everything between them is fp32."""

    def __init__(
        self, architecture: Architecture, upsample: PackedLinear, couplings: Sequence[AffineCoupling], dtype: torch.dtype
    ) -> None:
        self.architecture, self.dtype, self.upsample, self.couplings = architecture, dtype, upsample, couplings
        self.device = upsample.weight.device
        self.tile_rows = CPU_TILE_ROWS if self.device.type == "cpu" else GPU_TILE_ROWS

    @torch.no_grad()
    def infer(
        self,
        mel: Tensor,
        sigma: float | None = None,
        noise: Tensor | Sequence[Tensor] | None = None,
        seed: int | None = None,
    ) -> Tensor:
        """Audio (N, T * hop), fp32, full scale 1, of log mel spectrograms.

        Args:
            mel: (N, mels, T).
            sigma: standard deviation of the noise, by default the published net's (`Architecture.sigma`).
            noise: standard normal, in the order in which the published net draws it: (N, 4, L), then (N, 2, L) for each early
                output, with L = T * hop / group; or those side by side as (N, 8, L). Drawn from `seed` if None.
            seed: of the noise; random if None.

        Raises BadInput for other shapes.
        """
        mels, hop = self.architecture.n_mel_channels, self.architecture.hop
        if mel.ndim != 3 or mel.shape[1] != mels or not mel.shape[2]:
            raise BadInput(f"mel spectrograms are {tuple(mel.shape)}; waveglow takes (N, {mels}, frames)")
        groups = mel.shape[2] * hop // self.architecture.n_group
        state = self.arrange_noise(len(mel), groups, noise, seed).mul_(self.architecture.sigma if sigma is None else sigma)
        for audio, spectrogram in zip(state, mel, strict=True):
            self.run_flows(audio, spectrogram.to(self.device, torch.float32))
        return state.flatten(1)

    def arrange_noise(self, items: int, groups: int, given: Tensor | Sequence[Tensor] | None, seed: int | None) -> Tensor:
        """Standard normal noise (N, L, group): the channels drawn first come last, where the last flow reads them."""
        widths = self.architecture.noise_channels
        if given is None:
            generator = torch.Generator()
            generator.manual_seed(seed) if seed is not None else generator.seed()
            given = [torch.randn(items, width, groups, generator=generator) for width in widths]
        whole = isinstance(given, Tensor) and given.ndim == 3 and given.shape[1] == sum(widths)
        parts = torch.split(given, widths, dim=1) if isinstance(given, Tensor) and whole else [*given]
        if [tuple(part.shape) for part in parts] != [(items, width, groups) for width in widths]:
            raise BadInput(f"noise is {[tuple(part.shape) for part in parts]}; it must be {items} x {widths} x {groups}")
        state = torch.cat([part.to(self.device, torch.float32) for part in reversed(parts)], dim=1)
        return state.transpose(1, 2).contiguous()

    def run_flows(self, audio: Tensor, mel: Tensor) -> None:
        """Turn one item's noise (L, group) into audio in place; mel is (mels, T)."""
        on_cpu = self.device.type == "cpu"
        tiles = split_into_tiles(len(audio), self.tile_rows, torch.get_num_threads() if on_cpu else 1)
        with worker_pool(len(tiles) if on_cpu else 1) as pool:
            for coupling in reversed(self.couplings):
                active = audio[:, self.architecture.n_group - coupling.width :]
                for _ in pool.map(lambda tile, at=active, by=coupling: self.invert_coupling(by, at, mel, tile), tiles):
                    pass
                active.copy_(active @ coupling.inverse_1x1_convolution)

    @torch.no_grad()
    def invert_coupling(self, coupling: AffineCoupling, active: Tensor, mel: Tensor, tile: range) -> None:
        """Invert the affine coupling in the rows of a tile. The half that is read is not written, so tiles are independent."""
        radius = self.architecture.receptive_radius
        near = range(max(tile.start - radius, 0), min(tile.stop + radius, len(active)))
        half = coupling.width // 2
        scratch = torch.empty(len(near), scratch_width(self.architecture), dtype=self.dtype, device=self.device)
        conditions = self.conditions(mel, near)
        shift, log_scale = coupling.shift_and_log_scale(active[near.start : near.stop, :half], conditions, scratch)
        inside = slice(tile.start - near.start, tile.stop - near.start)
        coupled = active[tile.start : tile.stop, half:]
        coupled.sub_(shift[inside]).mul_(log_scale[inside].neg().exp_())

    def conditions(self, mel: Tensor, rows: range) -> Tensor:
        """The upsampled mel spectrogram of some rows, (rows, condition_channels): each frame and the three before it, spread."""
        groups = self.architecture.hop // self.architecture.n_group
        frames = range(rows.start // groups, -(-rows.stop // groups))
        first = max(frames.start - OVERLAPPING_FRAMES + 1, 0)
        near = functional.pad(mel[:, first : frames.stop], (OVERLAPPING_FRAMES - 1 - (frames.start - first), 0))
        windows = near.unfold(1, OVERLAPPING_FRAMES, 1).permute(1, 2, 0).reshape(len(frames), -1)
        spread = self.upsample(windows).view(len(frames) * groups, -1)
        return spread[rows.start - frames.start * groups :][: len(rows)]


def fold_flow(
    architecture: Architecture, tensors: Mapping[str, Tensor], dtype: torch.dtype, device: torch.device
) -> AffineCoupling:
    """Fold one flow from its tensors in fp64 (`steps.waveglow.weights.pop_flow_tensors`): products in `dtype`, the rest fp32."""
    channels, width = architecture.n_channels, len(tensors["invertible_1x1_convolution"])
    end = tensors["end.weight"][:, :, 0]
    layers = []
    for layer in range(architecture.n_layers):
        share = slice(layer * 2 * channels, (layer + 1) * 2 * channels)
        taps = tensors[f"in_layers.{layer}.weight"].permute(0, 2, 1).flatten(1)
        gates = torch.cat([taps, tensors["cond_layer.weight"][share, :, 0]], dim=1)
        gates_bias = tensors[f"in_layers.{layer}.bias"] + tensors["cond_layer.bias"][share]
        # Rows of the published layer: first the residual, then the skip output.
        weight, bias = tensors[f"res_skip_layers.{layer}.weight"][:, :, 0], tensors[f"res_skip_layers.{layer}.bias"]
        result = torch.cat([end @ weight[-channels:], weight[:-channels]])
        result_bias = torch.cat([end @ bias[-channels:], bias[:-channels]])
        layers.append(
            WaveNetLayer(
                architecture.dilation(layer),
                PackedLinear.of(gates, gates_bias, dtype, device),
                PackedLinear.of(result, result_bias, dtype, device),
            )
        )
    return AffineCoupling(
        architecture,
        width,
        PackedLinear.of(tensors["start.weight"][:, :, 0], tensors["start.bias"], dtype, device),
        tuple(layers),
        tensors["end.bias"].to(device, torch.float32),
        tensors["invertible_1x1_convolution"][:, :, 0].inverse().T.to(device, torch.float32).contiguous(),
    )


def fold_upsampling(architecture: Architecture, state: Mapping[str, Tensor], device: torch.device) -> PackedLinear:
    """The transposed convolution as a product: four frames, oldest first, to a hop of samples, in groups as the audio is.

    fp32 whatever the net's dtype: log magnitudes reach -11.5, where bfloat16 has steps of 0.06.
    """
    mels, groups = architecture.n_mel_channels, architecture.hop // architecture.n_group
    # from, to, frames ago, group, place in the group
    weight = state["upsample.weight"].view(mels, mels, OVERLAPPING_FRAMES, -1, architecture.n_group)
    product = weight.permute(3, 1, 4, 2, 0).flip(3).reshape(architecture.hop * mels, OVERLAPPING_FRAMES * mels)
    bias = state["upsample.bias"][None, :, None].expand(groups, mels, architecture.n_group).flatten()
    return PackedLinear.of(product, bias, torch.float32, device)


def scratch_width(architecture: Architecture) -> int:
    return architecture.kernel_size * architecture.n_channels + architecture.condition_channels


def copy_shifted(target: Tensor, rows: Tensor, shift: int) -> None:
    """target[t] = rows[t + shift], zero where there is no such row."""
    offset = min(abs(shift), len(rows))
    if shift > 0:
        target[: len(rows) - offset] = rows[offset:]
        target[len(rows) - offset :] = 0
    else:
        target[offset:] = rows[: len(rows) - offset]
        target[:offset] = 0


def split_into_tiles(rows: int, max_rows: int, workers: int) -> list[range]:
    """Even tiles of at most `max_rows` rows: a multiple of the workers, all busy to the end, except for short audio."""
    count = -(-rows // max_rows)
    count = -(-count // workers) * workers if rows > workers * 512 else count
    edges = [rows * number // count for number in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(edges)]


@contextmanager
def worker_pool(max_workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads for a tile each, with one thread inside torch: its small operations would wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(min(max_workers, threads)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)
