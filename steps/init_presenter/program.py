"""`init-presenter`: a presenter's sheet and footage enter the workspace, see `newsreel.presenters.training_data` and
`newsreel.presenters.training_data`."""

import argparse
from pathlib import Path

import numpy as np

from newsreel.errors import BadInput, translate_disk_full
from newsreel.files import link_or_copy, write_atomically
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from newsreel.presenters.training_data import (
    EXACT_LANDMARKS_FILE,
    FOOTAGE_FILE,
    JOB_FILE,
    MAX_TRAINING_MINUTES,
    VISEMES_FILE,
    TrainingData,
    TrainingJob,
    bundle_file,
    open_training_data,
)
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.workspace import Workspace, work_key

__all__ = ["run"]

NAME, VERSION = "init-presenter", 1
STAND_IN = BUNDLED_PRESENTERS / "maya" / "landmarks.dat"
"""Knows drawn faces; a newsroom brings a predictor that knows people."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, MissingProgram, DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument(
        "--footage", required=True, metavar="ADDRESS", help="folder or prefix with presenter.yaml and footage.mp4"
    )
    parser.add_argument("--workspace", type=Path, required=True, help="the training's directory")
    parser.add_argument("--steps", type=int, required=True, metavar="N", help="of the generator's training, at most")
    parser.add_argument("--minutes", type=float, required=True, metavar="M", help="of the generator's training, at most")
    options = parser.parse_args(arguments)
    if options.steps < 1 or not 0 < options.minutes <= MAX_TRAINING_MINUTES:
        raise BadInput(f"{options.steps} steps, {options.minutes} minutes: must be 1 or more, and more than 0")
    storage = Storage.from_environment()
    intake = open_training_data(storage, Address.parse(options.footage))
    fill(Workspace(options.workspace), intake, storage, options.steps, options.minutes)


def fill(workspace: Workspace, intake: TrainingData, storage: Storage, steps: int, minutes: float) -> None:
    """Write what the other steps read; what is there already and would come out the same is not made again."""
    progress = Progress.from_environment(NAME)
    size = intake.presenter.size
    write_atomically(workspace.path(bundle_file("presenter.yaml")), intake.sheet)
    frames = footage(workspace, intake.read(storage, "footage.mp4"), "footage.mp4", bundle_file("footage.mp4"), size, progress)
    if "rehearsal.mp4" in intake.files:
        frames = footage(workspace, intake.read(storage, "rehearsal.mp4"), "rehearsal.mp4", FOOTAGE_FILE, size, progress)
    else:
        link_or_copy(workspace.path(bundle_file("footage.mp4")), workspace.path(FOOTAGE_FILE), durable=False)
    given = {
        name: intake.read(storage, name) for name in ("landmarks.dat", "landmarks.npz", "visemes.npz") if name in intake.files
    }
    if "landmarks.dat" not in given and "landmarks.npz" not in given:
        progress.info("no landmarks.dat is given: the one that ships is used, which knows drawn faces alone")
    write_atomically(workspace.path(bundle_file("landmarks.dat")), given.get("landmarks.dat") or STAND_IN.read_bytes())
    put(workspace.path(EXACT_LANDMARKS_FILE), given.get("landmarks.npz"))
    put(workspace.path(VISEMES_FILE), given.get("visemes.npz"))
    if "landmarks.npz" in given:
        require_landmarks(workspace.path(EXACT_LANDMARKS_FILE), frames, size)
    lesson = TrainingJob(name=intake.presenter.name, frames=frames, steps=steps, minutes=minutes, options=intake.options)
    write_atomically(workspace.path(JOB_FILE), lesson.model_dump_json(indent=2) + "\n")


def footage(workspace: Workspace, content: bytes, name: str, final: str, size: int, progress: Progress) -> int:
    """Bring a clip to the presenter's size, once; how many frames it has."""
    from steps.init_presenter.footage import fit, probe

    raw = workspace.path(f".tmp-{name}")
    with translate_disk_full(workspace.root):
        raw.write_bytes(content)
    try:
        key = work_key(NAME, VERSION, {"size": size}, [raw])
        if not workspace.link_unit(NAME, key, [final]):
            progress.set_total(max(1, probe(raw, name).frames), "frames")
            with workspace.atomic_outputs(NAME, key, [final]) as [draft]:
                fit(raw, draft, name, size, progress.advance)
        return probe(workspace.path(final), name).frames
    finally:
        raw.unlink(missing_ok=True)


def put(path: Path, content: bytes | None) -> None:
    """Write what is given, and leave nothing of an earlier run where nothing is."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, content)


def require_landmarks(path: Path, frames: int, size: int) -> None:
    """Raises BadInput where given landmarks are not 68 finite points of every frame, within it or near."""
    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks = file["landmarks"]
    except Exception as fault:  # a hostile archive makes numpy raise anything
        raise BadInput(f"landmarks.npz: cannot be read ({type(fault).__name__}); save `landmarks` with numpy.savez") from fault
    if landmarks.shape != (frames, 68, 2) or landmarks.dtype.kind != "f":
        raise BadInput(f"landmarks.npz: landmarks are {landmarks.dtype} {landmarks.shape}, must be floats ({frames}, 68, 2)")
    if not (np.isfinite(landmarks).all() and landmarks.min() > -size and landmarks.max() < 2 * size):
        raise BadInput(f"landmarks.npz: landmarks are not all in or near a frame of {size}x{size} pixels")
