"""align.json as gentle writes it, read strictly: what a server sends is checked before anything is built on it.

Times for every token, from those of the words that gentle found: monotone, inside the scene, no word without its phones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsreel.artifacts import Phone, PronouncedWords, Script, Speech, SpokenWord, Token
from newsreel.errors import Unavailable
from newsreel.story.pronunciation import PHONES, VOWELS, without_stress

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class GentleModel(BaseModel):
    """Fields that we have no use for are let through: every server adds some."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class AlignedPhone(GentleModel):
    phone: str
    """`hh_B`: the phone and its place in the word; `oov_S` for a word that is not in the vocabulary."""
    duration: Seconds


class AlignedWord(GentleModel):
    case: Literal["success", "not-found-in-audio", "not-found-in-transcript"]
    word: str
    start: Seconds | None = None
    end: Seconds | None = None
    startOffset: int | None = None  # noqa: N815
    """The code point of the transcript where it begins."""
    phones: list[AlignedPhone] = []

    @model_validator(mode="after")
    def lies_in_time(self) -> "AlignedWord":
        if self.case == "success" and (self.start is None or self.end is None or self.end < self.start):
            raise ValueError(f"{self.word!a} was found, but at no time")
        return self


@dataclass(frozen=True)
class FoundWord:
    """A word that was heard, in seconds; `phones` are ARPAbet names in capitals with their seconds, or `OOV` where gentle knows
    none."""

    start: float
    end: float
    phones: tuple[tuple[str, float], ...]


class Alignment(GentleModel):
    words: list[AlignedWord] = []
    """Left out by the server where there are none."""

    @property
    def end(self) -> float:
        """When the last word ends, in seconds."""
        return max((word.end or 0.0 for word in self.words), default=0.0)

    def found(self) -> dict[int, FoundWord]:
        """The words that were heard, by the code point of the transcript where each begins."""
        return {
            word.startOffset: FoundWord(
                word.start, word.end, tuple((phone.phone.split("_")[0].upper(), phone.duration) for phone in word.phones)
            )
            for word in self.words
            if word.case == "success" and word.startOffset is not None and word.start is not None and word.end is not None
        }


def read_alignment(data: bytes, sender: str) -> Alignment:
    """Raises Unavailable, naming the `sender`, for anything that is no alignment."""
    try:
        return Alignment.model_validate_json(data)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = ascii(f"{where}: {first['msg']}" if where else first["msg"])[1:-1]
        raise Unavailable(f"{sender}: answers with something that is no alignment ({what[:120]}); check GENTLE_URL") from fault


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


def build_speech(script: Script, found: Mapping[int, FoundWord], duration: float, pronounced: PronouncedWords) -> Speech:
    """The scene's speech. `found` has gentle's words by their place in `script.transcript` (code points), `pronounced` the phones
    of those that it does not know."""
    tokens = [(number, token) for number, sentence in enumerate(script.sentences) for token in sentence]
    spans = build_spans([token for _, token in tokens], found, pronounced)
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
                phones=tuple(phone for span in mine for phone in timed_phones(span)),
            )
        )
    return Speech(duration=duration, words=tuple(words))


def build_spans(tokens: Sequence[Token], found: Mapping[int, FoundWord], pronounced: PronouncedWords) -> list[list[Span]]:
    """The spans of each token, in order: one a word, or one for all of it where the newsroom gave its phones."""
    spans = []
    place = 0
    phones = iter(pronounced.words)
    for token in tokens:
        mine = []
        for word in token.spoken:
            mine.append(build_span(found.get(place), next(phones)))
            place += len(word) + 1
        spans.append([merge_spans(mine, token.phones)] if token.phones and mine else mine)
    return spans


def build_span(heard: FoundWord | None, phones: Sequence[str]) -> Span:
    if heard and heard.phones and all(name in PHONES for name, _ in heard.phones):
        return Span(heard.start, heard.end, list(heard.phones), known=True)
    return (
        Span(heard.start, heard.end, with_default_lengths(phones), known=True)
        if heard
        else Span(0, 0, with_default_lengths(phones), known=False)
    )


def merge_spans(words: Sequence[Span], phones: Sequence[str]) -> Span:
    """The newsroom's phones over the time that a token's words were heard in."""
    heard = [word for word in words if word.known]
    start, end = (heard[0].start, heard[-1].end) if heard else (0, 0)
    return Span(start, end, with_default_lengths(without_stress(phones)), known=bool(heard))


def with_default_lengths(phones: Sequence[str]) -> list[tuple[str, float]]:
    return [(phone, default_seconds(phone)) for phone in phones]


def default_seconds(phone: str) -> float:
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
            distribute_spans(spans[place:run], before, after)
        place = run + 1


def distribute_spans(spans: Sequence[Span], before: float, after: float) -> None:
    """Words at their usual length in the middle of a gap, or squeezed into it."""
    with_default_lengths = [sum(length for _, length in span.phones) for span in spans]
    rate = min(1.0, (after - before) / sum(with_default_lengths))
    begin = before + (after - before - rate * sum(with_default_lengths)) / 2
    # Each border is rounded once: it ends one word and begins the next.
    borders = [min(max(round(begin + rate * end, 4), before), after) for end in accumulate(with_default_lengths, initial=0.0)]
    for span, (start, end) in zip(spans, pairwise(borders), strict=True):
        span.start, span.end = start, end


def timed_phones(span: Span) -> list[Phone]:
    """The span's phones, one after the other, each as long as its share."""
    whole = sum(length for _, length in span.phones) or 1.0
    ends = [span.start + (span.end - span.start) * part / whole for part in accumulate(length for _, length in span.phones)]
    borders = [span.start, *(min(max(round(end, 4), span.start), span.end) for end in ends[:-1]), span.end]
    return [
        Phone(phone=name, start=start, end=end) for (name, _), (start, end) in zip(span.phones, pairwise(borders), strict=True)
    ]
