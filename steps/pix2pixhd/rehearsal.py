"""The step `pix2pixhd-train`: footage and its landmarks -> a presenter's generator, with samples and a report to follow it by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.errors import BadInput, MissingProgram
from newsreel.presenters.training_data import (
    FOOTAGE_FILE,
    LANDMARKS_FILE,
    REPORT_FILE,
    SAMPLES_FILE,
    GeneratorOptions,
    TrainingJob,
    bundle_file,
    read_trained_presenter,
    read_training_job,
)
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.workspace import Workspace, work_key
from steps.pix2pixhd import TRAIN
from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.course import Course, architecture_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steps.pix2pixhd.pairs import Pairs

CHECKPOINTS = "training/checkpoints"


def plan(workspace: Workspace) -> Iterator[Unit]:
    lesson, sheet = read_training_job(workspace), read_trained_presenter(workspace)
    yield Unit(
        name=f"generator of {lesson.name}",
        reads=(FOOTAGE_FILE, LANDMARKS_FILE),
        writes=(bundle_file("generator.pth"), SAMPLES_FILE, REPORT_FILE),
        settings={"course": asdict(course_of(lesson, sheet.size)), "held out": lesson.held_out, "body": sheet.body},
        cost=lesson.steps,
    )


def course_of(lesson: TrainingJob, size: int) -> Course:
    """The course a lesson asks for; a full-sized net has the published discriminator, at three scales from 1024 pixels on."""
    asked = lesson.options
    architecture = shape_of(asked.net) if asked.net else architecture_for(size)
    small = architecture.ngf < 32
    return Course(
        steps=lesson.steps,
        minutes=lesson.minutes,
        seed=asked.seed,
        batch=asked.batch,
        architecture=architecture,
        rate=2e-3 if small else 2e-4,
        discriminators=2 if size < 1024 else 3,
        ndf=16 if small else 64,
        examined_every=asked.examined_every or max(1, min(500, lesson.steps // 10)),
        patience=asked.patience,
        enough=asked.enough,
    )


def shape_of(net: GeneratorOptions) -> Architecture:
    return Architecture(
        net=net.net,
        ngf=net.ngf,
        n_downsample_global=net.n_downsample_global,
        n_blocks_global=net.n_blocks_global,
        n_local_enhancers=int(net.net == "local"),
        n_blocks_local=net.n_blocks_local,
    )


@contextmanager
def start(workspace: Workspace) -> Iterator[None]:
    """torch; what it trains on, the unit brings in itself."""
    try:
        import torch
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[pix2pixhd]") from fault
    torch.set_float32_matmul_precision("high")
    yield


def work(unit: Unit, workspace: Workspace, _: None, drafts: list[Path], progress: Progress) -> None:
    from steps.pix2pixhd.train import Watching, train_generator

    course = course_of(read_training_job(workspace), read_trained_presenter(workspace).size)
    watching = Watching(
        say=progress.info, advance=progress.advance, samples=workspace.path(SAMPLES_FILE), report=workspace.path(REPORT_FILE)
    )
    with pairs_of(workspace) as (seen, unseen):
        train_generator(seen, unseen, drafts[0], course, watching, checkpoints=checkpoints_of(unit, workspace))
    for draft, name in zip(drafts[1:], (SAMPLES_FILE, REPORT_FILE), strict=True):
        draft.write_bytes(workspace.path(name).read_bytes())


def checkpoints_of(unit: Unit, workspace: Workspace) -> Path:
    """Named by all that the training depends on, so that another footage's or course's is never taken up; those are cleared."""
    key = work_key(TRAIN.name, WORK.version, unit.settings, [workspace.path(name) for name in unit.reads])
    home = workspace.path(CHECKPOINTS)
    home.mkdir(parents=True, exist_ok=True)
    for other in home.iterdir():
        if not other.name.startswith(key):
            other.unlink()
    return home / key


@contextmanager
def pairs_of(workspace: Workspace) -> Iterator[tuple[Pairs, Pairs]]:
    """What is trained on, and the last consecutive part of the footage, which is held out."""
    from steps.pix2pixhd.frames import unpacked
    from steps.pix2pixhd.pairs import Pairs

    lesson, sheet = read_training_job(workspace), read_trained_presenter(workspace)
    landmarks = read_landmarks(workspace.path(LANDMARKS_FILE), lesson.frames)
    with unpacked(workspace.path(FOOTAGE_FILE), sheet.size, lesson.frames, workspace.root) as pictures:
        whole = Pairs(pictures, landmarks, sheet.body)
        yield whole.taken(slice(None, -lesson.held_out)), whole.taken(slice(-lesson.held_out, None))


def read_landmarks(path: Path, frames: int) -> NDArray[np.float32]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks: NDArray[np.float32] = file["landmarks"]
    except (OSError, ValueError, KeyError) as fault:
        raise BadInput(f"{path}: not the landmarks of a clip ({fault}); run dlib-track again") from fault
    if landmarks.shape != (frames, 68, 2) or not np.isfinite(landmarks).all():
        raise BadInput(f"{path}: not landmarks ({frames}, 68, 2), one of each frame; run dlib-track again")
    return landmarks


WORK = UnitWork(version=1, plan=plan, start=start, work=work)
