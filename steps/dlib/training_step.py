"""The step `dlib-track`: footage that a presenter is trained on to 68 landmarks a frame."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.training_data import (
    EXACT_LANDMARKS_FILE,
    FOOTAGE_FILE,
    LANDMARKS_FILE,
    bundle_file,
    read_trained_presenter,
    read_training_job,
)
from newsreel.workspace import Workspace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from steps.dlib.predictor import FaceFinder


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit: the clip. Exact landmarks are copied if there are any."""
    known = workspace.path(EXACT_LANDMARKS_FILE).is_file()
    yield Unit(
        name="landmarks that were given" if known else "footage",
        reads=(EXACT_LANDMARKS_FILE,) if known else (FOOTAGE_FILE, bundle_file("landmarks.dat")),
        writes=(LANDMARKS_FILE,),
        settings={"known": known, "size": read_trained_presenter(workspace).size},
        cost=read_training_job(workspace).frames,
    )


def start(workspace: Workspace) -> "AbstractContextManager[FaceFinder | None]":
    return nullcontext() if workspace.path(EXACT_LANDMARKS_FILE).is_file() else finder(workspace)


@contextmanager
def finder(workspace: Workspace) -> Iterator["FaceFinder"]:
    from steps.dlib.predictor import FaceFinder

    yield FaceFinder(workspace.path(bundle_file("landmarks.dat")))


def work(unit: Unit, workspace: Workspace, finder: "FaceFinder | None", drafts: list[Path], progress: Progress) -> None:
    import numpy as np

    from steps.dlib.footage import decode_presenter_footage
    from steps.dlib.track import track_presenter

    if finder is None:
        with np.load(workspace.path(EXACT_LANDMARKS_FILE), allow_pickle=False) as given:
            np.savez(drafts[0], landmarks=given["landmarks"].astype(np.float32))
        return
    filmed = read_trained_presenter(workspace).model_copy(update={"home": workspace.path(FOOTAGE_FILE).parent})
    track = track_presenter(decode_presenter_footage(filmed), finder, progress.advance)
    if track.missing:
        progress.add_remark(unit.name, f"no face in {track.missing} frames; interpolated from their neighbours")
    np.savez(drafts[0], landmarks=track.landmarks)


WORK = UnitWork(version=1, packages=("dlib-bin",), plan=plan, start=start, work=work)
