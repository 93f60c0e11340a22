"""The compose step: a unit for the opening, one for each scene, one for the closing, and one that joins them.

A changed scene is rendered alone and joined again; a changed picture of the first scene also changes the opening.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import crc32

from newsreel.artifacts import count_video_frames, scene_file
from newsreel.brands import brand_sheet
from newsreel.media.encoder import chunk_files
from newsreel.presenters.bundle import find_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.story.schema import Story
from newsreel.validation import StrictModel
from newsreel.workspace import Workspace
from steps.compose.brand import load_brand
from steps.compose.parts import CLOSING_FRAMES, OPENING_FRAMES, ClosingPart, JoiningPart, OpeningPart, ScenePart, Timeline

if TYPE_CHECKING:
    from steps.compose.studio import Studio

OPENING, CLOSING = "scenes/opening.mp4", "scenes/closing.mp4"
JOINED_A_FRAME = 12
"""Frames that are joined, with their sound, in the time that one is rendered in."""


def plan(workspace: Workspace) -> Iterator[Unit]:
    """Opening, scenes, closing, and the joining of them all, which depends on everything that they depend on."""
    story = workspace.story
    count = range(len(story.scenes))
    timeline = Timeline(scenes=tuple(count_video_frames(workspace.path(scene_file("voice", index, ".wav"))) for index in count))
    look = brand_files(story)
    opening, closing = OpeningPart(brand=story.brand, title=story.title), ClosingPart(brand=story.brand)
    scenes = [scene_part(story, index, timeline) for index in count]
    first_picture = scene_file("assets", 0, ".jpg")
    yield unit("opening", opening, OPENING_FRAMES, (first_picture,), (OPENING, "final/poster.jpg"), look)
    for index, scene in enumerate(scenes):
        writes = (scene_file("scenes", index, ".mp4"),)
        yield unit(f"scene {index:02d}", scene, scene.frames, scene_inputs(index, scene.frames), writes, look)
    yield unit("closing", closing, CLOSING_FRAMES, (), (CLOSING,), look)
    whole = JoiningPart(title=story.title, music=story.music, timeline=timeline, pieces=(opening, *scenes, closing))
    inputs = tuple(
        name for index in count for name in (*scene_inputs(index, timeline.scenes[index]), scene_file("voice", index, ".wav"))
    )
    final = ("final/landscape.mp4", "final/captions.vtt", "final/sheet.jpg", "final/contents.json")
    yield unit("the whole", whole, max(1, timeline.end // JOINED_A_FRAME), inputs, final, look)


def unit(
    name: str, part: StrictModel, cost: int, reads: tuple[str, ...], writes: tuple[str, ...], look: tuple[Path, ...]
) -> Unit:
    return Unit(name=name, reads=reads, also=look, writes=writes, settings=part.model_dump(mode="json"), cost=cost)


def scene_part(story: Story, index: int, timeline: Timeline) -> ScenePart:
    scene, presenter = story.scenes[index], find_presenter(story.presenter)
    return ScenePart(
        brand=story.brand,
        title=story.title,
        headline=scene.headline,
        credit=scene.picture.credit,
        captions=scene.captions,
        name=presenter.shown_as if index == 0 else None,
        role=presenter.role if index == 0 else "",
        inwards=crc32(scene.picture.file.encode()) % 2 == 0,  # not by index: a scene put before it would change it
        frames=timeline.scenes[index],
    )


def scene_inputs(index: int, frames: int) -> tuple[str, ...]:
    actor = chunk_files("actor", index, frames, ".mp4")
    return (scene_file("assets", index, ".jpg"), *actor, scene_file("phones", index, ".json"))


def brand_files(story: Story) -> tuple[Path, ...]:
    """The brand's sheet and fonts: a changed colour changes every frame."""
    fonts = load_brand(story.brand).fonts
    return (brand_sheet(story.brand), fonts.black.path, fonts.bold.path, fonts.medium.path)


@contextmanager
def start(workspace: Workspace) -> Iterator[Studio]:
    """Draw what all pieces share. Raises MissingProgram where there is no ffmpeg."""
    from steps.compose.studio import Studio

    with TemporaryDirectory(dir=workspace.root, prefix=".tmp-") as folder:
        yield Studio.set_up(load_brand(workspace.story.brand), Path(folder))


def work(unit: Unit, workspace: Workspace, studio: Studio, drafts: list[Path], progress: Progress) -> None:
    inputs = [workspace.path(name) for name in unit.reads]
    match unit.settings["part"]:
        case "opening":
            studio.make_opening(OpeningPart.model_validate(unit.settings), inputs[0], drafts, progress.advance)
        case "scene":
            studio.make_scene(ScenePart.model_validate(unit.settings), inputs, drafts[0], progress.advance)
        case "closing":
            studio.make_closing(drafts[0], progress.advance)
        case _:
            part = JoiningPart.model_validate(unit.settings)
            count = range(len(part.timeline.scenes))
            pieces = [OPENING, *(scene_file("scenes", index, ".mp4") for index in count), CLOSING]
            studio.join(
                part,
                pieces=[workspace.path(name) for name in pieces],
                voices=[workspace.path(scene_file("voice", index, ".wav")) for index in count],
                speeches=[workspace.path(scene_file("phones", index, ".json")) for index in count],
                drafts=drafts,
            )


WORK = UnitWork(version=2, packages=("imageio-ffmpeg",), plan=plan, start=start, work=work)
