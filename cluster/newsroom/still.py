"""A scene as a still: drawn by compose's own code, with the presenter as the footage begins, in a second or two."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from newsreel.artifacts import FRAME_RATE, Speech, SpokenWord
from newsreel.errors import MissingProgram
from newsreel.presenters.bundle import find_presenter
from newsreel.story.schema import Scene, Story

if TYPE_CHECKING:
    from steps.compose.compositor import Compositor

__all__ = ["can_draw", "draw"]

SETTLED = 24
"""The frame by which the wipe is gone and the headline has risen."""
LASTING = 240
"""Frames the scene is said to have: longer than what is drawn, so that it does not end on the still."""
SECONDS_A_WORD = 0.3


def can_draw() -> bool:
    """Whether what composes the video is installed here."""
    return all(find_spec(package) for package in ("ffmpeg", "imageio_ffmpeg", "pysubs2"))


def draw(story: Story, index: int, picture: Path, target: Path, width: int = 1280) -> None:
    """Write the scene's still as a JPEG. Raises MissingProgram where compose is not installed, DiskFull."""
    if not can_draw():
        raise MissingProgram("a preview needs what composes the video; pip install 'newsreel[compose]'")
    from steps.compose.ffmpeg_graph import run_graph
    from steps.compose.pieces import jpeg_graph

    with drawn(story, index, picture) as piece:
        run_graph(jpeg_graph(piece, SETTLED, target, width=width, quality=3))


@contextmanager
def drawn(story: Story, index: int, picture: Path) -> Iterator[Path]:
    """The scene's first frames as a video, up to the one that is wanted."""
    from steps.compose.ffmpeg_graph import run_graph
    from steps.compose.pieces import scene_graph, write_scene_overlay
    from steps.compose.sound import concat_list
    from steps.compose.specs import Timeline
    from steps.compose.step import scene_spec

    scenes = tuple(LASTING for _ in story.scenes)
    part = scene_spec(story, index, Timeline(scenes=scenes))
    with TemporaryDirectory(prefix="newsreel-") as folder:
        studio = studio_of(story.brand)
        sheet, piece = Path(folder) / "scene.ass", Path(folder) / "scene.mp4"
        write_scene_overlay(sheet, studio.brand, part, speech_of(story.scenes[index]))
        shown = part.model_copy(update={"frames": SETTLED + 1})
        actor = concat_list(Path(folder) / "actor.txt", [find_presenter(story.presenter).footage])
        run_graph(scene_graph(shown, picture, actor, sheet, studio.brand, studio.stills, piece))
        yield piece


@lru_cache(maxsize=4)
def studio_of(brand: str) -> "Compositor":
    """What all stills of a brand share, drawn once; its folder goes with this process."""
    from steps.compose.compositor import Compositor
    from steps.compose.graphics.brand import load_brand

    folder = TemporaryDirectory(prefix="newsreel-studio-")
    atexit.register(folder.cleanup)
    return Compositor.create(load_brand(brand), Path(folder.name))


def speech_of(scene: Scene) -> Speech:
    """The narration's words, evenly spoken: enough to show where a caption stands."""
    words = [
        SpokenWord(shown=word, start=place * SECONDS_A_WORD, end=(place + 1) * SECONDS_A_WORD, sentence=0, phones=())
        for place, word in enumerate(scene.narration.split()[: LASTING // FRAME_RATE * 4])
    ]
    return Speech(duration=LASTING / FRAME_RATE, words=tuple(words))
