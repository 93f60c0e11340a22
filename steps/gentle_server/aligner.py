"""A recording and its transcript to words and phones in time, or to the word that is not there.

The recording is first followed word by word. Where that fails, or fits badly, it is listened to freely and compared with the
transcript. An aligner told what to hear always hears something, so what fits badly, or stands alone between words that do not
fit, is not found.

A transcript as gentle cuts it: words with their places, case and apostrophes kept.

The result in gentle's own form: align.json and align.csv.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from steps.gentle_server.recognizer import HESITATIONS, RecognizedWord, Recognizer

WORD = re.compile(r"(?:\w|['\u2019]\w)+")


@dataclass(frozen=True)
class TranscriptWord:
    text: str
    """As written."""
    start: int
    end: int
    """Code points of the transcript, end excluded."""

    @property
    def key(self) -> str:
        """As a dictionary would have it: lower case, plain apostrophes."""
        return self.text.lower().replace("\u2019", "'")


def split_transcript(transcript: str) -> list[TranscriptWord]:
    return [TranscriptWord(found[0], found.start(), found.end()) for found in WORD.finditer(transcript)]


@dataclass(frozen=True)
class AlignedPhone:
    phone: str
    """`hh_B`: the phone and its place in the word (Begin, Inside, End, Single)."""
    duration: float
    """Seconds; phones follow one another from the word's start."""


@dataclass(frozen=True, kw_only=True)
class AlignedWord:
    """The fields are gentle's, names and all; what does not apply is None and left out of the JSON."""

    case: Literal["success", "not-found-in-audio", "not-found-in-transcript"]
    word: str
    startOffset: int | None = None  # noqa: N815
    endOffset: int | None = None  # noqa: N815
    alignedWord: str | None = None  # noqa: N815
    start: float | None = None
    end: float | None = None
    phones: tuple[AlignedPhone, ...] | None = None


@dataclass(frozen=True)
class Transcription:
    transcript: str
    words: tuple[AlignedWord, ...]

    def to_json(self) -> str:
        """Sorted keys; an empty transcript or list of words is left out, as gentle does."""
        container: dict[str, object] = {}
        if self.transcript:
            container["transcript"] = self.transcript
        if self.words:
            container["words"] = [{key: value for key, value in asdict(word).items() if value is not None} for word in self.words]
        return json.dumps(container, sort_keys=True, indent=2)

    def to_csv(self) -> str:
        """A line a word of the transcript: word, alignedWord, start, end."""
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        for word in self.words:
            if word.case != "not-found-in-transcript":
                writer.writerow([word.word, word.alignedWord, word.start, word.end])
        return sheet.getvalue()


MAX_WORD_COST = 45.0
"""A word's misfit up to which it may be there. Of words that are there, one in a hundred is above 40."""
MAX_UNKNOWN_WORD_COST = 130.0
"""The same where it or its neighbour is not in the dictionary: a guessed pronunciation pushes the next words about."""
MAX_RUN_COST = 25.0
"""The median misfit of a run of words, up to which the run is believed. Runs that are there have 6-16."""
MIN_RUN_WORDS = 3
"""Words; fewer in a row fit by chance, so they are believed only where half of the transcript is there without them. A transcript
of fewer words is one run."""
MIN_FORCED_SHARE = 0.95
"""The share of words that must fit for following alone to be believed."""

WordsByPlace = Mapping[int, RecognizedWord]
"""What was heard for the n-th word of the transcript."""


def align(samples: NDArray[np.int16], transcript: str, *, disfluency: bool = False, conservative: bool = False) -> Transcription:
    """Align mono samples at 16 kHz with a text.

    `disfluency` also reports each "uh" and "um" that is heard but not written; `conservative` believes only free listening.
    """
    written = split_transcript(transcript)
    keys = [word.key for word in written]
    if not keys or not len(samples):
        return Transcription(transcript, tuple(missing_word(word) for word in written))
    listener = Recognizer(samples, keys)
    found: WordsByPlace = {} if conservative else plausible_words(dict(enumerate(listener.follow())), keys, listener.unknown)
    extra: list[RecognizedWord] = []
    if len(found) < MIN_FORCED_SHARE * len(keys) or disfluency:
        heard = listener.recognise(HESITATIONS if disfluency else ())
        freely = plausible_words(match_words(heard, keys), keys, listener.unknown)
        if len(freely) >= len(found):
            found = freely
            extra = [word for word in heard if word.word in HESITATIONS and word not in freely.values()] if disfluency else []
    return Transcription(transcript, merge_in_order(written, found, listener.unknown, extra))


def match_words(heard: Sequence[RecognizedWord], keys: Sequence[str]) -> WordsByPlace:
    blocks = SequenceMatcher(a=[word.word for word in heard], b=keys, autojunk=False).get_matching_blocks()
    return {block.b + step: heard[block.a + step] for block in blocks for step in range(block.size)}


def plausible_words(found: WordsByPlace, keys: Sequence[str], unknown: frozenset[str]) -> WordsByPlace:
    """Leave out words that do not fit, and runs too short or too poor to be more than chance."""
    rough = {place + step for place, key in enumerate(keys) if key in unknown for step in (-1, 0, 1, 2)}
    fitting = [
        place for place in sorted(found) if found[place].misfit <= (MAX_UNKNOWN_WORD_COST if place in rough else MAX_WORD_COST)
    ]
    good = [run for run in consecutive_runs(fitting) if median(found[place].misfit for place in run) <= MAX_RUN_COST]
    long = [run for run in good if len(run) >= min(MIN_RUN_WORDS, len(keys))]
    sure = sum(map(len, long)) >= len(keys) / 2
    return {place: found[place] for run in (good if sure else long) for place in run}


def consecutive_runs(places: Sequence[int]) -> list[list[int]]:
    """`[0, 1, 2, 5, 6]` is `[[0, 1, 2], [5, 6]]`."""
    found: list[list[int]] = []
    for place in places:
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def merge_in_order(
    written: Sequence[TranscriptWord], found: WordsByPlace, unknown: frozenset[str], extra: Sequence[RecognizedWord]
) -> tuple[AlignedWord, ...]:
    """The transcript's words, with what was said besides put in where it was said."""
    words: list[AlignedWord] = []
    waiting = list(extra)
    for place, word in enumerate(written):
        if place in found:
            while waiting and waiting[0].start < found[place].start:
                words.append(extra_word(waiting.pop(0)))
            words.append(found_word(word, found[place], known=word.key not in unknown))
        else:
            words.append(missing_word(word))
    return (*words, *map(extra_word, waiting))


def found_word(word: TranscriptWord, heard: RecognizedWord, known: bool) -> AlignedWord:
    return AlignedWord(
        case="success",
        word=word.text,
        startOffset=word.start,
        endOffset=word.end,
        alignedWord=word.key if known else "<unk>",
        start=heard.start,
        end=heard.end,
        phones=kaldi_phones(heard) if known else (AlignedPhone("oov_S", round(heard.end - heard.start, 3)),),
    )


def missing_word(word: TranscriptWord) -> AlignedWord:
    return AlignedWord(case="not-found-in-audio", word=word.text, startOffset=word.start, endOffset=word.end)


def extra_word(heard: RecognizedWord) -> AlignedWord:
    return AlignedWord(
        case="not-found-in-transcript", word=heard.word, start=heard.start, end=heard.end, phones=kaldi_phones(heard)
    )


def kaldi_phones(heard: RecognizedWord) -> tuple[AlignedPhone, ...]:
    """Kaldi's names: lower case, with the place in the word, `hh_B ah_I l_I ow_E`; `ay_S` stands alone."""
    last = len(heard.phones) - 1
    places = ["S"] if last == 0 else ["B", *["I"] * (last - 1), "E"]
    return tuple(
        AlignedPhone(f"{phone.phone.lower()}_{place}", round(phone.end - phone.start, 3))
        for phone, place in zip(heard.phones, places, strict=True)
    )
