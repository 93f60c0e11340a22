"""Presenter bundles: one folder each, made by `make presenter` or by a newsroom from its own footage.

NAME/presenter.yaml    who it is: the name on screen, size in pixels, frame rate, licence
NAME/footage.mp4       the presenter at rest: head, brows and blinks, mouth closed; loops
NAME/landmarks.dat     dlib's shape predictor, 68 points
NAME/visemes.npz       mouth shapes: (visemes, 68, 2) offsets from rest in units of the distance between the eyes
NAME/generator.pth     pix2pixHD's state dict
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from steps.errors import BadWeights

__all__ = ["Presenter", "load_presenter", "presenter_names"]

HOME = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Presenter:
    """A bundle's `presenter.yaml` and where its files are."""

    name: str
    shown_as: str
    """The name in the lower third."""
    role: str
    size: int
    """Width and height of a frame, pixels."""
    frame_rate: int
    licence: str
    made_by: str
    home: Path

    @property
    def footage(self) -> Path:
        return self.home / "footage.mp4"

    @property
    def landmarks(self) -> Path:
        return self.home / "landmarks.dat"

    @property
    def visemes(self) -> Path:
        return self.home / "visemes.npz"

    @property
    def generator(self) -> Path:
        return self.home / "generator.pth"


def presenter_names() -> frozenset[str]:
    return frozenset(sheet.parent.name for sheet in HOME.glob("*/presenter.yaml"))


def load_presenter(name: str) -> Presenter:
    """Read a bundle. `name` is one of `presenter_names()`; raises BadWeights where a file is missing or malformed."""
    home = HOME / name
    try:
        presenter = Presenter(home=home, name=name, **yaml.safe_load((home / "presenter.yaml").read_text()))
    except (OSError, TypeError, yaml.YAMLError) as fault:
        raise BadWeights(f"presenter {name}: presenter.yaml cannot be used: {fault}") from fault
    for path in (presenter.footage, presenter.landmarks, presenter.visemes, presenter.generator):
        if not path.is_file():
            raise BadWeights(f"presenter {name}: {path.name} is missing; run `make presenter`")
    return presenter
