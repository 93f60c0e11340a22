"""A scene's script to one mel spectrogram: parts of sentences in batches, checked by their attention, retried, concatenated."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from newsreel.artifacts import Script
from newsreel.errors import BadInput, BadWeights
from steps.tacotron2.attention_check import AttentionFault, check_attention
from steps.tacotron2.model import MAX_DECODER_STEPS, OptimizedTacotron2, Utterance
from steps.tacotron2.text_frontend import SYMBOLS, Part, split_sentence, words_to_read
from steps.tacotron2.weights import load_tacotron2

Mel = NDArray[np.float32]
"""(frames, channels) log magnitudes."""

SAMPLE_RATE, HOP, CHANNELS = 22_050, 256, 80
ATTEMPTS = 5
"""Draws of the prenet's dropout for a part before it fails."""
MAX_PAUSE_FRAMES = {"": 2, ",": 13, "-": 20, ";": 24, ":": 24, ".": 30, "?": 30, "!": 30}
"""Quiet frames (11.6 ms) left between two parts of a sentence, by the mark between them."""
EDGE_FRAMES = 4
"""Quiet frames left at a sentence's beginning and end; the vocoder makes the pauses between sentences."""
QUIET_BELOW_PEAK = 4.6
"""How far below the loudest frame a frame counts as quiet, in natural logarithm of amplitude: 40 dB, breath and room noise."""


@dataclass(frozen=True)
class SceneMel:
    """A scene as a mel spectrogram: log magnitude, natural logarithm."""

    mel: Mel
    """(frames, 80)."""
    ends: NDArray[np.int64]
    """(sentences,): the frame at which each sentence ends, exclusive."""

    def save(self, path: Path) -> None:
        """Write it as `.npz`, with `sample_rate` and `hop` (samples between two frames)."""
        np.savez(path, mel=self.mel, ends=self.ends, sample_rate=np.int64(SAMPLE_RATE), hop=np.int64(HOP))


@dataclass(frozen=True)
class Speaker:
    """A loaded voice."""

    net: OptimizedTacotron2

    @classmethod
    def load(cls, weights: Path) -> "Speaker":
        """Load a voice: half precision on a GPU if there is one, else single on the CPU. Raises BadInput, BadWeights."""
        net = load_tacotron2(weights)
        symbols, channels = net.architecture.n_symbols, net.architecture.n_mel_channels
        if (symbols, channels) != (len(SYMBOLS), CHANNELS):
            raise BadWeights(
                f"{weights}: speaks {symbols} symbols in {channels} mel channels; "
                f"a voice must have the published {len(SYMBOLS)} and {CHANNELS}"
            )
        return cls(net.optimized("cuda", torch.float16) if torch.cuda.is_available() else net.optimized())

    def speak(self, script: Script, on_retry: Callable[[str], None]) -> SceneMel:
        """Synthesize a scene; the same words always give the same mel. `on_retry` gets a line for every rejected attempt.

        Raises BadInput for text with unknown symbols or that fails in every attempt, BadWeights if the net's attention does not
        work at all.
        """
        sentences = [split_sentence(words_to_read(tokens)) for tokens in script.sentences]
        mels = iter(self.synthesize([part for parts in sentences for part in parts], on_retry))
        joined = [concatenate_parts([next(mels) for _ in parts], [part.mark for part in parts]) for parts in sentences]
        return SceneMel(np.concatenate(joined), np.cumsum([len(mel) for mel in joined], dtype=np.int64))

    def synthesize(self, parts: Sequence[Part], on_retry: Callable[[str], None]) -> list[Mel]:
        """The mel of each part. Those that fail the attention check are retried together with other seeds."""
        mels: dict[int, Mel] = {}
        # Sorted by length: a batch takes as long as its longest sentence.
        pending = sorted(range(len(parts)), key=lambda number: len(parts[number].symbol_ids))
        for attempt in range(ATTEMPTS):
            faults: dict[int, AttentionFault] = {}
            utterances = self.infer([parts[number] for number in pending], attempt)
            for number, utterance in zip(pending, utterances, strict=True):
                fault = check_attention(utterance.alignment.float().cpu().numpy(), utterance.ended)
                if fault:
                    faults[number] = fault
                    text = parts[number].text[:60]
                    on_retry(f"attempt {attempt + 1} of {ATTEMPTS}: the voice {fault.description}: {text!a}")
                else:
                    mels[number] = utterance.mel.float().cpu().numpy()
            if not faults:
                return [mels[number] for number in range(len(parts))]
            pending = [*faults]
        number, fault = next(iter(faults.items()))
        failed = f"{parts[number].text[:60]!a}: the voice {fault.description}"
        if fault.untrained:
            raise BadWeights(f"{failed}; its weights are not those of a trained voice")
        raise BadInput(f"{failed}, {ATTEMPTS} times; write the sentence another way")

    def infer(self, parts: Sequence[Part], attempt: int) -> tuple[Utterance, ...]:
        ids = [torch.tensor(part.symbol_ids) for part in parts]
        padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
        seeds = [seed_from_text(part.text, attempt) for part in parts]
        return self.net.infer(padded, [*map(len, ids)], seed=seeds, limit=MAX_DECODER_STEPS)


def seed_from_text(text: str, attempt: int) -> int:
    """The seed depends on nothing but the text, so a part sounds the same in any scene."""
    return int.from_bytes(hashlib.sha256(f"{attempt} {text}".encode()).digest()[:8], "big")


def concatenate_parts(parts: Sequence[Mel], marks: Sequence[str]) -> Mel:
    """The mel of a sentence from those of its parts, each with the mark after it.

    Quiet frames between parts are cut to what the mark allows; none are added.
    """
    edges = [count_quiet_frames(part) for part in parts]
    pauses = [MAX_PAUSE_FRAMES[mark] for mark in marks[:-1]]
    pieces = []
    lead = EDGE_FRAMES
    for part, (before, after), pause in zip(parts, edges, [*pauses, EDGE_FRAMES], strict=True):
        tail = min(after, pause)
        pieces.append(part[max(before - lead, 0) : len(part) - after + tail])
        lead = pause - tail
    return np.concatenate(pieces)


def count_quiet_frames(mel: Mel) -> tuple[int, int]:
    """How many frames are quiet at the beginning and at the end of a mel (frames, channels)."""
    loudness = np.logaddexp.reduce(mel, axis=1)
    audible = np.flatnonzero(loudness > loudness.max() - QUIET_BELOW_PEAK)
    return int(audible[0]), len(mel) - 1 - int(audible[-1])
