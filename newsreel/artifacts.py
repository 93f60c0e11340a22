"""The files that steps hand to each other in a workspace, and the schemas of those that are JSON.

script/00.json    init-story   sentences; each token as shown and as spoken          `Script`
voice/00.wav      hibari / waveglow   the scene's audio, 16-bit mono; its length is the scene's: a whole number of frames
speech/00.mel.npz tacotron2    mel spectrogram (frames, 80), studio profile only
pronounced/00.json g2p         the phones of every word                             `PronouncedWords`
words/00.json     gentle       gentle's own align.json
phones/00.json    gentle       every word and phone with its time                    `Speech`
footage/landmarks.npz dlib     landmarks (frames, 68, 2) float32, pixels
motion/00.npz     animate      landmarks (frames, 68, 2) float32, pixels of the presenter's frame
actor/00-00.mp4   pix2pixhd    a chunk of the presenter's frames (`newsreel.media.encoder`), visually lossless
scenes/00.mp4     compose      a composed scene; opening.mp4, closing.mp4 likewise
final/            compose      landscape.mp4 poster.jpg captions.vtt sheet.jpg contents.json   `VideoContents`
"""

import wave
from pathlib import Path
from typing import Annotated

from pydantic import Field

from newsreel.validation import StrictModel

FRAME_RATE = 30
"""Frames per second of footage, motion, rendered presenter and final video."""
LEAD_SECONDS, PAUSE_SECONDS, TAIL_SECONDS = 0.30, 0.30, 0.45
"""Silence before the first sentence of a scene, between two, and at least after the last."""


class Token(StrictModel):
    """A word as the story writes it, with its punctuation, and the words that are spoken for it."""

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
        """The spoken words of the scene, separated by blanks: the transcript for gentle."""
        return " ".join(word for sentence in self.sentences for token in sentence for word in token.spoken)


class PronouncedWords(StrictModel):
    """The phones of each word of a scene's transcript, in order: ARPAbet without stress, at least one for each word."""

    words: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...]


class Phone(StrictModel):
    """A phone, ARPAbet without stress (`HH`), with start and end in seconds from the scene's start."""

    phone: str
    start: float
    end: float


class SpokenWord(StrictModel):
    """A spoken token: `shown` is the text for captions; start and end are seconds from the scene's start."""

    shown: str
    start: float
    end: float
    sentence: int
    phones: tuple[Phone, ...]


class Speech(StrictModel):
    """The timing of a scene's audio. `duration` is its length in seconds."""

    duration: float
    words: tuple[SpokenWord, ...]


class ContactSheetTile(StrictModel):
    """A scene in the final video, from `start` to `end` seconds, with its still at `column`, `row` of sheet.jpg."""

    start: float
    end: float
    column: int
    row: int


class VideoContents(StrictModel):
    """Facts about the final video, for reports that do not decode it."""

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
    """The length of a scene's audio in video frames."""
    with wave.open(str(path)) as sound:
        return round(float(sound.getnframes()) * FRAME_RATE / float(sound.getframerate()))
