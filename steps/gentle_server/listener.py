"""pocketsphinx at work: where each word and each phone lies in a recording, and how well it fits.

Two ways to listen. `follow` is told what is said and finds when (forced alignment); it loses its way where the recording says
something else. `recognise` hears freely with the transcript's own language model, as gentle does, and may leave words out. Both
then align the phones' states in a second pass.

Source: CMUSphinx, "PocketSphinx 5" documentation, `Decoder.set_align_text`, `Decoder.set_alignment`.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder, get_model_path
from pocketsphinx.lm import ArpaBoLM

from steps.gentle_server.letters import rough_phones

__all__ = ["HESITATIONS", "SAMPLE_RATE", "Heard", "HeardPhone", "Listener"]

SAMPLE_RATE = 16_000
HESITATIONS = ("uh", "um")
NOT_A_WORD = re.compile(r"[<\[+]")
"""`<sil>`, `[NOISE]`: the model's fillers."""
FRAME = 0.01
HALF_WINDOW = 0.0128 - FRAME / 2
"""A frame's window is 25.6 ms long, so the border between two frames lies this much after the second begins."""


class Entry(Protocol):
    """pocketsphinx's AlignmentEntry: a word with its phones or a phone; start and duration in frames."""

    name: str
    start: int
    duration: int
    score: int

    def __iter__(self) -> "Iterator[Entry]": ...


@dataclass(frozen=True)
class HeardPhone:
    phone: str
    """ARPAbet without stress, `HH`."""
    start: float
    end: float


@dataclass(frozen=True)
class Heard:
    """A word in the recording; times in seconds."""

    word: str
    start: float
    end: float
    misfit: float
    """Mean distance a frame, in the decoder's log units, to the best of the states that were tried. About 5-22 for words that
    are there, 25-140 for words that are not (measured on hibari's voice)."""
    phones: tuple[HeardPhone, ...]


class Listener:
    """Listens to a sound for the words of one transcript, of which it makes a pocket dictionary: with all 130,000 words of the
    model's, a language model takes seconds to load."""

    def __init__(self, samples: NDArray[np.int16], words: Sequence[str]) -> None:
        """`samples` are at SAMPLE_RATE; `words` are lower case."""
        self.sound = samples.tobytes()
        self.words = words
        known = dictionary_lines(frozenset([*words, *HESITATIONS]))
        self.unknown = frozenset(words) - known.keys()
        guessed = [f"{word} {' '.join(rough_phones(word))}" for word in sorted(self.unknown)]
        self.pocket = "\n".join([*(line for lines in known.values() for line in lines), *guessed]) + "\n"

    def follow(self) -> list[Heard]:
        """Find the words, said one after the other; empty where they cannot be what is said."""
        with tempfile.TemporaryDirectory() as folder:
            decoder = self.decoder(Path(folder), language_model=None)
        decoder.set_align_text(" ".join(self.words))
        return self.hear(decoder)

    def recognise(self, besides: Sequence[str] = ()) -> list[Heard]:
        """Hear what is said in terms of the transcript's words, any of which may be missing, and of some `besides`."""
        model = ArpaBoLM(text="\n".join([" ".join(self.words), *besides]) + "\n", add_start=True)
        model.compute()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "transcript.arpa"
            model.write_file(os.fspath(path))
            decoder = self.decoder(Path(folder), language_model=os.fspath(path))
        return self.hear(decoder)

    def decoder(self, folder: Path, language_model: str | None) -> Decoder:
        dictionary = folder / "pocket.dict"
        dictionary.write_text(self.pocket)
        return Decoder(samprate=SAMPLE_RATE, dict=os.fspath(dictionary), lm=language_model, loglevel="FATAL")

    def hear(self, decoder: Decoder) -> list[Heard]:
        try:
            self.decode(decoder)
            if decoder.hyp() is None:
                return []
            decoder.set_alignment()
            self.decode(decoder)
            alignment = decoder.get_alignment() or ()
        except RuntimeError:  # pocketsphinx's word for a search that lost every path
            return []
        return [heard_word(entry) for entry in alignment if not NOT_A_WORD.match(entry.name)]

    def decode(self, decoder: Decoder) -> None:
        decoder.start_utt()
        decoder.process_raw(self.sound, no_search=False, full_utt=True)
        decoder.end_utt()


def dictionary_lines(words: frozenset[str]) -> dict[str, list[str]]:
    """The lines of the model's dictionary for some words, variants such as `the(2)` among them."""
    found: dict[str, list[str]] = {}
    with Path(get_model_path("en-us/cmudict-en-us.dict")).open() as dictionary:
        for line in dictionary:
            word = line.partition(" ")[0].partition("(")[0]
            if word in words:
                found.setdefault(word, []).append(line.rstrip("\n"))
    return found


def heard_word(entry: Entry) -> Heard:
    phones = tuple(HeardPhone(phone.name, *times(phone)) for phone in entry)
    start, end = times(entry)
    return Heard(re.sub(r"\(\d+\)$", "", entry.name), start, end, -entry.score / max(entry.duration, 1), phones)


def times(entry: Entry) -> tuple[float, float]:
    return (
        round(entry.start * FRAME + HALF_WINDOW, 3),
        round((entry.start + entry.duration) * FRAME + HALF_WINDOW, 3),
    )
