"""The step `dlib`: a presenter's footage to `footage/landmarks.npz`, 68 landmarks a frame."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.workspace import Workspace

if TYPE_CHECKING:
    from steps.dlib.people import Span
    from steps.dlib.predictor import FaceFinder


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit: the clip. It does not depend on the story, so all stories of a presenter have the same key."""
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

    from steps.dlib.footage import decode_presenter_footage
    from steps.dlib.track import require_loopable, track_presenter

    presenter = load_presenter(workspace.story.presenter)
    track = track_presenter(decode_presenter_footage(presenter), finder, progress.advance)
    require_loopable(track)
    if track.gaps:
        where = join_spans(track.gaps)
        progress.add_remark(unit.name, f"no face in {track.missing} frames ({where}); interpolated from their neighbours")
    if track.bystanders:
        progress.add_remark(unit.name, f"another person at {join_spans(track.bystanders)}; the presenter was tracked")
    np.savez(drafts[0], landmarks=track.landmarks, size=presenter.size, frame_rate=presenter.frame_rate)


def join_spans(spans: "Iterable[Span]") -> str:
    return ", ".join(map(str, spans))


WORK = UnitWork(version=2, packages=("dlib-bin",), plan=plan, start=start, work=work)
