"""The step `animate-visemes`: visemes for a presenter's face, unless they were given."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.training_data import LANDMARKS_FILE, VISEMES_FILE, bundle_file
from newsreel.workspace import Workspace


def plan(workspace: Workspace) -> Iterator[Unit]:
    given = workspace.path(VISEMES_FILE).is_file()
    yield Unit(
        name="mouth shapes that were given" if given else "mouth shapes",
        reads=(VISEMES_FILE if given else LANDMARKS_FILE,),
        writes=(bundle_file("visemes.npz"),),
        settings={"given": given},
        cost=1,
    )


def start(workspace: Workspace) -> AbstractContextManager[None]:
    return nullcontext()


def work(unit: Unit, workspace: Workspace, _: None, drafts: list[Path], progress: Progress) -> None:
    import numpy as np

    from steps.animate.retarget import rest_of, retarget_visemes
    from steps.animate.visemes import load_visemes, save_visemes

    source = workspace.path(unit.reads[0])
    if unit.settings["given"]:
        load_visemes(source)
        drafts[0].write_bytes(source.read_bytes())
        return
    with np.load(source, allow_pickle=False) as file:
        save_visemes(retarget_visemes(rest_of(file["landmarks"])), drafts[0])


WORK = UnitWork(version=1, plan=plan, start=start, work=work)
