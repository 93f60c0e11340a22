"""pocketsphinx: where each word and each phone lies in a recording, and how well it fits.

Two ways: `force_align` is given what is said and finds when; it fails where the recording says something else. `recognize`
decodes freely with the transcript's own language model, as gentle does, and may leave words out. Both then align the phones'
states in a second pass.

Source: CMUSphinx, "PocketSphinx 5" documentation, `Decoder.set_align_text`, `Decoder.set_alignment`.
"""

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder, get_model_path
from pocketsphinx.lm import ArpaBoLM

SAMPLE_RATE = 16_000
HESITATIONS = ("uh", "um")
FILLER = re.compile(r"[<\[+]")
"""`<sil>`, `[NOISE]`: the model's fillers, which are no words."""
FRAME_SECONDS = 0.01
BORDER_OFFSET = 0.0128 - FRAME_SECONDS / 2
"""A frame's window is 25.6 ms long, so the border between two frames lies this much after the second begins."""

SPELLING_TO_PHONES = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "igh": "AY", "tch": "CH", "dge": "JH", "sch": "SH",
    "eau": "OW", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "qu": "K W", "ng": "NG", "zh": "ZH",
    "kh": "K", "gh": "G", "ee": "IY", "ea": "IY", "ie": "IY", "ei": "EY", "ai": "EY", "ay": "EY", "ey": "IY", "oo": "UW",
    "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "oa": "OW", "au": "AO", "aw": "AO", "ew": "Y UW", "ar": "AA R",
    "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER", "bb": "B", "cc": "K", "dd": "D", "ff": "F", "gg": "G", "ll": "L",
    "mm": "M", "nn": "N", "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z", "a": "AE", "b": "B", "c": "K", "d": "D",
    "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA",
    "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
    "0": "Z IH R OW", "1": "W AH N", "2": "T UW", "3": "TH R IY", "4": "F AO R", "5": "F AY V", "6": "S IH K S",
    "7": "S EH V AH N", "8": "EY T", "9": "N AY N",
}  # fmt: skip
SPELLINGS = re.compile("|".join(sorted(SPELLING_TO_PHONES, key=len, reverse=True)))


class AlignmentEntry(Protocol):
    """pocketsphinx's AlignmentEntry: a word with its phones or a phone; start and duration in frames."""

    name: str
    start: int
    duration: int
    score: int

    def __iter__(self) -> "Iterator[AlignmentEntry]": ...


@dataclass(frozen=True)
class RecognizedPhone:
    phone: str
    """ARPAbet without stress, `HH`."""
    start: float
    end: float


@dataclass(frozen=True)
class RecognizedWord:
    """A word in the recording; times in seconds."""

    word: str
    start: float
    end: float
    acoustic_cost: float
    """Mean distance per frame, in the decoder's log units, to the best of the states that were tried. About 5-22 for words that
    are spoken, 25-140 for words that are not (measured on hibari's voice)."""
    phones: tuple[RecognizedPhone, ...]


class Recognizer:
    """Finds the words of one transcript in a recording.

    It makes a dictionary of these words only: with all 130,000 words of the model's, a language model takes seconds to load.
    """

    def __init__(self, samples: NDArray[np.int16], words: Sequence[str]) -> None:
        """`samples` are at SAMPLE_RATE; `words` are lower case."""
        self.audio = samples.tobytes()
        self.words = words
        known = dictionary_lines(frozenset([*words, *HESITATIONS]))
        self.unknown = frozenset(words) - known.keys()
        guessed = [f"{word} {' '.join(guess_phones(word))}" for word in sorted(self.unknown)]
        self.dictionary = "\n".join([*(line for lines in known.values() for line in lines), *guessed]) + "\n"

    def force_align(self) -> list[RecognizedWord]:
        """Find the words, spoken one after the other; empty if they cannot be what is spoken."""
        with tempfile.TemporaryDirectory() as folder:
            decoder = self.make_decoder(Path(folder), language_model=None)
        decoder.set_align_text(" ".join(self.words))
        return self.run(decoder)

    def recognize(self, extra_words: Sequence[str] = ()) -> list[RecognizedWord]:
        """Recognize freely among the transcript's words, any of which may be missing, and some `extra_words`."""
        model = ArpaBoLM(text="\n".join([" ".join(self.words), *extra_words]) + "\n", add_start=True)
        model.compute()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "transcript.arpa"
            model.write_file(os.fspath(path))
            decoder = self.make_decoder(Path(folder), language_model=os.fspath(path))
        return self.run(decoder)

    def make_decoder(self, folder: Path, language_model: str | None) -> Decoder:
        dictionary = folder / "transcript.dict"
        dictionary.write_text(self.dictionary)
        return Decoder(samprate=SAMPLE_RATE, dict=os.fspath(dictionary), lm=language_model, loglevel="FATAL")

    def run(self, decoder: Decoder) -> list[RecognizedWord]:
        try:
            self.decode(decoder)
            if decoder.hyp() is None:
                return []
            decoder.set_alignment()
            self.decode(decoder)
            alignment = decoder.get_alignment() or ()
        except RuntimeError:  # pocketsphinx raises it when the search has lost every path
            return []
        return [to_recognized_word(entry) for entry in alignment if not FILLER.match(entry.name)]

    def decode(self, decoder: Decoder) -> None:
        decoder.start_utt()
        decoder.process_raw(self.audio, no_search=False, full_utt=True)
        decoder.end_utt()


def dictionary_lines(words: frozenset[str]) -> dict[str, list[str]]:
    """The lines of the model's dictionary for some words, including variants such as `the(2)`."""
    found: dict[str, list[str]] = {}
    with Path(get_model_path("en-us/cmudict-en-us.dict")).open() as dictionary:
        for line in dictionary:
            word = line.partition(" ")[0].partition("(")[0]
            if word in words:
                found.setdefault(word, []).append(line.rstrip("\n"))
    return found


def to_recognized_word(entry: AlignmentEntry) -> RecognizedWord:
    phones = tuple(RecognizedPhone(phone.name, *entry_times(phone)) for phone in entry)
    start, end = entry_times(entry)
    return RecognizedWord(re.sub(r"\(\d+\)$", "", entry.name), start, end, -entry.score / max(entry.duration, 1), phones)


def entry_times(entry: AlignmentEntry) -> tuple[float, float]:
    """Start and end in seconds."""
    return (
        round(entry.start * FRAME_SECONDS + BORDER_OFFSET, 3),
        round((entry.start + entry.duration) * FRAME_SECONDS + BORDER_OFFSET, 3),
    )


def guess_phones(word: str) -> list[str]:
    """Guess the ARPAbet phones of an unknown word from its letters, without stress, at least one.

    The guess is rough: it only has to keep the word's place among words of the dictionary.

    >>> guess_phones("Brexit")
    ['B', 'R', 'EH', 'K', 'S', 'IH', 'T']
    """
    plain = unicodedata.normalize("NFKD", word.lower())
    without_silent_e = re.sub(r"(?<=[aeiou][^aeiou\W\d_])e$", "", plain)
    return " ".join(SPELLING_TO_PHONES[part] for part in SPELLINGS.findall(without_silent_e)).split() or ["AH"]
