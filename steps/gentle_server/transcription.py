"""The result in gentle's own form: align.json and align.csv."""

import csv
import io
import json
from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["AlignedPhone", "AlignedWord", "Transcription"]


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
