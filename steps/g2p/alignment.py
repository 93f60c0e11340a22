"""gentle's align.json as g2p reads it, from lowerquality's gentle or from our server."""

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from steps.errors import BadInput

__all__ = ["FoundWord", "found_words"]

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TimedPhone(BaseModel):
    phone: str
    duration: Seconds


class Word(BaseModel):
    case: str
    start: Seconds | None = None
    end: Seconds | None = None
    startOffset: int | None = None  # noqa: N815
    phones: list[TimedPhone] = []


class Alignment(BaseModel):
    words: list[Word] = []


class FoundWord(BaseModel):
    """A word that was heard; `phones` are ARPAbet names in capitals with their seconds, or `OOV` where gentle knows none."""

    start: float
    end: float
    phones: tuple[tuple[str, float], ...]


def found_words(data: bytes, name: str) -> dict[int, FoundWord]:
    """The words found, by the code point of the transcript where each begins. Raises BadInput, `name` is the file's."""
    try:
        words = Alignment.model_validate_json(data).words
    except ValidationError as fault:
        error = fault.errors()[0]
        place = ".".join(str(part) for part in error["loc"])
        raise BadInput(f"{name}: is no alignment of gentle's: {place}: {error['msg']}") from fault
    return {
        word.startOffset: FoundWord(
            start=word.start,
            end=word.end,
            phones=tuple((phone.phone.split("_")[0].upper(), phone.duration) for phone in word.phones),
        )
        for word in words
        if word.case == "success" and word.startOffset is not None and word.start is not None and word.end is not None
    }
