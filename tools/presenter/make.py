"""`python -m tools.presenter.make maya --into FOLDER`: draw the training data of the example presenter, who is not a real person.

FOLDER/maya/ then holds what a newsroom would provide of a person, see `newsreel.training_data`: the sheet, footage of
her idling, a training clip (rehearsal.mp4) with exact landmarks, dlib's predictor trained on drawn faces, and her visemes.
`newsreel train` does the rest. Everything is seeded; each file appears under its name when it is complete.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadInput, NewsreelError
from newsreel.files import write_atomically
from newsreel.media.encoder import VISUALLY_LOSSLESS, open_encoder
from newsreel.presenters.bundle import Presenter, find_presenter, presenter_names
from tools.presenter.drawing import Pose, draw
from tools.presenter.footage import FOOTAGE_SECONDS, STORY_RANGE, talking_poses, training_poses, write_footage
from tools.presenter.visemes import write_visemes

FOOTAGE_SEED, DLIB_SEED, TRAINING_SEED, HELD_OUT_SEED = 1, 11, 21, 31
"""Different seeds, so that nothing is evaluated on its training data."""
TRAINING_FRAMES, HELD_OUT_FRAMES = 2400, 90
"""The last frames are held out for evaluation: there she talks, in consecutive frames as in a story."""

Frames = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Pictures (n, size, size, 3) RGB and their landmarks (n, 68, 2) in pixels."""


def draw_source(poses: Iterator[Pose], size: int) -> Callable[[int], Frames]:
    """A function that draws the next n poses: pictures and landmarks."""

    def frames(count: int) -> Frames:
        drawn = [draw(next(poses), size) for _ in range(count)]
        return np.stack([picture for picture, _ in drawn]), np.stack([landmarks for _, landmarks in drawn])

    return frames


def make_footage(presenter: Presenter, into: Path) -> None:
    write_footage(into / "footage.mp4", FOOTAGE_SEED, FOOTAGE_SECONDS, presenter.size)


def make_visemes(presenter: Presenter, into: Path) -> None:
    write_visemes(into / "visemes.npz")


def make_landmarks(presenter: Presenter, into: Path) -> None:
    from steps.dlib.train import FRAMES, train_predictor
    from tools.presenter.footage import FULL_RANGE

    train_predictor(draw_source(training_poses(DLIB_SEED, FRAMES, FULL_RANGE), presenter.size), into / "landmarks.dat", DLIB_SEED)


def make_training_clip(presenter: Presenter, into: Path) -> None:
    poses = chain(training_poses(TRAINING_SEED, TRAINING_FRAMES, STORY_RANGE), talking_poses(HELD_OUT_SEED, HELD_OUT_FRAMES))
    write_training_clip(into, poses, presenter.size)


def write_training_clip(into: Path, poses: Iterator[Pose], size: int) -> None:
    """Draw poses to `training_poses.mp4`, visually lossless, and write their landmarks to `landmarks.npz`."""
    draft = into / ".tmp-rehearsal.mp4"
    landmarks = []
    try:
        with open_encoder(draft, size, size, FRAME_RATE, VISUALLY_LOSSLESS) as write:
            for picture, points in (draw(pose, size) for pose in poses):
                write(picture)
                landmarks.append(points)
        draft.replace(into / "rehearsal.mp4")
    finally:
        draft.unlink(missing_ok=True)
    file = BytesIO()
    np.savez(file, landmarks=np.stack(landmarks))
    write_atomically(into / "landmarks.npz", file.getvalue())


PARTS: dict[str, Callable[[Presenter, Path], None]] = {
    "footage": make_footage,
    "visemes": make_visemes,
    "landmarks": make_landmarks,
    "rehearsal": make_training_clip,
}


def log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def timed(part: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    log(f"{part}: made in {time.monotonic() - began:.0f} s")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.presenter.make", description=__doc__)
    parser.add_argument("presenter", help=f"one of: {', '.join(sorted(presenter_names()))}")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="FOLDER/<presenter>/ is filled")
    parser.add_argument("--only", action="append", choices=PARTS, help="make this part alone; may be repeated")
    options = parser.parse_args(arguments)
    try:
        if options.presenter not in presenter_names():
            raise BadInput(f"no folder {options.presenter} with a presenter.yaml; write that first")
        presenter = find_presenter(options.presenter)
        into = options.into / presenter.name
        into.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(presenter.home / "presenter.yaml", into / "presenter.yaml")
        with timed(f"presenter {presenter.name}"):
            for part in options.only or PARTS:
                with timed(part):
                    PARTS[part](presenter, into)
    except NewsreelError as fault:
        log(f"make presenter: {fault} (exit {fault.exit_status})")
        return fault.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
