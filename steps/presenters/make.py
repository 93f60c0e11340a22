"""`python -m steps.presenters.make maya`: draw the presenter, and train all that a story needs of her.

Footage, mouth shapes, dlib's shape predictor, pix2pixHD's generator: about 16 minutes on two quiet cores. Everything is seeded;
each file appears under its name when it is complete, and `--only` makes some of them again.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from steps.errors import BadInput, NewsreelError
from steps.presenters import HOME, Presenter, presenter_names, read_sheet
from steps.presenters.drawing import Pose, draw
from steps.presenters.footage import FOOTAGE_SECONDS, ON_AIR, rehearsal, talking, write_footage
from steps.presenters.visemes import write_visemes

__all__ = ["main"]

FOOTAGE_SEED, DLIB_SEED, GENERATOR_SEED, UNSEEN_SEED = 1, 11, 21, 31
"""Apart, so that nothing is examined on what it was trained on."""
GENERATOR_FRAMES, UNSEEN_FRAMES = 2400, 90
GENERATOR_STEPS = 4000
"""About 13 minutes on two quiet cores: 0.17 s a step, 0.26 s once the discriminator has joined in."""

Shot = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""Pictures (n, size, size, 3) RGB and their landmarks (n, 68, 2) in pixels."""


def shoot(poses: Iterator[Pose], size: int) -> Callable[[int], Shot]:
    """A camera: called with n, it gives the next n poses as pictures and landmarks."""

    def frames(count: int) -> Shot:
        drawn = [draw(next(poses), size) for _ in range(count)]
        return np.stack([picture for picture, _ in drawn]), np.stack([landmarks for _, landmarks in drawn])

    return frames


def make_footage(presenter: Presenter) -> None:
    write_footage(presenter.footage, FOOTAGE_SEED, FOOTAGE_SECONDS, presenter.size)


def make_visemes(presenter: Presenter) -> None:
    write_visemes(presenter.visemes)


def make_landmarks(presenter: Presenter) -> None:
    from steps.dlib.train import FRAMES, train_predictor

    train_predictor(shoot(rehearsal(DLIB_SEED, FRAMES), presenter.size), presenter.landmarks, DLIB_SEED)


def make_generator(presenter: Presenter) -> None:
    from steps.pix2pixhd.pairs import Pairs
    from steps.pix2pixhd.train import Course, train_generator

    seen = shoot(rehearsal(GENERATOR_SEED, GENERATOR_FRAMES, ON_AIR), presenter.size)(GENERATOR_FRAMES)
    unseen = shoot(iter(talking(UNSEEN_SEED, UNSEEN_FRAMES)), presenter.size)(UNSEEN_FRAMES)
    # Counted in steps, not minutes: a busy machine takes longer and makes the same generator.
    course = Course(steps=GENERATOR_STEPS, minutes=120, seed=GENERATOR_SEED)
    train_generator(Pairs(*seen, presenter.body), Pairs(*unseen, presenter.body), presenter.generator, course, say=say)


PARTS: dict[str, Callable[[Presenter], None]] = {
    "footage": make_footage,
    "visemes": make_visemes,
    "landmarks": make_landmarks,
    "generator": make_generator,
}


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def timed(part: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{part}: made in {time.monotonic() - began:.0f} s")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m steps.presenters.make", description=__doc__)
    parser.add_argument("presenter", help=f"one of: {', '.join(sorted(presenter_names()))}")
    parser.add_argument("--only", action="append", choices=PARTS, help="make this part alone; may be repeated")
    options = parser.parse_args(arguments)
    try:
        if options.presenter not in presenter_names():
            raise BadInput(f"no folder {options.presenter} with a presenter.yaml; write that first")
        presenter = read_sheet(HOME / options.presenter)
        with timed(f"presenter {presenter.name}"):
            for part in options.only or PARTS:
                with timed(part):
                    PARTS[part](presenter)
    except NewsreelError as fault:
        say(f"make presenter: {fault} (exit {fault.exit_status})")
        return fault.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
