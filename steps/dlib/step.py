"""The step: a presenter's footage -> footage/landmarks.npz, 68 landmarks a frame."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.workspace import Workspace

if TYPE_CHECKING:
    from steps.dlib.predictor import FaceFinder
    from steps.dlib.track import Span


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit: the clip. It is the presenter's, not the story's, so every story of the presenter has the same key."""
    from steps.dlib.footage import frame_count

    presenter = load_presenter(workspace.story.presenter)
    yield Unit(
        name=f"footage of {presenter.name}",
        reads=(),
        also=(presenter.footage, presenter.landmarks),
        writes=("footage/landmarks.npz",),
        settings={"size": presenter.size, "frame_rate": presenter.frame_rate},
        cost=frame_count(presenter.footage),
    )


@contextmanager
def start(workspace: Workspace) -> Iterator["FaceFinder"]:
    from steps.dlib.predictor import FaceFinder

    yield FaceFinder(load_presenter(workspace.story.presenter).landmarks)


def work(unit: Unit, workspace: Workspace, finder: "FaceFinder", drafts: list[Path], progress: Progress) -> None:
    import numpy as np

    from steps.dlib.footage import decoded
    from steps.dlib.track import follow, refuse_what_cannot_loop

    presenter = load_presenter(workspace.story.presenter)
    track = follow(decoded(presenter), finder, progress.advance)
    refuse_what_cannot_loop(track)
    if track.gaps:
        progress.add_remark(unit.name, f"no face in {track.bridged} frames ({listed(track.gaps)}); bridged from their neighbours")
    if track.bystanders:
        progress.add_remark(unit.name, f"somebody else at {listed(track.bystanders)}; the presenter was followed")
    np.savez(drafts[0], landmarks=track.landmarks, size=presenter.size, frame_rate=presenter.frame_rate)


def listed(spans: "Iterable[Span]") -> str:
    return ", ".join(map(str, spans))


WORK = UnitWork(version=2, packages=("dlib-bin",), plan=plan, start=start, work=work)
