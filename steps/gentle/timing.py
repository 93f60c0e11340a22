"""Times for every token, from those of the words that gentle found: monotone, inside the scene, no word without its phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from newsreel.artifacts import Phone, PronouncedWords, Script, Speech, SpokenWord, Token
from newsreel.story.pronunciation import PHONES, VOWELS, strip_stress
from steps.gentle.alignment import FoundWord

__all__ = ["speech_of"]

VOWEL_SECONDS, CONSONANT_SECONDS = 0.12, 0.07
"""About what a phone takes in read news; only their ratio matters where a word's time is known."""


@dataclass
class Span:
    """Something spoken, a word or a token whose phones the newsroom gave, in time; its phones as (name, share of the span)."""

    start: float
    end: float
    phones: list[tuple[str, float]]
    known: bool
    """Whether its time is known."""


def speech_of(script: Script, found: Mapping[int, FoundWord], duration: float, pronounced: PronouncedWords) -> Speech:
    """The scene's speech. `found` has gentle's words by their place in `script.transcript` (code points), `pronounced` the phones
    of those that it does not know."""
    tokens = [(number, token) for number, sentence in enumerate(script.sentences) for token in sentence]
    spans = spans_of([token for _, token in tokens], found, pronounced)
    fill_gaps([span for mine in spans for span in mine], duration)
    words: list[SpokenWord] = []
    for (number, token), mine in zip(tokens, spans, strict=True):
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


def spans_of(tokens: Sequence[Token], found: Mapping[int, FoundWord], pronounced: PronouncedWords) -> list[list[Span]]:
    """The spans of each token, in order: one a word, or one for all of it where the newsroom gave its phones."""
    spans = []
    place = 0
    phones = iter(pronounced.words)
    for token in tokens:
        mine = []
        for word in token.spoken:
            mine.append(span_of(found.get(place), next(phones)))
            place += len(word) + 1
        spans.append([joined(mine, token.phones)] if token.phones and mine else mine)
    return spans


def span_of(heard: FoundWord | None, phones: Sequence[str]) -> Span:
    if heard and heard.phones and all(name in PHONES for name, _ in heard.phones):
        return Span(heard.start, heard.end, list(heard.phones), known=True)
    return Span(heard.start, heard.end, usual(phones), known=True) if heard else Span(0, 0, usual(phones), known=False)


def joined(words: Sequence[Span], phones: Sequence[str]) -> Span:
    """The newsroom's phones over the time that a token's words were heard in."""
    heard = [word for word in words if word.known]
    start, end = (heard[0].start, heard[-1].end) if heard else (0, 0)
    return Span(start, end, usual(strip_stress(phones)), known=bool(heard))


def usual(phones: Sequence[str]) -> list[tuple[str, float]]:
    return [(phone, seconds(phone)) for phone in phones]


def seconds(phone: str) -> float:
    return VOWEL_SECONDS if phone in VOWELS else CONSONANT_SECONDS


def fill_gaps(spans: Sequence[Span], duration: float) -> None:
    """Put spans without a time between their neighbours, and none before the one before it."""
    reached = 0.0
    for span in spans:
        if span.known:
            span.start = min(max(round(span.start, 4), reached), duration)
            span.end = reached = min(max(round(span.end, 4), span.start), duration)
    place = 0
    while place < len(spans):
        run = place
        while run < len(spans) and not spans[run].known:
            run += 1
        if run > place:
            before = spans[place - 1].end if place else 0.0
            after = spans[run].start if run < len(spans) else duration
            lay_out(spans[place:run], before, after)
        place = run + 1


def lay_out(spans: Sequence[Span], before: float, after: float) -> None:
    """Words at their usual length in the middle of a gap, or squeezed into it."""
    usual = [sum(length for _, length in span.phones) for span in spans]
    rate = min(1.0, (after - before) / sum(usual))
    begin = before + (after - before - rate * sum(usual)) / 2
    # Each border is rounded once: it ends one word and begins the next.
    borders = [min(max(round(begin + rate * end, 4), before), after) for end in accumulate(usual, initial=0.0)]
    for span, (start, end) in zip(spans, pairwise(borders), strict=True):
        span.start, span.end = start, end


def phones_in(span: Span) -> list[Phone]:
    """The span's phones, one after the other, each as long as its share."""
    whole = sum(length for _, length in span.phones) or 1.0
    ends = [span.start + (span.end - span.start) * part / whole for part in accumulate(length for _, length in span.phones)]
    borders = [span.start, *(min(max(round(end, 4), span.start), span.end) for end in ends[:-1]), span.end]
    return [
        Phone(phone=name, start=start, end=end) for (name, _), (start, end) in zip(span.phones, pairwise(borders), strict=True)
    ]
