"""pix2pixhd: the landmarks of every frame become the presenter's frames, through a pipe into the encoder.

A unit is a stretch of a scene, so that several GPUs can share one; each is a video that begins with a key frame.
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

if TYPE_CHECKING:  # torch takes longer to import than all the rest of a run with nothing to do
    import numpy as np
    from numpy.typing import NDArray

    from steps.pix2pixhd.actor import Actor


class Part(StrictModel):
    """What a unit is asked to render: frames `first` to `end` of a scene of `of`."""

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
        for file, stretch in zip(chunk_files("actor", scene, frames, ".mp4"), chunks(frames), strict=True):
            part = Part(size=presenter.size, body=presenter.body, first=stretch.start, end=stretch.stop, of=frames)
            yield Unit(
                name=f"scene {scene:02d}"
                if len(stretch) == frames
                else f"scene {scene:02d} from {stretch.start / FRAME_RATE:.0f} s",
                reads=(scene_file("motion", scene, ".npz"),),
                also=(presenter.generator,),
                writes=(file,),
                settings=part.model_dump(mode="json"),
                cost=len(stretch),
            )


@contextmanager
def start(workspace: Workspace) -> Iterator[Actor]:
    try:
        from steps.pix2pixhd.actor import hire
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[pix2pixhd]") from fault

    with hire(load_presenter(workspace.story.presenter).generator) as actor:
        if actor.add_remark:
            log("pix2pixhd", actor.add_remark)
        yield actor


def work(unit: Unit, workspace: Workspace, actor: Actor, drafts: list[Path], progress: Progress) -> None:
    part = Part.model_validate(unit.settings)
    landmarks = read_motion(workspace.path(unit.reads[0]), part.of)[part.first : part.end]
    with open_encoder(drafts[0], part.size, part.size, FRAME_RATE, actor.settings, actor.pixels) as write:
        for frames in actor.frames(landmarks, part.size, part.body):
            write(frames)
            progress.advance(len(frames))


def read_motion(path: Path, frames: int) -> NDArray[np.float32]:
    """Landmarks (frames, 68, 2), float32 pixels of the presenter's frame. Raises BadInput for anything else."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks: NDArray[np.float32] = file["landmarks"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as fault:
        raise BadInput(f"{path}: not the motion of a scene ({fault}); run animate again") from fault
    if landmarks.dtype != np.float32 or landmarks.shape != (frames, 68, 2):
        told = f"landmarks are {landmarks.dtype} {landmarks.shape}, must be float32 {(frames, 68, 2)}"
        raise BadInput(f"{path}: {told} as the voice is long; run animate again")
    if not np.isfinite(landmarks).all():
        raise BadInput(f"{path}: landmarks are not all finite numbers; run animate again")
    return landmarks


WORK = UnitWork(version=3, plan=plan, start=start, work=work)
