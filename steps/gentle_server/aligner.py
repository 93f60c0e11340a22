"""A recording and its transcript to words and phones in time, or to the word that is not there.

The recording is first followed word by word. Where that fails, or fits badly, it is listened to freely and compared with the
transcript. An aligner told what to hear always hears something, so what fits badly, or stands alone between words that do not
fit, is not found.
"""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from statistics import median

import numpy as np
from numpy.typing import NDArray

from steps.gentle_server.listener import HESITATIONS, Heard, Listener
from steps.gentle_server.transcript import TranscriptWord, words_of
from steps.gentle_server.transcription import AlignedPhone, AlignedWord, Transcription

__all__ = ["align"]

FITS = 45.0
"""A word's misfit up to which it may be there. Of words that are there, one in a hundred is above 40."""
FITS_ROUGHLY = 130.0
"""The same where it or its neighbour is not in the dictionary: a guessed pronunciation pushes the next words about."""
RUN_FITS = 25.0
"""The median misfit of a run of words, up to which the run is believed. Runs that are there have 6-16."""
SHORTEST_RUN = 3
"""Words; fewer in a row fit by chance, so they are believed only where half of the transcript is there without them. A transcript
of fewer words is one run."""
FOLLOWED = 0.95
"""The share of words that must fit for following alone to be believed."""

Found = Mapping[int, Heard]
"""What was heard for the n-th word of the transcript."""


def align(samples: NDArray[np.int16], transcript: str, *, disfluency: bool = False, conservative: bool = False) -> Transcription:
    """Align mono samples at 16 kHz with a text.

    `disfluency` also reports each "uh" and "um" that is heard but not written; `conservative` believes only free listening.
    """
    written = words_of(transcript)
    keys = [word.key for word in written]
    if not keys or not len(samples):
        return Transcription(transcript, tuple(missing(word) for word in written))
    listener = Listener(samples, keys)
    found: Found = {} if conservative else believed(dict(enumerate(listener.follow())), keys, listener.unknown)
    extra: list[Heard] = []
    if len(found) < FOLLOWED * len(keys) or disfluency:
        heard = listener.recognise(HESITATIONS if disfluency else ())
        freely = believed(matched(heard, keys), keys, listener.unknown)
        if len(freely) >= len(found):
            found = freely
            extra = [word for word in heard if word.word in HESITATIONS and word not in freely.values()] if disfluency else []
    return Transcription(transcript, in_order(written, found, listener.unknown, extra))


def matched(heard: Sequence[Heard], keys: Sequence[str]) -> Found:
    blocks = SequenceMatcher(a=[word.word for word in heard], b=keys, autojunk=False).get_matching_blocks()
    return {block.b + step: heard[block.a + step] for block in blocks for step in range(block.size)}


def believed(found: Found, keys: Sequence[str], unknown: frozenset[str]) -> Found:
    """Leave out words that do not fit, and runs too short or too poor to be more than chance."""
    rough = {place + step for place, key in enumerate(keys) if key in unknown for step in (-1, 0, 1, 2)}
    fitting = [place for place in sorted(found) if found[place].misfit <= (FITS_ROUGHLY if place in rough else FITS)]
    good = [run for run in runs(fitting) if median(found[place].misfit for place in run) <= RUN_FITS]
    long = [run for run in good if len(run) >= min(SHORTEST_RUN, len(keys))]
    sure = sum(map(len, long)) >= len(keys) / 2
    return {place: found[place] for run in (good if sure else long) for place in run}


def runs(places: Sequence[int]) -> list[list[int]]:
    """`[0, 1, 2, 5, 6]` is `[[0, 1, 2], [5, 6]]`."""
    found: list[list[int]] = []
    for place in places:
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def in_order(
    written: Sequence[TranscriptWord], found: Found, unknown: frozenset[str], extra: Sequence[Heard]
) -> tuple[AlignedWord, ...]:
    """The transcript's words, with what was said besides put in where it was said."""
    words: list[AlignedWord] = []
    waiting = list(extra)
    for place, word in enumerate(written):
        if place in found:
            while waiting and waiting[0].start < found[place].start:
                words.append(beside(waiting.pop(0)))
            words.append(success(word, found[place], known=word.key not in unknown))
        else:
            words.append(missing(word))
    return (*words, *map(beside, waiting))


def success(word: TranscriptWord, heard: Heard, known: bool) -> AlignedWord:
    return AlignedWord(
        case="success",
        word=word.text,
        startOffset=word.start,
        endOffset=word.end,
        alignedWord=word.key if known else "<unk>",
        start=heard.start,
        end=heard.end,
        phones=phones_of(heard) if known else (AlignedPhone("oov_S", round(heard.end - heard.start, 3)),),
    )


def missing(word: TranscriptWord) -> AlignedWord:
    return AlignedWord(case="not-found-in-audio", word=word.text, startOffset=word.start, endOffset=word.end)


def beside(heard: Heard) -> AlignedWord:
    return AlignedWord(case="not-found-in-transcript", word=heard.word, start=heard.start, end=heard.end, phones=phones_of(heard))


def phones_of(heard: Heard) -> tuple[AlignedPhone, ...]:
    """Kaldi's names: lower case, with the place in the word, `hh_B ah_I l_I ow_E`; `ay_S` stands alone."""
    last = len(heard.phones) - 1
    places = ["S"] if last == 0 else ["B", *["I"] * (last - 1), "E"]
    return tuple(
        AlignedPhone(f"{phone.phone.lower()}_{place}", round(phone.end - phone.start, 3))
        for phone, place in zip(heard.phones, places, strict=True)
    )
