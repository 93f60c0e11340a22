"""A presenter's footage and what comes with it, taken in from an address and checked as far as that needs no decoder.

presenter.yaml   the sheet, see `steps.presenters`
footage.mp4      the presenter at rest and talking, looking into the camera
rehearsal.mp4    optional: learned from in place of footage.mp4, which then need only show how the presenter idles
landmarks.dat    optional: dlib's predictor, 68 points, that knows such faces; without it that of the presenter who ships
landmarks.npz    optional: `landmarks` (frames, 68, 2), pixels, of each frame that is learned from; better than dlib's where exact
visemes.npz      optional: mouth shapes; without it they are fitted to the face
training.yaml    optional: `steps.rehearsal.Options`
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from steps.address import Address
from steps.errors import BadInput, BadWeights
from steps.presenters import PRESENTER_NAME, Presenter, described, parse_sheet
from steps.rehearsal import Options
from steps.storage import Storage
from steps.yaml_text import load_document

__all__ = ["MOST_BYTES", "RehearsalIntake", "look_at"]

MOST_BYTES = {
    "presenter.yaml": 100_000,
    "training.yaml": 100_000,
    "footage.mp4": 800_000_000,
    "rehearsal.mp4": 800_000_000,
    "landmarks.dat": 200_000_000,
    "landmarks.npz": 100_000_000,
    "visemes.npz": 1_000_000,
}
"""Every file that may be given, and how large it may be."""
NEEDED = ("presenter.yaml", "footage.mp4")


@dataclass(frozen=True, kw_only=True)
class RehearsalIntake:
    address: Address
    presenter: Presenter
    sheet: bytes
    """As it was written."""
    options: Options
    there: frozenset[str]

    def read(self, storage: Storage, name: str) -> bytes:
        return storage.read(self.address.child(name), at_most=MOST_BYTES[name])


def look_at(storage: Storage, address: Address) -> RehearsalIntake:
    """Read the sheet and the options and see what else is there. Raises BadInput, Unavailable."""
    name = address.path.rpartition("/")[2]
    if not PRESENTER_NAME.fullmatch(name):
        raise BadInput(f"{address}: the folder's name becomes the presenter's: letters a-z, digits and inner hyphens, at most 40")
    there = {file: found for file in MOST_BYTES if (found := storage.find(address.child(file)))}
    for file in NEEDED:
        if file not in there:
            raise BadInput(f"{address}: there is no {file}; a presenter is trained from presenter.yaml and footage.mp4")
    for file, found in there.items():
        if found.size > MOST_BYTES[file]:
            raise BadInput(f"{address}: {file} is larger than {MOST_BYTES[file]:,} bytes")
    sheet = storage.read(address.child("presenter.yaml"), at_most=MOST_BYTES["presenter.yaml"])
    try:
        presenter = parse_sheet(sheet, Path(name))
    except BadWeights as fault:
        raise BadInput(str(fault)) from fault
    options = Options()
    if "training.yaml" in there:
        options = parse_options(storage.read(address.child("training.yaml"), at_most=MOST_BYTES["training.yaml"]), name)
    if options.net and presenter.size % options.net.side_multiple:
        raise BadInput(f"presenter {name}: size {presenter.size} is no multiple of {options.net.side_multiple}, as its net needs")
    return RehearsalIntake(address=address, presenter=presenter, sheet=sheet, options=options, there=frozenset(there))


def parse_options(content: bytes, name: str) -> Options:
    where = f"presenter {name}: training.yaml"
    try:
        return Options.model_validate(load_document(content, where) or {})
    except ValidationError as fault:
        raise BadInput(f"{where}: {described(fault)}") from fault
