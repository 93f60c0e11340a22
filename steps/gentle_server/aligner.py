"""Align a recording with its transcript: words and phones in time, or the words that are not spoken; in gentle's own form.

The recording is first force-aligned word by word. Where that fails, or fits badly, it is recognized freely and compared with the
transcript. A forced aligner always finds something, so words that fit badly, or stand alone between words that do not fit, are
reported as not found.
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

MAX_WORD_COST = 45.0
"""Acoustic cost up to which a word may be there. Of words that are there, one in a hundred is above 40."""
MAX_UNKNOWN_WORD_COST = 130.0
"""The same where it or its neighbour is not in the dictionary: a guessed pronunciation shifts the next words."""
MAX_RUN_COST = 25.0
"""The median cost of a run of words, up to which the run is accepted. Runs that are there have 6-16."""
MIN_RUN_WORDS = 3
"""Fewer words in a row fit by chance, so they are accepted only where half of the transcript is found without them. A transcript
of fewer words is one run."""
MIN_FORCED_SHARE = 0.95
"""The share of words that must fit for the forced alignment alone to be accepted."""
WORD = re.compile(r"(?:\w|['\u2019]\w)+")

WordsByPlace = Mapping[int, RecognizedWord]
"""The recognized word for the n-th word of the transcript."""


@dataclass(frozen=True)
class TranscriptWord:
    text: str
    """As written."""
    start: int
    end: int
    """Code points of the transcript, end excluded."""

    @property
    def key(self) -> str:
        """As in a dictionary: lower case, plain apostrophes."""
        return self.text.lower().replace("\u2019", "'")


@dataclass(frozen=True)
class AlignedPhone:
    phone: str
    """`hh_B`: the phone and its place in the word (Begin, Inside, End, Single)."""
    duration: float
    """Seconds; phones follow one another from the word's start."""


@dataclass(frozen=True, kw_only=True)
class AlignedWord:
    """The fields have gentle's names; those that do not apply are None and left out of the JSON."""

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
    """The result in gentle's own form."""

    transcript: str
    words: tuple[AlignedWord, ...]

    def to_json(self) -> str:
        """align.json: sorted keys; an empty transcript or list of words is left out, as gentle does."""
        container: dict[str, object] = {}
        if self.transcript:
            container["transcript"] = self.transcript
        if self.words:
            container["words"] = [{key: value for key, value in asdict(word).items() if value is not None} for word in self.words]
        return json.dumps(container, sort_keys=True, indent=2)

    def to_csv(self) -> str:
        """align.csv: a line per word of the transcript: word, alignedWord, start, end."""
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        for word in self.words:
            if word.case != "not-found-in-transcript":
                writer.writerow([word.word, word.alignedWord, word.start, word.end])
        return sheet.getvalue()


def align(samples: NDArray[np.int16], transcript: str, *, disfluency: bool = False, conservative: bool = False) -> Transcription:
    """Align mono samples at 16 kHz with a text.

    `disfluency` also reports each "uh" and "um" that is spoken but not written; `conservative` accepts only free recognition.
    """
    written = split_transcript(transcript)
    keys = [word.key for word in written]
    if not keys or not len(samples):
        return Transcription(transcript, tuple(missing_word(word) for word in written))
    recognizer = Recognizer(samples, keys)
    unknown = recognizer.unknown
    found: WordsByPlace = {} if conservative else plausible_words(dict(enumerate(recognizer.force_align())), keys, unknown)
    extra: list[RecognizedWord] = []
    if len(found) < MIN_FORCED_SHARE * len(keys) or disfluency:
        recognized = recognizer.recognize(HESITATIONS if disfluency else ())
        freely = plausible_words(match_words(recognized, keys), keys, unknown)
        if len(freely) >= len(found):
            found = freely
            if disfluency:
                extra = [word for word in recognized if word.word in HESITATIONS and word not in freely.values()]
    return Transcription(transcript, merge_in_order(written, found, unknown, extra))


def split_transcript(transcript: str) -> list[TranscriptWord]:
    """Split a transcript into words as gentle does, keeping case and apostrophes."""
    return [TranscriptWord(found[0], found.start(), found.end()) for found in WORD.finditer(transcript)]


def match_words(recognized: Sequence[RecognizedWord], keys: Sequence[str]) -> WordsByPlace:
    matcher = SequenceMatcher(a=[word.word for word in recognized], b=keys, autojunk=False)
    blocks = matcher.get_matching_blocks()
    return {block.b + step: recognized[block.a + step] for block in blocks for step in range(block.size)}


def plausible_words(found: WordsByPlace, keys: Sequence[str], unknown: frozenset[str]) -> WordsByPlace:
    """Drop words that do not fit, and runs too short or too poor to be more than chance."""
    near_unknown = {place + step for place, key in enumerate(keys) if key in unknown for step in (-1, 0, 1, 2)}
    fitting = [
        place
        for place in sorted(found)
        if found[place].acoustic_cost <= (MAX_UNKNOWN_WORD_COST if place in near_unknown else MAX_WORD_COST)
    ]
    good = [run for run in consecutive_runs(fitting) if median(found[place].acoustic_cost for place in run) <= MAX_RUN_COST]
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
    """The transcript's words, with the extra words inserted where they were spoken."""
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


def found_word(word: TranscriptWord, recognized: RecognizedWord, known: bool) -> AlignedWord:
    unknown_phones = (AlignedPhone("oov_S", round(recognized.end - recognized.start, 3)),)
    return AlignedWord(
        case="success",
        word=word.text,
        startOffset=word.start,
        endOffset=word.end,
        alignedWord=word.key if known else "<unk>",
        start=recognized.start,
        end=recognized.end,
        phones=kaldi_phones(recognized) if known else unknown_phones,
    )


def missing_word(word: TranscriptWord) -> AlignedWord:
    return AlignedWord(case="not-found-in-audio", word=word.text, startOffset=word.start, endOffset=word.end)


def extra_word(recognized: RecognizedWord) -> AlignedWord:
    return AlignedWord(
        case="not-found-in-transcript",
        word=recognized.word,
        start=recognized.start,
        end=recognized.end,
        phones=kaldi_phones(recognized),
    )


def kaldi_phones(recognized: RecognizedWord) -> tuple[AlignedPhone, ...]:
    """Kaldi's names: lower case, with the place in the word, `hh_B ah_I l_I ow_E`; a single phone is `ay_S`."""
    last = len(recognized.phones) - 1
    places = ["S"] if last == 0 else ["B", *["I"] * (last - 1), "E"]
    return tuple(
        AlignedPhone(f"{phone.phone.lower()}_{place}", round(phone.end - phone.start, 3))
        for phone, place in zip(recognized.phones, places, strict=True)
    )
