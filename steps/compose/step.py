"""The step `compose`: a unit for the opening, each scene, the closing, and one that joins them to the final video.

If a scene changes, only it is rendered and joined again; the picture of the first scene also changes the opening.
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
from steps.compose.graphics.brand import load_brand
from steps.compose.specs import (
    CLOSING_FRAMES,
    OPENING_FRAMES,
    ClosingSpec,
    JoinSpec,
    OpeningSpec,
    SceneSpec,
    Timeline,
)

if TYPE_CHECKING:
    from steps.compose.compositor import Compositor


OPENING, CLOSING = "scenes/opening.mp4", "scenes/closing.mp4"
JOIN_SPEED = 12
"""Frames that are joined, with their sound, in the time of rendering one."""


def plan(workspace: Workspace) -> Iterator[Unit]:
    """Opening, scenes, closing, and joining, which depends on everything that those depend on."""
    story = workspace.story
    count = range(len(story.scenes))
    timeline = Timeline(scenes=tuple(count_video_frames(workspace.path(scene_file("voice", index, ".wav"))) for index in count))
    brand_inputs = brand_files(story)
    opening, closing = OpeningSpec(brand=story.brand, title=story.title), ClosingSpec(brand=story.brand)
    scenes = [scene_spec(story, index, timeline) for index in count]
    first_picture = scene_file("assets", 0, ".jpg")
    yield make_unit("opening", opening, OPENING_FRAMES, (first_picture,), (OPENING, "final/poster.jpg"), brand_inputs)
    for index, scene in enumerate(scenes):
        writes = (scene_file("scenes", index, ".mp4"),)
        yield make_unit(f"scene {index:02d}", scene, scene.frames, scene_inputs(index, scene.frames), writes, brand_inputs)
    yield make_unit("closing", closing, CLOSING_FRAMES, (), (CLOSING,), brand_inputs)
    whole = JoinSpec(title=story.title, music=story.music, timeline=timeline, pieces=(opening, *scenes, closing))
    inputs = tuple(
        name for index in count for name in (*scene_inputs(index, timeline.scenes[index]), scene_file("voice", index, ".wav"))
    )
    final = ("final/landscape.mp4", "final/captions.vtt", "final/sheet.jpg", "final/contents.json")
    yield make_unit("the whole", whole, max(1, timeline.end // JOIN_SPEED), inputs, final, brand_inputs)


def make_unit(
    name: str, part: StrictModel, cost: int, reads: tuple[str, ...], writes: tuple[str, ...], brand_inputs: tuple[Path, ...]
) -> Unit:
    return Unit(name=name, reads=reads, also=brand_inputs, writes=writes, settings=part.model_dump(mode="json"), cost=cost)


def scene_spec(story: Story, index: int, timeline: Timeline) -> SceneSpec:
    scene, presenter = story.scenes[index], find_presenter(story.presenter)
    return SceneSpec(
        brand=story.brand,
        title=story.title,
        headline=scene.headline,
        credit=scene.picture.credit,
        captions=scene.captions,
        name=presenter.shown_as if index == 0 else None,
        role=presenter.role if index == 0 else "",
        inwards=crc32(scene.picture.file.encode()) % 2 == 0,  # not by index, which changes if a scene is inserted before
        frames=timeline.scenes[index],
    )


def scene_inputs(index: int, frames: int) -> tuple[str, ...]:
    actor = chunk_files("actor", index, frames, ".mp4")
    return (scene_file("assets", index, ".jpg"), *actor, scene_file("phones", index, ".json"))


def brand_files(story: Story) -> tuple[Path, ...]:
    """The brand's YAML file and fonts: a changed colour changes every frame."""
    fonts = load_brand(story.brand).fonts
    return (brand_sheet(story.brand), fonts.black.path, fonts.bold.path, fonts.medium.path)


@contextmanager
def start(workspace: Workspace) -> Iterator[Compositor]:
    """Draw the layers that all pieces share. Raises MissingProgram without ffmpeg."""
    from steps.compose.compositor import Compositor

    with TemporaryDirectory(dir=workspace.root, prefix=".tmp-") as folder:
        yield Compositor.create(load_brand(workspace.story.brand), Path(folder))


def work(make_unit: Unit, workspace: Workspace, compositor: Compositor, drafts: list[Path], progress: Progress) -> None:
    inputs = [workspace.path(name) for name in make_unit.reads]
    match make_unit.settings["part"]:
        case "opening":
            compositor.render_opening(OpeningSpec.model_validate(make_unit.settings), inputs[0], drafts, progress.advance)
        case "scene":
            compositor.render_scene(SceneSpec.model_validate(make_unit.settings), inputs, drafts[0], progress.advance)
        case "closing":
            compositor.render_closing(drafts[0], progress.advance)
        case _:
            part = JoinSpec.model_validate(make_unit.settings)
            count = range(len(part.timeline.scenes))
            pieces = [OPENING, *(scene_file("scenes", index, ".mp4") for index in count), CLOSING]
            compositor.join(
                part,
                pieces=[workspace.path(name) for name in pieces],
                voices=[workspace.path(scene_file("voice", index, ".wav")) for index in count],
                speeches=[workspace.path(scene_file("phones", index, ".json")) for index in count],
                drafts=drafts,
            )


WORK = UnitWork(version=2, packages=("imageio-ffmpeg",), plan=plan, start=start, work=work)
