"""align.json as gentle writes it, read strictly: what a server sends is checked before anything is built on it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsreel.errors import Unavailable

__all__ = ["Alignment", "FoundWord", "Word", "read_alignment"]

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Answer(BaseModel):
    """Fields that we have no use for are let through: every server adds some."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Phone(Answer):
    phone: str
    """`hh_B`: the phone and its place in the word; `oov_S` for a word that is not in the vocabulary."""
    duration: Seconds


class Word(Answer):
    case: Literal["success", "not-found-in-audio", "not-found-in-transcript"]
    word: str
    start: Seconds | None = None
    end: Seconds | None = None
    startOffset: int | None = None  # noqa: N815
    """The code point of the transcript where it begins."""
    phones: list[Phone] = []

    @model_validator(mode="after")
    def lies_in_time(self) -> "Word":
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


class Alignment(Answer):
    words: list[Word] = []
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
