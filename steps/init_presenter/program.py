"""`init-presenter`: write a presenter's sheet, footage and training job to the workspace; see
`newsreel.training_data`."""

import argparse
from pathlib import Path

import numpy as np

from newsreel.errors import BadInput, translate_disk_full
from newsreel.files import link_or_copy, write_atomically
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.training_data import (
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
from newsreel.workspace import Workspace, work_key

NAME, VERSION = "init-presenter", 1
DEFAULT_PREDICTOR = BUNDLED_PRESENTERS / "maya" / "landmarks.dat"
"""Trained on drawn faces; a newsroom provides one that is trained on people."""


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
    data = open_training_data(storage, Address.parse(options.footage))
    fill_workspace(Workspace(options.workspace), data, storage, options.steps, options.minutes)


def fill_workspace(workspace: Workspace, data: TrainingData, storage: Storage, steps: int, minutes: float) -> None:
    """Write the inputs of the other steps; footage that is unchanged is not converted again."""
    progress = Progress.from_environment(NAME)
    size = data.presenter.size
    write_atomically(workspace.path(bundle_file("presenter.yaml")), data.sheet)
    frames = import_clip(workspace, data.read(storage, "footage.mp4"), "footage.mp4", bundle_file("footage.mp4"), size, progress)
    if "rehearsal.mp4" in data.files:
        frames = import_clip(workspace, data.read(storage, "rehearsal.mp4"), "rehearsal.mp4", FOOTAGE_FILE, size, progress)
    else:
        link_or_copy(workspace.path(bundle_file("footage.mp4")), workspace.path(FOOTAGE_FILE), durable=False)
    given = {name: data.read(storage, name) for name in ("landmarks.dat", "landmarks.npz", "visemes.npz") if name in data.files}
    if "landmarks.dat" not in given and "landmarks.npz" not in given:
        progress.info("no landmarks.dat is given: the built-in one is used, which is trained on drawn faces only")
    write_atomically(workspace.path(bundle_file("landmarks.dat")), given.get("landmarks.dat") or DEFAULT_PREDICTOR.read_bytes())
    write_or_remove(workspace.path(EXACT_LANDMARKS_FILE), given.get("landmarks.npz"))
    write_or_remove(workspace.path(VISEMES_FILE), given.get("visemes.npz"))
    if "landmarks.npz" in given:
        require_landmarks(workspace.path(EXACT_LANDMARKS_FILE), frames, size)
    job = TrainingJob(name=data.presenter.name, frames=frames, steps=steps, minutes=minutes, options=data.options)
    write_atomically(workspace.path(JOB_FILE), job.model_dump_json(indent=2) + "\n")


def import_clip(workspace: Workspace, content: bytes, name: str, final: str, size: int, progress: Progress) -> int:
    """Convert a clip to the presenter's size unless that is done already; returns its number of frames."""
    from steps.init_presenter.footage import convert_footage, probe

    source = workspace.path(f".tmp-{name}")
    with translate_disk_full(workspace.root):
        source.write_bytes(content)
    try:
        key = work_key(NAME, VERSION, {"size": size}, [source])
        if not workspace.link_unit(NAME, key, [final]):
            progress.set_total(max(1, probe(source, name).frames), "frames")
            with workspace.atomic_outputs(NAME, key, [final]) as [draft]:
                convert_footage(source, draft, name, size, progress.advance)
        return probe(workspace.path(final), name).frames
    finally:
        source.unlink(missing_ok=True)


def write_or_remove(path: Path, content: bytes | None) -> None:
    """Write `content`, or remove a file of an earlier run if there is none."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, content)


def require_landmarks(path: Path, frames: int, size: int) -> None:
    """Raises BadInput unless the landmarks are 68 finite points for every frame, in or near it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks = file["landmarks"]
    except Exception as fault:  # numpy may raise anything on a malicious archive
        raise BadInput(f"landmarks.npz: cannot be read ({type(fault).__name__}); save `landmarks` with numpy.savez") from fault
    if landmarks.shape != (frames, 68, 2) or landmarks.dtype.kind != "f":
        raise BadInput(f"landmarks.npz: landmarks are {landmarks.dtype} {landmarks.shape}, must be floats ({frames}, 68, 2)")
    if not (np.isfinite(landmarks).all() and landmarks.min() > -size and landmarks.max() < 2 * size):
        raise BadInput(f"landmarks.npz: landmarks are not all in or near a frame of {size}x{size} pixels")
