"""The step `pix2pixhd`: landmarks of every frame to video of the presenter, through a pipe into the encoder.

A unit is a chunk of a scene, so that several GPUs can share one; each is a video that begins with a key frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from newsreel.artifacts import FRAME_RATE, count_video_frames, scene_file
from newsreel.errors import BadInput, MissingProgram
from newsreel.media.encoder import chunk_files, chunks, open_encoder
from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.log import log
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.validation import StrictModel
from newsreel.workspace import Workspace

if TYPE_CHECKING:  # importing torch takes longer than the rest of a run that has nothing to do
    import numpy as np
    from numpy.typing import NDArray

    from steps.pix2pixhd.renderer import FrameRenderer


class RenderTask(StrictModel):
    """A unit's work: frames `first` up to but without `end` of a scene of `of` frames."""

    size: int
    body: tuple[tuple[tuple[float, float], ...], ...]
    first: int
    end: int
    of: int


def plan(workspace: Workspace) -> Iterator[Unit]:
    story = workspace.story
    presenter = load_presenter(story.presenter)
    for scene in range(len(story.scenes)):
        frames = count_video_frames(workspace.path(scene_file("voice", scene, ".wav")))
        for file, chunk in zip(chunk_files("actor", scene, frames, ".mp4"), chunks(frames), strict=True):
            task = RenderTask(size=presenter.size, body=presenter.body, first=chunk.start, end=chunk.stop, of=frames)
            part = "" if len(chunk) == frames else f" from {chunk.start / FRAME_RATE:.0f} s"
            yield Unit(
                name=f"scene {scene:02d}{part}",
                reads=(scene_file("motion", scene, ".npz"),),
                also=(presenter.generator,),
                writes=(file,),
                settings=task.model_dump(mode="json"),
                cost=len(chunk),
            )


@contextmanager
def start(workspace: Workspace) -> Iterator[FrameRenderer]:
    try:
        from steps.pix2pixhd.renderer import open_renderer
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[pix2pixhd]") from fault

    with open_renderer(load_presenter(workspace.story.presenter).generator) as renderer:
        if renderer.remark:
            log("pix2pixhd", renderer.remark)
        yield renderer


def work(unit: Unit, workspace: Workspace, renderer: FrameRenderer, drafts: list[Path], progress: Progress) -> None:
    task = RenderTask.model_validate(unit.settings)
    landmarks = read_landmarks(workspace.path(unit.reads[0]), task.of, "animate")[task.first : task.end]
    with open_encoder(drafts[0], task.size, task.size, FRAME_RATE, renderer.encoder_options, renderer.pixels) as write:
        for frames in renderer.frames(landmarks, task.size, task.body):
            write(frames)
            progress.advance(len(frames))


def read_landmarks(path: Path, frames: int, made_by: str) -> NDArray[np.float32]:
    """Landmarks (frames, 68, 2) float32 in pixels of the presenter's frame. Raises BadInput for anything else.

    `made_by` is the step that wrote them, for the message.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks: NDArray[np.float32] = file["landmarks"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as fault:
        raise BadInput(f"{path}: not a file of landmarks ({fault}); run {made_by} again") from fault
    if landmarks.dtype != np.float32 or landmarks.shape != (frames, 68, 2):
        found, expected = f"{landmarks.dtype} {landmarks.shape}", f"float32 {(frames, 68, 2)}"
        raise BadInput(f"{path}: landmarks are {found}, must be {expected}, one face a frame; run {made_by} again")
    if not np.isfinite(landmarks).all():
        raise BadInput(f"{path}: landmarks are not all finite numbers; run {made_by} again")
    return landmarks


WORK = UnitWork(version=3, plan=plan, start=start, work=work)
