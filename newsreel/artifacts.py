"""What one step hands to the next: the names of the workspace's files, and their contents as plain data.

script/00.json    init-story   sentences; each token as shown and as spoken          `Script`
voice/00.wav      hibari / waveglow   the scene's sound, 16-bit mono; its length is the scene's: a whole number of frames
speech/00.mel.npz tacotron2    mel spectrogram (frames, 80), studio profile only
pronounced/00.json g2p         the phones of every word                             `PronouncedWords`
words/00.json     gentle       gentle's own align.json
phones/00.json    gentle       every word and phone with its time                    `Speech`
footage/landmarks.npz dlib     landmarks (frames, 68, 2) float32, pixels
motion/00.npz     animate      landmarks (frames, 68, 2) float32, pixels of the presenter's frame
actor/00-00.mp4   pix2pixhd    a stretch of the presenter's frames (`newsreel.media.encoder`), visually lossless
scenes/00.mp4     compose      a composed scene; opening.mp4, closing.mp4 likewise
final/            compose      landscape.mp4 poster.jpg captions.vtt sheet.jpg contents.json   `VideoContents`
"""

import wave
from pathlib import Path
from typing import Annotated

from pydantic import Field

from newsreel.validation import StrictModel

FRAME_RATE = 30
"""Frames a second of everything: footage, motion, actor, final."""


class Token(StrictModel):
    """A word as the story has it, with its punctuation, and the words a voice says for it."""

    shown: str
    """`£1,200,`"""
    spoken: tuple[str, ...]
    """`("one", "thousand", "two", "hundred", "pounds")`: lower-case letters and apostrophes; empty for a lone dash."""
    phones: tuple[str, ...] | None = None
    """ARPAbet with stress digits where the newsroom gave the pronunciation, `("HH", "AE1", "R", "W", "IH0", "K")`."""


class Script(StrictModel):
    """A scene's narration, sentence by sentence."""

    sentences: tuple[tuple[Token, ...], ...]

    @property
    def transcript(self) -> str:
        """The spoken words of the scene, blank-separated: what gentle is given."""
        return " ".join(word for sentence in self.sentences for token in sentence for word in token.spoken)


class PronouncedWords(StrictModel):
    """How each word of a scene's transcript is said, in its order: phones without stress (ARPAbet), at least one a word."""

    words: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...]


class Phone(StrictModel):
    """A phone without stress (ARPAbet, `HH`) and its time in seconds from the scene's start."""

    phone: str
    start: float
    end: float


class SpokenWord(StrictModel):
    """A token as it was spoken: `shown` is what captions show; start and end in seconds from the scene's start."""

    shown: str
    start: float
    end: float
    sentence: int
    phones: tuple[Phone, ...]


class Speech(StrictModel):
    """A scene's sound in time. `duration` is the sound's length in seconds."""

    duration: float
    words: tuple[SpokenWord, ...]


class ContactSheetTile(StrictModel):
    """A scene in the finished video: from `start` to `end`, seconds; its still is the tile at `column`, `row` of sheet.jpg."""

    start: float
    end: float
    column: int
    row: int


class VideoContents(StrictModel):
    """What the finished video holds, for who tells of it without looking into it."""

    seconds: float
    scenes: tuple[ContactSheetTile, ...]
    columns: int
    rows: int
    """Of tiles, 16:9, on sheet.jpg."""
    loudness: float
    """LUFS, integrated (ITU-R BS.1770-5)."""
    true_peak: float
    """dBTP."""


def scene_file(folder: str, index: int, suffix: str) -> str:
    """`scene_file("voice", 3, ".wav")` is `voice/03.wav`."""
    return f"{folder}/{index:02d}{suffix}"


def read_script(path: Path) -> Script:
    return Script.model_validate_json(path.read_bytes())


def count_video_frames(path: Path) -> int:
    """How many video frames a scene's sound lasts."""
    with wave.open(str(path)) as sound:
        return round(float(sound.getnframes()) * FRAME_RATE / float(sound.getframerate()))
