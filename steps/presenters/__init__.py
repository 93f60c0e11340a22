"""Presenter bundles: one folder each, made by `make presenter` or by a newsroom from its own footage.

NAME/presenter.yaml    who it is: the name on screen, size in pixels, frame rate, licence, what of the body stands still
NAME/footage.mp4       the presenter at rest: head, brows and blinks, mouth closed; loops
NAME/landmarks.dat     dlib's shape predictor, 68 points
NAME/visemes.npz       mouth shapes: (visemes, 68, 2) offsets from rest in units of the distance between the eyes
NAME/generator.pth     pix2pixHD's state dict
"""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steps.errors import BadWeights

__all__ = ["Presenter", "load_presenter", "presenter_names"]

HOME = Path(__file__).parent

Point = tuple[float, float]
Polyline = Annotated[tuple[Point, ...], Field(min_length=2, max_length=64)]


class Presenter(BaseModel):
    """A bundle's `presenter.yaml` and where its files are."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    shown_as: Annotated[str, Field(min_length=1, max_length=60)]
    """The name in the lower third."""
    role: Annotated[str, Field(max_length=60)]
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=32)]
    """Width and height of a frame, pixels."""
    frame_rate: Literal[30]
    licence: str
    made_by: str
    body: Annotated[tuple[Polyline, ...], Field(max_length=32)] = ()
    """What stands still, as polylines in pixels of the frame: drawn into the generator's input beside the face's edges,
    so that it knows where shoulders and neckline are."""
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
    presenter = read_sheet(HOME / name)
    for path in (presenter.footage, presenter.landmarks, presenter.visemes, presenter.generator):
        if not path.is_file():
            raise BadWeights(f"presenter {name}: {path.name} is missing; run `make presenter`")
    return presenter


def read_sheet(home: Path) -> Presenter:
    """Read the `presenter.yaml` of a bundle whose other files may not be made yet; raises BadWeights."""
    where = f"presenter {home.name}: presenter.yaml"
    try:
        sheet = yaml.safe_load((home / "presenter.yaml").read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise BadWeights(f"{where} cannot be read: {' '.join(str(fault).split())}") from fault
    if not isinstance(sheet, dict) or {"name", "home"} & sheet.keys():
        raise BadWeights(f"{where} must be a mapping with the fields shown_as, role, size, frame_rate, licence, made_by, body")
    try:
        return Presenter(**{**sheet, "name": home.name, "home": home})
    except (ValidationError, TypeError) as fault:
        raise BadWeights(f"{where}: {described(fault)}") from fault


def described(fault: ValidationError | TypeError) -> str:
    if isinstance(fault, TypeError):
        return "field names must be words"
    return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
