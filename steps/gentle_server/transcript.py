"""A transcript as gentle cuts it: words with their places, case and apostrophes kept."""

import re
from dataclasses import dataclass

__all__ = ["TranscriptWord", "words_of"]

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


def words_of(transcript: str) -> list[TranscriptWord]:
    return [TranscriptWord(found[0], found.start(), found.end()) for found in WORD.finditer(transcript)]
