"""gentle's align.json, validated as untrusted input, and its conversion to a scene's `Speech`: a time for every token.

The times of the speech are monotone and inside the scene, and no word is without its phones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsreel.artifacts import Phone, PronouncedWords, Script, Speech, SpokenWord, Token
from newsreel.errors import Unavailable
from newsreel.story.pronunciation import PHONES, VOWELS, strip_stress

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

VOWEL_SECONDS, CONSONANT_SECONDS = 0.12, 0.07
"""About the length of a phone in read news; only their ratio matters where a word's time is known."""


class GentleModel(BaseModel):
    """Unknown fields are ignored: every server adds some."""

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
    def require_times(self) -> "AlignedWord":
        if self.case == "success" and (self.start is None or self.end is None or self.end < self.start):
            raise ValueError(f"{self.word!a} was found, but at no time")
        return self


@dataclass(frozen=True)
class FoundWord:
    """A word that was found, in seconds; `phones` are ARPAbet names in capitals with their seconds, or `OOV` for a word that is
    not in gentle's vocabulary."""

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
        """The words that were found, by the code point of the transcript where each begins."""
        return {
            word.startOffset: FoundWord(
                word.start, word.end, tuple((phone.phone.split("_")[0].upper(), phone.duration) for phone in word.phones)
            )
            for word in self.words
            if word.case == "success" and word.startOffset is not None and word.start is not None and word.end is not None
        }


def read_alignment(data: bytes, sender: str) -> Alignment:
    """Parse align.json. Raises Unavailable, naming the `sender`, for anything else."""
    try:
        return Alignment.model_validate_json(data)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = ascii(f"{where}: {first['msg']}" if where else first["msg"])[1:-1]
        raise Unavailable(f"{sender}: answers with something that is no alignment ({what[:120]}); check GENTLE_URL") from fault


@dataclass
class Span:
    """A time span of speech: a word, or a token with a given pronunciation. Its phones are (name, share of the span)."""

    start: float
    end: float
    phones: list[tuple[str, float]]
    known: bool
    """Whether its time is known."""


def build_speech(script: Script, found: Mapping[int, FoundWord], duration: float, pronounced: PronouncedWords) -> Speech:
    """Build the scene's speech of `duration` seconds.

    `found` are gentle's words by their place in `script.transcript` (code points), `pronounced` the phones of the words that
    gentle does not know or find.
    """
    tokens = [(number, token) for number, sentence in enumerate(script.sentences) for token in sentence]
    spans_by_token = build_spans([token for _, token in tokens], found, pronounced)
    fill_gaps([span for spans in spans_by_token for span in spans], duration)
    words: list[SpokenWord] = []
    for (number, token), spans in zip(tokens, spans_by_token, strict=True):
        start = spans[0].start if spans else (words[-1].end if words else 0.0)
        words.append(
            SpokenWord(
                shown=token.shown,
                start=start,
                end=spans[-1].end if spans else start,
                sentence=number,
                phones=tuple(phone for span in spans for phone in timed_phones(span)),
            )
        )
    return Speech(duration=duration, words=tuple(words))


def build_spans(tokens: Sequence[Token], found: Mapping[int, FoundWord], pronounced: PronouncedWords) -> list[list[Span]]:
    """The spans of each token, in order: one per word, or one for the whole token if it has a given pronunciation."""
    spans_by_token = []
    place = 0
    phones = iter(pronounced.words)
    for token in tokens:
        spans = []
        for word in token.spoken:
            spans.append(build_span(found.get(place), next(phones)))
            place += len(word) + 1
        spans_by_token.append([merge_spans(spans, token.phones)] if token.phones and spans else spans)
    return spans_by_token


def build_span(word: FoundWord | None, phones: Sequence[str]) -> Span:
    if word and word.phones and all(name in PHONES for name, _ in word.phones):
        return Span(word.start, word.end, list(word.phones), known=True)
    lengths = with_default_lengths(phones)
    return Span(word.start, word.end, lengths, known=True) if word else Span(0, 0, lengths, known=False)


def merge_spans(words: Sequence[Span], phones: Sequence[str]) -> Span:
    """The given phones over the time in which a token's words were found."""
    known = [word for word in words if word.known]
    start, end = (known[0].start, known[-1].end) if known else (0, 0)
    return Span(start, end, with_default_lengths(strip_stress(phones)), known=bool(known))


def with_default_lengths(phones: Sequence[str]) -> list[tuple[str, float]]:
    return [(phone, VOWEL_SECONDS if phone in VOWELS else CONSONANT_SECONDS) for phone in phones]


def fill_gaps(spans: Sequence[Span], duration: float) -> None:
    """Put spans of unknown time between their neighbours, and make all times monotone and inside the scene."""
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
    """Put words at their default length in the middle of a gap, or compress them to fit."""
    lengths = [sum(length for _, length in span.phones) for span in spans]
    rate = min(1.0, (after - before) / sum(lengths))
    begin = before + (after - before - rate * sum(lengths)) / 2
    # Each border is rounded once: it ends one word and begins the next.
    borders = [min(max(round(begin + rate * end, 4), before), after) for end in accumulate(lengths, initial=0.0)]
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
