"""Times for every token, from those of the words that gentle found: monotone, inside the scene, no word without its phones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from steps.g2p.alignment import FoundWord
from steps.g2p.gru import PHONES
from steps.handover import Phone, Script, Speech, SpokenWord

__all__ = ["speech_of"]

VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())  # noqa: SIM905
VOWEL_SECONDS, CONSONANT_SECONDS = 0.12, 0.07
"""About what a phone takes in read news; only their ratio matters where a word's time is known."""


@dataclass
class Span:
    """A spoken word in time; its phones as (name, share of the word)."""

    start: float
    end: float
    phones: list[tuple[str, float]]


def speech_of(script: Script, found: dict[int, FoundWord], duration: float, pronounce: Callable[[str], list[str]]) -> Speech:
    """The scene's speech. `found` has gentle's words by their place in `script.transcript` (code points)."""
    spans = fill_gaps(spans_of(script.transcript, found, pronounce), duration)
    words: list[SpokenWord] = []
    taken = iter(spans)
    for number, sentence in enumerate(script.sentences):
        for token in sentence:
            mine = [next(taken) for _ in token.spoken]
            start = mine[0].start if mine else (words[-1].end if words else 0.0)
            words.append(
                SpokenWord(
                    shown=token.shown,
                    start=start,
                    end=mine[-1].end if mine else start,
                    sentence=number,
                    phones=tuple(phone for span in mine for phone in phones_in(span)),
                )
            )
    return Speech(duration=duration, words=tuple(words))


def spans_of(transcript: str, found: dict[int, FoundWord], pronounce: Callable[[str], list[str]]) -> list[tuple[Span, bool]]:
    """Each word of the transcript, and whether its time is known."""
    spans = []
    place = 0
    for word in transcript.split(" "):
        heard = found.get(place)
        phones = heard.phones if heard and all(name in PHONES for name, _ in heard.phones) else ()
        spread = list(phones) or [(name, seconds(name)) for name in pronounce(word)]
        spans.append((Span(heard.start, heard.end, spread) if heard else Span(0, 0, spread), heard is not None))
        place += len(word) + 1
    return spans


def seconds(phone: str) -> float:
    return VOWEL_SECONDS if phone in VOWELS else CONSONANT_SECONDS


def fill_gaps(spans: Sequence[tuple[Span, bool]], duration: float) -> list[Span]:
    """Put words without a time between their neighbours, and no word before the one before it."""
    reached = 0.0
    for span, known in spans:
        if known:
            span.start = min(max(round(span.start, 4), reached), duration)
            span.end = reached = min(max(round(span.end, 4), span.start), duration)
    place = 0
    while place < len(spans):
        run = place
        while run < len(spans) and not spans[run][1]:
            run += 1
        if run > place:
            before = spans[place - 1][0].end if place else 0.0
            after = spans[run][0].start if run < len(spans) else duration
            lay_out([span for span, _ in spans[place:run]], before, after)
        place = run + 1
    return [span for span, _ in spans]


def lay_out(spans: Sequence[Span], before: float, after: float) -> None:
    """Words at their usual length in the middle of a gap, or squeezed into it."""
    usual = [sum(length for _, length in span.phones) for span in spans]
    rate = min(1.0, (after - before) / sum(usual))
    begin = before + (after - before - rate * sum(usual)) / 2
    for span, end, length in zip(spans, accumulate(usual), usual, strict=True):
        span.start = min(max(round(begin + rate * (end - length), 4), before), after)
        span.end = min(max(round(begin + rate * end, 4), before), after)


def phones_in(span: Span) -> list[Phone]:
    """The span's phones, one after the other, each as long as its share."""
    whole = sum(length for _, length in span.phones) or 1.0
    ends = [span.start + (span.end - span.start) * part / whole for part in accumulate(length for _, length in span.phones)]
    borders = [span.start, *(min(max(round(end, 4), span.start), span.end) for end in ends[:-1]), span.end]
    return [
        Phone(phone=name, start=start, end=end) for (name, _), (start, end) in zip(span.phones, pairwise(borders), strict=True)
    ]
