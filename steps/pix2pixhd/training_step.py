"""The step `pix2pixhd-train`: footage and its landmarks to a presenter's generator, with sample pictures and a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.errors import MissingProgram
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.training_data import (
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
from newsreel.workspace import Workspace, work_key
from steps.pix2pixhd import TRAIN
from steps.pix2pixhd.config import Architecture, TrainingConfig, architecture_for
from steps.pix2pixhd.step import read_landmarks

if TYPE_CHECKING:
    from steps.pix2pixhd.training.dataset import FrameDataset

CHECKPOINTS = "training/checkpoints"


def plan(workspace: Workspace) -> Iterator[Unit]:
    job, sheet = read_training_job(workspace), read_trained_presenter(workspace)
    yield Unit(
        name=f"generator of {job.name}",
        reads=(FOOTAGE_FILE, LANDMARKS_FILE),
        writes=(bundle_file("generator.pth"), SAMPLES_FILE, REPORT_FILE),
        settings={"config": asdict(training_config(job, sheet.size)), "held out": job.held_out, "body": sheet.body},
        cost=job.steps,
    )


def training_config(job: TrainingJob, size: int) -> TrainingConfig:
    """The configuration of a training job; a full-size net has the published discriminator, at 3 scales from 1024 pixels on."""
    options = job.options
    architecture = architecture_of(options.net) if options.net else architecture_for(size)
    small = architecture.ngf < 32
    return TrainingConfig(
        steps=job.steps,
        minutes=job.minutes,
        seed=options.seed,
        batch=options.batch,
        architecture=architecture,
        learning_rate=2e-3 if small else 2e-4,
        discriminator_scales=2 if size < 1024 else 3,
        ndf=16 if small else 64,
        eval_interval=options.examined_every or max(1, min(500, job.steps // 10)),
        patience=options.patience,
        target_psnr=options.enough,
    )


def architecture_of(net: GeneratorOptions) -> Architecture:
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
    """Require torch. The unit loads its own training data."""
    try:
        import torch
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[pix2pixhd]") from fault
    torch.set_float32_matmul_precision("high")
    yield


def work(unit: Unit, workspace: Workspace, _: None, drafts: list[Path], progress: Progress) -> None:
    from steps.pix2pixhd.training.loop import TrainingCallbacks, train_generator

    config = training_config(read_training_job(workspace), read_trained_presenter(workspace).size)
    callbacks = TrainingCallbacks(
        log=progress.info, advance=progress.advance, samples=workspace.path(SAMPLES_FILE), report=workspace.path(REPORT_FILE)
    )
    with open_datasets(workspace) as (dataset, held_out):
        train_generator(dataset, held_out, drafts[0], config, callbacks, checkpoints=checkpoint_path(unit, workspace))
    for draft, name in zip(drafts[1:], (SAMPLES_FILE, REPORT_FILE), strict=True):
        draft.write_bytes(workspace.path(name).read_bytes())


def checkpoint_path(unit: Unit, workspace: Workspace) -> Path:
    """Path named by a key of all that the training depends on; checkpoints with other keys are removed."""
    key = work_key(TRAIN.name, WORK.version, unit.settings, [workspace.path(name) for name in unit.reads])
    home = workspace.path(CHECKPOINTS)
    home.mkdir(parents=True, exist_ok=True)
    for other in home.iterdir():
        if not other.name.startswith(key):
            other.unlink()
    return home / key


@contextmanager
def open_datasets(workspace: Workspace) -> Iterator[tuple[FrameDataset, FrameDataset]]:
    """The training data, and the last consecutive frames of the footage, which are held out for evaluation."""
    from steps.pix2pixhd.training.dataset import FrameDataset, decode_frames

    job, sheet = read_training_job(workspace), read_trained_presenter(workspace)
    landmarks = read_landmarks(workspace.path(LANDMARKS_FILE), job.frames, "dlib-track")
    with decode_frames(workspace.path(FOOTAGE_FILE), sheet.size, job.frames, workspace.root) as pictures:
        dataset = FrameDataset(pictures, landmarks, sheet.body)
        yield dataset.subset(slice(None, -job.held_out)), dataset.subset(slice(-job.held_out, None))


WORK = UnitWork(version=1, plan=plan, start=start, work=work)
