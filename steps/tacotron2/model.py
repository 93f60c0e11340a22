"""tacotron2: symbols to mel spectrograms.

Source: Shen et al., "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions", 2018. A mel is log magnitude,
natural logarithm of at least 1e-5, 22,050 Hz, a frame every 256 samples, 80 channels from 0 to 8,000 Hz.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from newsreel.errors import BadInput
from steps.tacotron2.architecture import Architecture
from steps.tacotron2.arranged import arrange
from steps.tacotron2.decoder import LANES, Lanes, width_for
from steps.tacotron2.layers import Decoder, Encoder, Postnet, without_norms
from steps.tacotron2.masks import drawn, multipliers

__all__ = ["LIMIT", "QuickTacotron2", "Tacotron2", "Utterance"]

LIMIT = 1000
"""Frames after which a sentence that has not ended is cut off, as published: 11.6 s."""
LOOKS = {"cpu": 1, "cuda": 16}
"""Frames between two looks whether all sentences have ended; on a GPU a look stops the queue."""


@dataclass(frozen=True)
class Utterance:
    """What became of one sentence of T symbols: F frames."""

    mel: Tensor
    """(F, mel channels), after the postnet."""
    alignment: Tensor
    """(F, T): which symbols each frame attends to; a frame's sum to 1."""
    gate: Tensor
    """(F,), before the sigmoid: above 0 the sentence ends."""
    ended: bool
    """Whether the gate ended it, and not the limit."""


def embedding(symbols: int, width: int) -> nn.Embedding:
    """Begun evenly about zero, as the published training does. Normal numbers, nn.Embedding's own, take 900 modules of torch and
    sympy to be left out on the device `meta`: a second of each start."""
    bound = math.sqrt(6 / (symbols + width))
    weights = torch.empty(symbols, width).uniform_(-bound, bound)
    begun: nn.Embedding = nn.Embedding.from_pretrained(weights, freeze=False)  # type: ignore[no-untyped-call]
    return begun


class Tacotron2(nn.Module):
    """The net under its published keys. `infer` speaks; `quickened` speaks on another device or in another precision."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = embedding(shape.n_symbols, shape.encoder_embedding_dim)
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.postnet = Postnet(shape)

    @cached_property
    def quick(self) -> QuickTacotron2:
        return self.quickened()

    def quickened(self, device: torch.device | str = "cpu", kind: torch.dtype = torch.float32) -> QuickTacotron2:
        """The same net, arranged to be quick, with the weights it has now."""
        return QuickTacotron2(self, torch.device(device), kind)

    def infer(
        self,
        symbols: Tensor,
        lengths: Tensor | Sequence[int],
        masks: Tensor | None = None,
        seed: int | Sequence[int] = 0,
        limit: int = LIMIT,
        frames: int | None = None,
    ) -> tuple[Utterance, ...]:
        """Speak sentences, on the CPU in fp32: see `QuickTacotron2.infer`. Weights changed after the first call are not seen."""
        return self.quick.infer(symbols, lengths, masks, seed, limit, frames)


class QuickTacotron2:
    """A tacotron2 to speak with: norms folded, decoder as `decoder` has it. It needs the net it was made of no longer."""

    def __init__(self, net: Tacotron2, device: torch.device, kind: torch.dtype) -> None:
        self.shape, self.device = net.shape, device
        self.embedding = net.embedding.weight.detach().to(device, copy=True)
        self.encoder, self.postnet = without_norms(net.encoder).to(device), without_norms(net.postnet).to(device)
        self.decoder = arrange(net.decoder, kind, device)
        self.lanes: dict[int, Lanes] = {}

    @torch.inference_mode()
    def infer(
        self,
        symbols: Tensor,
        lengths: Tensor | Sequence[int],
        masks: Tensor | None = None,
        seed: int | Sequence[int] = 0,
        limit: int = LIMIT,
        frames: int | None = None,
    ) -> tuple[Utterance, ...]:
        """Speak N sentences, each as if it were alone: what it gives is the same, bit for bit, in whatever company.

        `symbols` (N, T) int64, padded behind each sentence's `lengths`. The prenet's dropout is drawn from `seed`, one for all or
        one a sentence, or given: `masks` (frames, 2, N, prenet_dim), what the two layers are multiplied with in each frame, as
        booleans (True is kept and counts twice) or as numbers, used as they are (what torch's dropout makes of ones).

        A sentence ends with the first frame whose gate is above 0, at the latest with frame `limit`, or where the masks end.
        `frames` speaks exactly so many instead, whatever the gate says. Raises BadInput for what does not fit together.
        """
        sizes = [int(length) for length in lengths]
        seeds = [seed] * len(sizes) if isinstance(seed, int) else [*seed]
        most = limit if frames is None else frames
        self.refuse_misfits(symbols, sizes, seeds, masks, frames)
        if masks is not None:
            most = min(most, len(masks))
        spoken: list[Utterance] = []
        for start in range(0, len(sizes), LANES):
            chosen = slice(start, start + LANES)
            sentences = [row[:size].to(self.device) for row, size in zip(symbols[chosen], sizes[chosen], strict=True)]
            kept = (
                torch.stack([drawn(number, most, self.shape.prenet_dim) for number in seeds[chosen]])
                if masks is None
                else masks[:, :, chosen].movedim(2, 0)
            )
            spoken += self.speak(sentences, kept.to(self.device), most, frames is not None)
        return tuple(spoken)

    def refuse_misfits(
        self, symbols: Tensor, sizes: list[int], seeds: list[int], masks: Tensor | None, frames: int | None
    ) -> None:
        if symbols.ndim != 2 or symbols.dtype != torch.int64 or len(sizes) != len(symbols) or len(seeds) != len(symbols):
            raise BadInput(f"{len(sizes)} lengths and {len(seeds)} seeds for symbols {symbols.dtype} {tuple(symbols.shape)}")
        if any(not 0 < size <= symbols.shape[1] for size in sizes):
            raise BadInput(f"lengths must be from 1 to {symbols.shape[1]}")
        if any(
            row[:size].min() < 0 or row[:size].max() >= self.shape.n_symbols for row, size in zip(symbols, sizes, strict=True)
        ):
            raise BadInput(f"symbols must be from 0 to {self.shape.n_symbols - 1}")
        if masks is not None:
            wanted = (2, len(sizes), self.shape.prenet_dim)
            if masks.ndim != 4 or tuple(masks.shape[1:]) != wanted or len(masks) < (frames or 1):
                raise BadInput(f"masks are {tuple(masks.shape)}, must be {(frames or 'frames', *wanted)}")

    def speak(self, sentences: list[Tensor], kept: Tensor, most: int, to_the_end: bool) -> Iterator[Utterance]:
        """At most eight sentences, with what their dropout keeps (sentences, frames, 2, prenet_dim)."""
        memories = [self.encoder(self.embedding[sentence].T[None])[0] for sentence in sentences]
        lanes = self.lanes_for(max(map(len, sentences)))
        lanes.load(memories)
        count, width = len(sentences), lanes.memory.shape[1]
        mels = torch.empty(count, most, self.shape.n_mel_channels, device=self.device)
        gates = torch.empty(count, most, device=self.device)
        alignments = torch.empty(count, most, width, device=self.device)
        over = torch.zeros(count, dtype=torch.bool, device=self.device)
        done = 0
        while done < most:
            lanes.keep[:count] = multipliers(kept[:, done])
            lanes.advance()
            mels[:, done], gates[:, done] = lanes.frame[:count, :-1], lanes.frame[:count, -1]
            alignments[:, done] = lanes.attention[:count]
            over |= gates[:, done] > 0
            done += 1
            if not to_the_end and done % LOOKS[self.device.type] == 0 and bool(over.all()):
                break
        for lane, sentence in enumerate(sentences):
            above = (gates[lane, :done] > 0).nonzero()
            length = done if to_the_end or not len(above) else int(above[0]) + 1
            mel = mels[lane, :length]
            yield Utterance(
                mel=mel + self.postnet(mel.T[None])[0].T,
                alignment=alignments[lane, :length, : len(sentence)].clone(),
                gate=gates[lane, :length].clone(),
                ended=bool(len(above)),
            )

    def lanes_for(self, symbols: int) -> Lanes:
        width = width_for(symbols)
        if width not in self.lanes:
            self.lanes[width] = Lanes(self.decoder, width)
        return self.lanes[width]
