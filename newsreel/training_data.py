"""A presenter's footage and training options, and the files that the steps of a training hand to each other.

What a person gives, in a folder whose name becomes the presenter's, checked here as far as that needs no decoder:

presenter.yaml   the sheet, see `newsreel.presenters.bundle`
footage.mp4      the presenter at rest and talking, looking into the camera
rehearsal.mp4    optional: training footage in place of footage.mp4, which then only has to show how the presenter idles
landmarks.dat    optional: dlib's predictor, 68 points, for such faces; without it that of the presenter who ships
landmarks.npz    optional: `landmarks` (frames, 68, 2), pixels, of each training frame; better than dlib's where exact
visemes.npz      optional: mouth shapes; without it they are fitted to the face
training.yaml    optional: `TrainingOptions`

What is in the workspace:

rehearsal/lesson.json    init-presenter   `TrainingJob`
rehearsal/footage.mp4    init-presenter   training footage: square, of the sheet's size, 30 frames per second
rehearsal/exact.npz      init-presenter   landmarks of it, where the newsroom has them
rehearsal/visemes.npz    init-presenter   mouth shapes, where the newsroom has them
rehearsal/landmarks.npz  dlib-track       landmarks (frames, 68, 2) float32, pixels
training/samples.png     pix2pixhd-train  edges, generated, real; rewritten at each evaluation
training/report.json     pix2pixhd-train  the evaluations
bundle/                  all of them      the presenter's bundle
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from newsreel.errors import BadInput, BadWeights
from newsreel.presenters.bundle import PRESENTER_NAME, Presenter, parse_sheet, read_sheet
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.validation import StrictModel, parse_document
from newsreel.workspace import Workspace

JOB_FILE, FOOTAGE_FILE, EXACT_LANDMARKS_FILE, LANDMARKS_FILE = (
    f"rehearsal/{name}" for name in ("lesson.json", "footage.mp4", "exact.npz", "landmarks.npz")
)
VISEMES_FILE = "rehearsal/visemes.npz"
SAMPLES_FILE, REPORT_FILE = "training/samples.png", "training/report.json"
BUNDLE_FILES = ("footage.mp4", "landmarks.dat", "visemes.npz", "generator.pth", "presenter.yaml")
"""The sheet comes last: a folder with a sheet is a complete bundle."""
MIN_FRAMES = 60
"""Two seconds: the shortest footage that a head can be animated from."""
MAX_FOOTAGE_SECONDS = 300
MAX_TRAINING_MINUTES = 100_000


class GeneratorOptions(StrictModel, allow_inf_nan=False):
    """A generator's architecture, under pix2pixHD's own names. A local enhancer doubles the resolution of the global part
    once."""

    net: Literal["global", "local"] = "global"
    ngf: Annotated[int, Field(ge=8, le=64)] = 64
    n_downsample_global: Annotated[int, Field(ge=1, le=5)] = 4
    n_blocks_global: Annotated[int, Field(ge=1, le=16)] = 9
    n_blocks_local: Annotated[int, Field(ge=0, le=8)] = 0

    @model_validator(mode="after")
    def whole(self) -> "GeneratorOptions":
        if (self.net == "local") != (self.n_blocks_local > 0):
            raise ValueError("a local net has n_blocks_local 1 or more, a global one has none")
        return self

    @property
    def side_multiple(self) -> int:
        """The sides of a frame must be a multiple of this."""
        return int(2 ** (self.n_downsample_global + (self.net == "local")))


class TrainingOptions(StrictModel, allow_inf_nan=False):
    """What the optional `training.yaml` may say."""

    net: GeneratorOptions | None = None
    """None chooses by the sheet's size."""
    batch: Annotated[int, Field(ge=1, le=64)] = 2
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    examined_every: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Steps between evaluations; None for a tenth of all, at most 500."""
    patience: Annotated[int, Field(ge=1, le=1000)] = 6
    """Evaluations without a gain after which training stops."""
    enough: Annotated[float, Field(gt=0)] = 45.0
    """PSNR on held-out frames, dB, at which training stops."""


class TrainingJob(StrictModel, allow_inf_nan=False):
    """What a training has to do."""

    name: str
    """The presenter's."""
    frames: Annotated[int, Field(ge=MIN_FRAMES)]
    """Of the training footage."""
    steps: Annotated[int, Field(ge=1, le=10_000_000)]
    minutes: Annotated[float, Field(gt=0, le=MAX_TRAINING_MINUTES)]
    options: TrainingOptions

    @property
    def held_out(self) -> int:
        """The number of last frames that are never trained on: a tenth, 15 to 90."""
        return min(90, max(15, self.frames // 10))


def bundle_file(name: str) -> str:
    return f"bundle/{name}"


def read_training_job(workspace: Workspace) -> TrainingJob:
    """Raises BadInput where `init-presenter` has not run."""
    path = workspace.path(JOB_FILE)
    try:
        return TrainingJob.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as fault:
        raise BadInput(f"{path}: is missing or damaged; run init-presenter again") from fault


def read_trained_presenter(workspace: Workspace) -> Presenter:
    """The presenter of this training; the bundle is in the workspace. Raises BadWeights."""
    return read_sheet(Path(workspace.path("bundle")))


MAX_FILE_BYTES = {
    "presenter.yaml": 100_000,
    "training.yaml": 100_000,
    "footage.mp4": 800_000_000,
    "rehearsal.mp4": 800_000_000,
    "landmarks.dat": 200_000_000,
    "landmarks.npz": 100_000_000,
    "visemes.npz": 1_000_000,
}
"""Every file that may be given, and its limit."""
REQUIRED_FILES = ("presenter.yaml", "footage.mp4")


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    address: Address
    presenter: Presenter
    sheet: bytes
    """Its bytes as they were written."""
    options: TrainingOptions
    files: frozenset[str]

    def read(self, storage: Storage, name: str) -> bytes:
        return storage.read(self.address.child(name), at_most=MAX_FILE_BYTES[name])


def open_training_data(storage: Storage, address: Address) -> TrainingData:
    """Read the sheet and the options, and find out which other files there are. Raises BadInput, Unavailable."""
    name = address.path.rpartition("/")[2]
    if not PRESENTER_NAME.fullmatch(name):
        raise BadInput(f"{address}: the folder's name becomes the presenter's: letters a-z, digits and inner hyphens, at most 40")
    sizes = {file: found for file in MAX_FILE_BYTES if (found := storage.find(address.child(file)))}
    for file in REQUIRED_FILES:
        if file not in sizes:
            raise BadInput(f"{address}: there is no {file}; a presenter is trained from presenter.yaml and footage.mp4")
    for file, found in sizes.items():
        if found.size > MAX_FILE_BYTES[file]:
            raise BadInput(f"{address}: {file} is larger than {MAX_FILE_BYTES[file]:,} bytes")
    sheet = storage.read(address.child("presenter.yaml"), at_most=MAX_FILE_BYTES["presenter.yaml"])
    try:
        presenter = parse_sheet(sheet, Path(name))
    except BadWeights as fault:
        raise BadInput(str(fault)) from fault
    options = TrainingOptions()
    if "training.yaml" in sizes:
        content = storage.read(address.child("training.yaml"), at_most=MAX_FILE_BYTES["training.yaml"])
        options = parse_document(content, f"presenter {name}: training.yaml", TrainingOptions)
    if options.net and presenter.size % options.net.side_multiple:
        raise BadInput(f"presenter {name}: size {presenter.size} must be a multiple of {options.net.side_multiple} for its net")
    return TrainingData(address=address, presenter=presenter, sheet=sheet, options=options, files=frozenset(sizes))
