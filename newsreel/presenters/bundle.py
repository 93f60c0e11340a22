"""Presenter bundles: a folder for each presenter, made by `newsreel train` from drawn or filmed footage.

Bundles are looked up in the folders of NEWSREEL_PRESENTERS (a list like PATH), then among those that ship; the first of a name
wins.

NAME/presenter.yaml    name on screen, size in pixels, frame rate, licence, the parts of the body that stand still
NAME/footage.mp4       the presenter at rest: head, brows and blinks, mouth closed; loops
NAME/landmarks.dat     dlib's shape predictor, 68 points
NAME/visemes.npz       mouth shapes: (visemes, 68, 2) offsets from rest in units of the distance between the eyes
NAME/generator.pth     pix2pixHD's state dict
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from newsreel.errors import BadInput, BadWeights
from newsreel.validation import StrictModel, parse_document

BUNDLED_PRESENTERS = Path(__file__).parent
PRESENTERS_VARIABLE = "NEWSREEL_PRESENTERS"
MAX_SHEET_VALUES = 10_000
"""32 polylines of 64 points have some 6,200."""
PRESENTER_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")

Point = tuple[float, float]
Polyline = Annotated[tuple[Point, ...], Field(min_length=2, max_length=64)]


class PresenterSheet(StrictModel, allow_inf_nan=False):
    """What a bundle's `presenter.yaml` says."""

    shown_as: Annotated[str, Field(min_length=1, max_length=60)]
    """The name in the lower third."""
    role: Annotated[str, Field(max_length=60)]
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=32)]
    """Width and height of a frame, pixels."""
    frame_rate: Literal[30]
    licence: str
    made_by: str
    body: Annotated[tuple[Polyline, ...], Field(max_length=32)] = ()
    """The parts that stand still, as polylines in pixels of the frame. They are drawn into the generator's input beside the
    edges of the face, so that it knows where shoulders and neckline are."""


class Presenter(PresenterSheet):
    """A presenter's sheet, and where the other files of the bundle are."""

    name: str
    home: Path
    """The bundle's folder."""

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


def presenter_folders() -> tuple[Path, ...]:
    """The folders of bundles, in the order of lookup. Raises BadInput where NEWSREEL_PRESENTERS lists what is no folder."""
    listed = [folder for folder in os.environ.get(PRESENTERS_VARIABLE, "").split(os.pathsep) if folder]
    for folder in listed:
        if not Path(folder).is_dir():
            raise BadInput(f"{PRESENTERS_VARIABLE}: {folder!a} is not a folder; name the one that `newsreel train --to` wrote")
    return (*(Path(folder).resolve() for folder in listed), BUNDLED_PRESENTERS)


def presenter_names() -> frozenset[str]:
    """The names of all bundles that have a sheet and a name that stories may use."""
    sheets = (sheet for folder in presenter_folders() for sheet in folder.glob("*/presenter.yaml"))
    return frozenset(sheet.parent.name for sheet in sheets if PRESENTER_NAME.fullmatch(sheet.parent.name))


def find_presenter(name: str) -> Presenter:
    """Find a bundle by name and read its sheet. Raises BadWeights where there is none or it has faults."""
    if PRESENTER_NAME.fullmatch(name):
        for folder in presenter_folders():
            if (folder / name / "presenter.yaml").is_file():
                return read_sheet(folder / name)
    raise BadWeights(
        f"no presenter {name!a}; known: {', '.join(sorted(presenter_names()))}; {PRESENTERS_VARIABLE} lists more folders"
    )


def load_presenter(name: str) -> Presenter:
    """Find a bundle by name. Raises BadWeights where a file is missing or the sheet has faults."""
    return load_presenter_at(find_presenter(name).home)


def load_presenter_at(home: Path) -> Presenter:
    """Like `load_presenter`, for the bundle in this folder."""
    presenter = read_sheet(home)
    for path in (presenter.footage, presenter.landmarks, presenter.visemes, presenter.generator):
        if not path.is_file():
            ships = (BUNDLED_PRESENTERS / presenter.name).is_dir()
            remedy = "run `make presenter`" if ships else "train the presenter: `newsreel train FOOTAGE --to FOLDER`"
            raise BadWeights(f"presenter {presenter.name}: {path.name} is missing; {remedy}")
    return presenter


def read_sheet(home: Path) -> Presenter:
    """Read the `presenter.yaml` of a bundle whose other files may not exist yet. Raises BadWeights."""
    try:
        content = (home / "presenter.yaml").read_bytes()
    except OSError as fault:
        raise BadWeights(f"presenter {home.name}: presenter.yaml cannot be read: {' '.join(str(fault).split())}") from fault
    return parse_sheet(content, home)


def parse_sheet(content: bytes, home: Path) -> Presenter:
    """The presenter of the bundle that is or will be at `home`, from the content of its `presenter.yaml`; raises BadWeights."""
    try:
        sheet = parse_document(content, f"presenter {home.name}: presenter.yaml", PresenterSheet, MAX_SHEET_VALUES)
    except BadInput as fault:
        raise BadWeights(str(fault)) from fault
    return Presenter(**sheet.model_dump(), name=home.name, home=home)
