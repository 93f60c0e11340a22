"""What the steps of a training hand to each other: the names of the workspace's files, and how the generator is to be taught.

rehearsal/lesson.json    init-presenter   `Lesson`
rehearsal/footage.mp4    init-presenter   what is learned from: square, of the sheet's size, 30 frames a second
rehearsal/exact.npz      init-presenter   landmarks of it, where the newsroom has them
rehearsal/visemes.npz    init-presenter   mouth shapes, where the newsroom has them
rehearsal/landmarks.npz  dlib-track       landmarks (frames, 68, 2) float32, pixels
training/samples.png     pix2pixhd-train  edges, made, real; anew at every examination
training/report.json     pix2pixhd-train  the examinations
bundle/                  all of them      the presenter's bundle, see `steps.presenters`
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from steps.errors import BadInput
from steps.presenters import Presenter, read_sheet
from steps.workspace import Workspace

__all__ = [
    "BUNDLE",
    "EXACT",
    "FOOTAGE",
    "GIVEN_VISEMES",
    "LANDMARKS",
    "LEAST_FRAMES",
    "LESSON",
    "MOST_MINUTES",
    "MOST_SECONDS",
    "REPORT",
    "SAMPLES",
    "Lesson",
    "Net",
    "Options",
    "bundle_file",
    "read_lesson",
    "sheet_of",
]

LESSON, FOOTAGE, EXACT, LANDMARKS = (f"rehearsal/{name}" for name in ("lesson.json", "footage.mp4", "exact.npz", "landmarks.npz"))
GIVEN_VISEMES = "rehearsal/visemes.npz"
SAMPLES, REPORT = "training/samples.png", "training/report.json"
BUNDLE = ("footage.mp4", "landmarks.dat", "visemes.npz", "generator.pth", "presenter.yaml")
"""The sheet last: a folder with a sheet is a whole bundle."""
LEAST_FRAMES = 60
"""Of footage: two seconds, the least a head can be played from."""
MOST_SECONDS = 300
MOST_MINUTES = 100_000


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Net(Record):
    """A generator's shape, under pix2pixHD's own names. A local one doubles the sides of its global part once."""

    net: Literal["global", "local"] = "global"
    ngf: Annotated[int, Field(ge=8, le=64)] = 64
    n_downsample_global: Annotated[int, Field(ge=1, le=5)] = 4
    n_blocks_global: Annotated[int, Field(ge=1, le=16)] = 9
    n_blocks_local: Annotated[int, Field(ge=0, le=8)] = 0

    @model_validator(mode="after")
    def whole(self) -> "Net":
        if (self.net == "local") != (self.n_blocks_local > 0):
            raise ValueError("a local net has n_blocks_local 1 or more, a global one has none")
        return self

    @property
    def side_multiple(self) -> int:
        """A picture's sides must be a multiple of this."""
        return int(2 ** (self.n_downsample_global + (self.net == "local")))


class Options(Record):
    """The optional `training.yaml` beside the footage."""

    net: Net | None = None
    """None takes what suits the sheet's size."""
    batch: Annotated[int, Field(ge=1, le=64)] = 2
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    examined_every: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Steps; None for a tenth of all, at most 500."""
    patience: Annotated[int, Field(ge=1, le=1000)] = 6
    """Examinations without a gain after which training stops."""
    enough: Annotated[float, Field(gt=0)] = 45.0
    """PSNR on held-out frames, dB, at which it stops."""


class Lesson(Record):
    name: str
    """Of the presenter."""
    frames: Annotated[int, Field(ge=LEAST_FRAMES)]
    """Of the footage that is learned from."""
    steps: Annotated[int, Field(ge=1, le=10_000_000)]
    minutes: Annotated[float, Field(gt=0, le=MOST_MINUTES)]
    options: Options

    @property
    def held_out(self) -> int:
        """How many of the last frames are never trained on: a tenth, 15 to 90."""
        return min(90, max(15, self.frames // 10))


def bundle_file(name: str) -> str:
    return f"bundle/{name}"


def read_lesson(workspace: Workspace) -> Lesson:
    """Raises BadInput where `init-presenter` has not been."""
    path = workspace.path(LESSON)
    try:
        return Lesson.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as fault:
        raise BadInput(f"{path}: is missing or no lesson; run init-presenter again") from fault


def sheet_of(workspace: Workspace) -> Presenter:
    """The presenter who is trained; its home is the workspace's own `bundle`. Raises BadWeights."""
    return read_sheet(Path(workspace.path("bundle")))
