"""How near the generator comes to the drawn presenter, on frames it has not seen: `python -m tests.bench.picture PRESENTER`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from newsreel.presenters.bundle import load_presenter
from steps.pix2pixhd.training.dataset import FrameDataset
from steps.pix2pixhd.training.evaluation import Quality, evaluate
from steps.pix2pixhd.weights import load_generator
from tools.presenter.footage import talking_poses
from tools.presenter.make import draw_source

__all__ = ["look"]

SEED, FRAMES = 97, 90
"""Of a motion that no training has used."""


def look(presenter_name: str) -> Quality:
    presenter = load_presenter(presenter_name)
    pictures, landmarks = draw_source(iter(talking_poses(SEED, FRAMES)), presenter.size)(FRAMES)
    return evaluate(load_generator(presenter.generator), FrameDataset(pictures, landmarks, presenter.body))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.picture", description=__doc__)
    parser.add_argument("presenter", help="one that is drawn, so that the truth is known: maya")
    print(json.dumps(asdict(look(parser.parse_args(arguments).presenter)), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
