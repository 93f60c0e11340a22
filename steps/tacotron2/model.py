"""tacotron2: symbols to mel spectrograms.

Source: Shen et al., "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions", 2018. A mel is log magnitude,
natural logarithm of at least 1e-5, 22,050 Hz, a frame every 256 samples, 80 channels from 0 to 8,000 Hz.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from newsreel.errors import BadInput
from steps.tacotron2.decoder import BATCH_SIZE, BatchDecoder, buffer_width, pack_decoder
from steps.tacotron2.layers import Architecture, Decoder, Encoder, Postnet, fold_batch_norms

MAX_DECODER_STEPS = 1000
"""Frames after which a sentence that has not ended is cut off, as published: 11.6 s."""
STOP_CHECK_INTERVAL = {"cpu": 1, "cuda": 16}
"""Frames between two checks whether all sentences have ended; on a GPU a check synchronises."""


@dataclass(frozen=True)
class Utterance:
    """The result for one sentence of T symbols: F frames."""

    mel: Tensor
    """(F, mel channels), after the postnet."""
    alignment: Tensor
    """(F, T): attention weights over the symbols; each frame sums to 1."""
    gate: Tensor
    """(F,), before the sigmoid: above 0 the sentence ends."""
    ended: bool
    """Whether the gate ended it, and not the limit."""


class Tacotron2(nn.Module):
    """The net under its published keys. `infer` runs it; `optimized` makes a copy for another device or precision."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.embedding = uniform_embedding(architecture.n_symbols, architecture.encoder_embedding_dim)
        self.encoder = Encoder(architecture)
        self.decoder = Decoder(architecture)
        self.postnet = Postnet(architecture)

    @cached_property
    def on_cpu(self) -> OptimizedTacotron2:
        return self.optimized()

    def optimized(self, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> OptimizedTacotron2:
        """Copy the net, with the weights it has now, for inference."""
        return OptimizedTacotron2(self, torch.device(device), dtype)

    def infer(
        self,
        symbols: Tensor,
        lengths: Tensor | Sequence[int],
        masks: Tensor | None = None,
        seed: int | Sequence[int] = 0,
        limit: int = MAX_DECODER_STEPS,
        frames: int | None = None,
    ) -> tuple[Utterance, ...]:
        """Synthesize on the CPU in fp32: see `OptimizedTacotron2.infer`. Weights changed after the first call have no effect."""
        return self.on_cpu.infer(symbols, lengths, masks, seed, limit, frames)


class OptimizedTacotron2:
    """A tacotron2 for inference: batch norms folded, decoder packed. It does not refer to the net that it was made of."""

    def __init__(self, net: Tacotron2, device: torch.device, dtype: torch.dtype) -> None:
        self.architecture, self.device = net.architecture, device
        self.embedding = net.embedding.weight.detach().to(device, copy=True)
        self.encoder, self.postnet = fold_batch_norms(net.encoder).to(device), fold_batch_norms(net.postnet).to(device)
        self.decoder = pack_decoder(net.decoder, dtype, device)
        self.batch_decoders: dict[int, BatchDecoder] = {}
        """By width of their buffers."""

    @torch.inference_mode()
    def infer(
        self,
        symbols: Tensor,
        lengths: Tensor | Sequence[int],
        masks: Tensor | None = None,
        seed: int | Sequence[int] = 0,
        limit: int = MAX_DECODER_STEPS,
        frames: int | None = None,
    ) -> tuple[Utterance, ...]:
        """Synthesize N sentences. The result of a sentence is the same, bit for bit, whatever it is batched with.

        Args:
            symbols: ids (N, T) int64, padded after each sentence's length.
            lengths: symbols of each sentence.
            masks: dropout of the prenet (frames, 2, N, prenet_dim): multipliers for the outputs of its two layers in each frame,
                as booleans (True keeps and doubles) or as numbers, used as they are (torch's dropout applied to ones). Drawn
                from `seed` if None.
            seed: one for all sentences, or one for each.
            limit: most frames of a sentence; it ends earlier with the first frame whose gate is above 0, or where `masks` end.
            frames: synthesize exactly so many instead, whatever the gate says.

        Raises BadInput for arguments that do not fit together.
        """
        sizes = [int(length) for length in lengths]
        seeds = [seed] * len(sizes) if isinstance(seed, int) else [*seed]
        max_frames = limit if frames is None else frames
        self.check_arguments(symbols, sizes, seeds, masks, frames)
        if masks is not None:
            max_frames = min(max_frames, len(masks))
        utterances: list[Utterance] = []
        for start in range(0, len(sizes), BATCH_SIZE):
            batch = slice(start, start + BATCH_SIZE)
            sentences = [row[:size].to(self.device) for row, size in zip(symbols[batch], sizes[batch], strict=True)]
            dropout = (
                torch.stack([draw_prenet_dropout(number, max_frames, self.architecture.prenet_dim) for number in seeds[batch]])
                if masks is None
                else masks[:, :, batch].movedim(2, 0)
            )
            utterances += self.decode_batch(sentences, dropout.to(self.device), max_frames, frames is not None)
        return tuple(utterances)

    def check_arguments(
        self, symbols: Tensor, sizes: list[int], seeds: list[int], masks: Tensor | None, frames: int | None
    ) -> None:
        if symbols.ndim != 2 or symbols.dtype != torch.int64 or len(sizes) != len(symbols) or len(seeds) != len(symbols):
            raise BadInput(f"{len(sizes)} lengths and {len(seeds)} seeds for symbols {symbols.dtype} {tuple(symbols.shape)}")
        if any(not 0 < size <= symbols.shape[1] for size in sizes):
            raise BadInput(f"lengths must be from 1 to {symbols.shape[1]}")
        n_symbols = self.architecture.n_symbols
        if any(row[:size].min() < 0 or row[:size].max() >= n_symbols for row, size in zip(symbols, sizes, strict=True)):
            raise BadInput(f"symbols must be from 0 to {n_symbols - 1}")
        if masks is not None:
            wanted = (2, len(sizes), self.architecture.prenet_dim)
            if masks.ndim != 4 or tuple(masks.shape[1:]) != wanted or len(masks) < (frames or 1):
                raise BadInput(f"masks are {tuple(masks.shape)}, must be {(frames or 'frames', *wanted)}")

    def decode_batch(self, sentences: list[Tensor], dropout: Tensor, max_frames: int, ignore_gate: bool) -> Iterator[Utterance]:
        """At most BATCH_SIZE sentences, each symbol ids (T,); `dropout` is (sentences, frames, 2, prenet_dim)."""
        memories = [self.encoder(self.embedding[sentence].T[None])[0] for sentence in sentences]
        decoder = self.batch_decoder(max(map(len, sentences)))
        decoder.load(memories)
        count, width = len(sentences), decoder.memory.shape[1]
        mels = torch.empty(count, max_frames, self.architecture.n_mel_channels, device=self.device)
        gates = torch.empty(count, max_frames, device=self.device)
        alignments = torch.empty(count, max_frames, width, device=self.device)
        ended = torch.zeros(count, dtype=torch.bool, device=self.device)
        done = 0
        while done < max_frames:
            decoder.dropout[:count] = dropout_multipliers(dropout[:, done])
            decoder.advance()
            mels[:, done], gates[:, done] = decoder.frame[:count, :-1], decoder.frame[:count, -1]
            alignments[:, done] = decoder.attention_weights[:count]
            ended |= gates[:, done] > 0
            done += 1
            if not ignore_gate and done % STOP_CHECK_INTERVAL[self.device.type] == 0 and bool(ended.all()):
                break
        for row, sentence in enumerate(sentences):
            stops = (gates[row, :done] > 0).nonzero()
            length = done if ignore_gate or not len(stops) else int(stops[0]) + 1
            mel = mels[row, :length]
            yield Utterance(
                mel=mel + self.postnet(mel.T[None])[0].T,
                alignment=alignments[row, :length, : len(sentence)].clone(),
                gate=gates[row, :length].clone(),
                ended=bool(len(stops)),
            )

    def batch_decoder(self, symbols: int) -> BatchDecoder:
        width = buffer_width(symbols)
        if width not in self.batch_decoders:
            self.batch_decoders[width] = BatchDecoder(self.decoder, width)
        return self.batch_decoders[width]


def uniform_embedding(symbols: int, width: int) -> nn.Embedding:
    """An embedding initialised uniformly about zero, as the published training does.

    nn.Embedding's own normal numbers take 900 modules of torch and sympy to be skipped on the device `meta`: a second of each
    start.
    """
    bound = math.sqrt(6 / (symbols + width))
    weights = torch.empty(symbols, width).uniform_(-bound, bound)
    embedding: nn.Embedding = nn.Embedding.from_pretrained(weights, freeze=False)  # type: ignore[no-untyped-call]
    return embedding


def draw_prenet_dropout(seed: int, frames: int, prenet_dim: int) -> Tensor:
    """Draw the prenet's dropout, (frames, 2, prenet_dim) boolean, True with probability 1/2. More frames begin the same.

    It is on in inference: the paper (Shen et al. 2018, section 2.2) gives the output variation by it.
    """
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (frames, 2, prenet_dim), np.bool_))


def dropout_multipliers(masks: Tensor) -> Tensor:
    """Multipliers for the layers' outputs: 2 where a boolean mask keeps, so that the mean stays; numbers as given."""
    return masks.float() * 2 if masks.dtype == torch.bool else masks.float()
