"""A script to mel spectrograms: sentences in parts, many at a time, each heard through before it is believed."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from newsreel.artifacts import Script
from newsreel.errors import BadInput, BadWeights
from steps.tacotron2.guard import Fault, fault_of
from steps.tacotron2.joining import joined
from steps.tacotron2.model import LIMIT, QuickTacotron2, Utterance
from steps.tacotron2.reading import words_of
from steps.tacotron2.splitting import Part, parts_of
from steps.tacotron2.symbols import SYMBOLS
from steps.tacotron2.weights import load_tacotron2

__all__ = ["HOP", "SAMPLE_RATE", "SceneMel", "Speaker", "seed_of"]

SAMPLE_RATE, HOP, CHANNELS = 22_050, 256, 80
ATTEMPTS = 5
"""Drawings of the dropout a part is given before it is given up."""


@dataclass(frozen=True)
class SceneMel:
    """A scene as a mel spectrogram: log magnitude, natural logarithm."""

    mel: NDArray[np.float32]
    """(frames, 80)."""
    ends: NDArray[np.int64]
    """(sentences,): the frame at which each ends, that is, the first that is no longer its own."""

    def save(self, path: Path) -> None:
        """Write it as `.npz`, with `sample_rate` and `hop` (samples between two frames)."""
        np.savez(path, mel=self.mel, ends=self.ends, sample_rate=np.int64(SAMPLE_RATE), hop=np.int64(HOP))


@dataclass(frozen=True)
class Speaker:
    """A voice, loaded."""

    net: QuickTacotron2

    @classmethod
    def load(cls, weights: Path) -> "Speaker":
        """Load a voice for the best this machine has: half precision on a GPU, single on a CPU. Raises BadInput, BadWeights."""
        net = load_tacotron2(weights)
        if (net.shape.n_symbols, net.shape.n_mel_channels) != (len(SYMBOLS), CHANNELS):
            raise BadWeights(
                f"{weights}: speaks {net.shape.n_symbols} symbols in {net.shape.n_mel_channels} mel channels; "
                f"a voice must have the published {len(SYMBOLS)} and {CHANNELS}"
            )
        on_gpu = torch.cuda.is_available()
        return cls(net.quickened("cuda", torch.float16) if on_gpu else net.quickened())

    def speak(self, script: Script, say: Callable[[str], None]) -> SceneMel:
        """Speak a scene; `say` is told of every part that had to be tried again. The same words always give the same mel.

        Raises BadInput for text that has no symbols or that the voice cannot say, BadWeights where the net does not read at all.
        """
        sentences = [parts_of(words_of(tokens)) for tokens in script.sentences]
        read = iter(self.read([part for parts in sentences for part in parts], say))
        mels = [joined([next(read) for _ in parts], [part.mark for part in parts]) for parts in sentences]
        return SceneMel(np.concatenate(mels), np.cumsum([len(mel) for mel in mels], dtype=np.int64))

    def read(self, parts: Sequence[Part], say: Callable[[str], None]) -> list[NDArray[np.float32]]:
        """The mel of each part, read well. Those read badly are read again, all together, with other seeds."""
        mels: dict[int, NDArray[np.float32]] = {}
        # Of similar length together: a batch takes as long as its longest sentence.
        left = sorted(range(len(parts)), key=lambda number: len(parts[number].numbers))
        for attempt in range(ATTEMPTS):
            faults: dict[int, Fault] = {}
            for number, utterance in zip(left, self.attempt([parts[number] for number in left], attempt), strict=True):
                fault = fault_of(utterance.alignment.float().cpu().numpy(), utterance.ended)
                if fault:
                    faults[number] = fault
                    say(f"attempt {attempt + 1} of {ATTEMPTS}: the voice {fault.told}: {parts[number].text[:60]!a}")
                else:
                    mels[number] = utterance.mel.float().cpu().numpy()
            if not faults:
                return [mels[number] for number in range(len(parts))]
            left = [*faults]
        number, fault = next(iter(faults.items()))
        if fault.of_weights:
            raise BadWeights(f"{parts[number].text[:60]!a}: the voice {fault.told}; its weights are not those of a trained voice")
        raise BadInput(f"{parts[number].text[:60]!a}: the voice {fault.told}, {ATTEMPTS} times; write the sentence another way")

    def attempt(self, parts: Sequence[Part], attempt: int) -> tuple[Utterance, ...]:
        numbers = [torch.tensor(part.numbers) for part in parts]
        padded = torch.nn.utils.rnn.pad_sequence(numbers, batch_first=True)
        return self.net.infer(padded, [*map(len, numbers)], seed=[seed_of(part.text, attempt) for part in parts], limit=LIMIT)


def seed_of(text: str, attempt: int) -> int:
    """Of the text and of nothing around it."""
    return int.from_bytes(hashlib.sha256(f"{attempt} {text}".encode()).digest()[:8], "big")
