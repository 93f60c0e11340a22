"""pix2pixhd: the landmarks of every frame become the presenter's frames, a scene at a time, through a pipe into the encoder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from steps.encoder import open_encoder
from steps.errors import BadInput, MissingProgram
from steps.handover import FRAME_RATE, frames_of_sound, scene_file
from steps.presenters import Presenter, load_presenter
from steps.progress import Progress
from steps.step import Step, Unit
from steps.workspace import Workspace

if TYPE_CHECKING:  # torch takes longer to import than all the rest of a run with nothing to do
    import numpy as np
    from numpy.typing import NDArray

    from steps.pix2pixhd.actor import Actor

__all__ = ["STEP"]


def plan(workspace: Workspace) -> Iterator[Unit]:
    story = workspace.story
    presenter = load_presenter(story.presenter)
    for scene in range(len(story.scenes)):
        yield Unit(
            name=f"scene {scene:02d}",
            reads=(scene_file("motion", scene, ".npz"),),
            also=(presenter.generator,),
            writes=(scene_file("actor", scene, ".mp4"),),
            settings={"size": presenter.size, "body": presenter.body},
            cost=frames_of_sound(workspace.path(scene_file("voice", scene, ".wav"))),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Actor]:
    try:
        from steps.pix2pixhd.actor import hire
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[pix2pixhd]") from fault

    with hire(load_presenter(workspace.story.presenter).generator) as actor:
        if actor.remark:
            print(f"pix2pixhd: {actor.remark}", file=sys.stderr, flush=True)
        yield actor


def work(unit: Unit, workspace: Workspace, actor: Actor, drafts: list[Path], progress: Progress) -> None:
    presenter = load_presenter(workspace.story.presenter)
    landmarks = read_motion(workspace.path(unit.reads[0]), presenter)
    with open_encoder(drafts[0], presenter.size, presenter.size, FRAME_RATE, actor.settings, actor.pixels) as write:
        for frames in actor.frames(landmarks, presenter.size, presenter.body):
            write(frames)
            progress.advance(len(frames))


def read_motion(path: Path, presenter: Presenter) -> NDArray[np.float32]:
    """Landmarks (T, 68, 2), float32 pixels of the presenter's frame. Raises BadInput for anything else."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks: NDArray[np.float32] = file["landmarks"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as fault:
        raise BadInput(f"{path}: not the motion of a scene ({fault}); run animate again") from fault
    if landmarks.dtype != np.float32 or landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2) or not len(landmarks):
        raise BadInput(f"{path}: landmarks are {landmarks.dtype} {landmarks.shape}, must be float32 (frames, 68, 2)")
    if not np.isfinite(landmarks).all():
        raise BadInput(f"{path}: landmarks are not all finite numbers; run animate again")
    return landmarks


STEP = Step(name="pix2pixhd", version=2, counts="frames", plan=plan, start=start, work=work)
