"""Pictures of a story: every upload is decoded and encoded again, so nothing of the sender's file is stored.

A picture is named by its content, and a crop also by its rectangle in ten-thousandths:
`pictures/6f1c0a9d3b5e7f80-0-1250-10000-5625.jpg`. So the whole picture is always found again, and a crop can be changed.
"""

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

from newsreel.errors import BadInput
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.story.pictures import check_picture, normalise_picture

MAX_PICTURE_BYTES: Final = 40_000_000
"""Of an upload; the same limit as in `newsreel.story.pictures`."""
NAME: Final = re.compile(r"(?P<whole>[0-9a-f]{20})(?P<part>(-\d{1,5}){4})?\.jpg")
WHOLE: Final = 10_000
SMALLEST_SIDE: Final = 320
QUALITY: Final = 92


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A rectangle of a picture, in ten-thousandths of its width and height."""

    left: int
    top: int
    width: int
    height: int

    def box(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """In pixels. Raises BadInput for a rectangle outside the picture, or too small to be shown."""
        if min(self.left, self.top) < 0 or max(self.left + self.width, self.top + self.height) > WHOLE:
            raise BadInput("the crop must lie inside the picture; draw it again")
        wide, high = size
        left, top = self.left * wide // WHOLE, self.top * high // WHOLE
        box = (left, top, left + self.width * wide // WHOLE, top + self.height * high // WHOLE)
        if min(box[2] - box[0], box[3] - box[1]) < SMALLEST_SIDE:
            raise BadInput(f"the crop is {box[2] - box[0]}x{box[3] - box[1]}; at least {SMALLEST_SIDE} pixels a side")
        return box


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A stored picture: its name in the story, and its size in pixels."""

    file: str
    width: int
    height: int


def require_name(name: str) -> re.Match[str]:
    if found := NAME.fullmatch(name):
        return found
    raise BadInput(f"no picture is called {name[:80]!a}; add it again")


def add(storage: Storage, home: Address, content: bytes) -> StoredPicture:
    """Store a picture as an upright sRGB JPEG without metadata. Raises BadInput for what is no usable JPEG, PNG or WebP."""
    with TemporaryDirectory(prefix="newsreel-") as folder:
        sent, clean = Path(folder) / "sent", Path(folder) / "clean.jpg"
        sent.write_bytes(content)
        try:
            normalise_picture(sent, clean)
        except BadInput as fault:
            raise BadInput(f"this picture {fault}") from fault
        facts = check_picture(clean)
        name = f"{hashlib.sha256(clean.read_bytes()).hexdigest()[:20]}.jpg"
        storage.create(home.child(f"pictures/{name}"), clean, "image/jpeg")
    return StoredPicture(file=f"pictures/{name}", width=facts.width, height=facts.height)


def crop(storage: Storage, home: Address, name: str, part: Crop) -> StoredPicture:
    """Store a part of a picture; of a crop, a part of the whole picture. Raises BadInput."""
    original = f"{require_name(name)['whole']}.jpg"
    with Image.open(
        BytesIO(storage.read(home.child(f"pictures/{original}"), at_most=MAX_PICTURE_BYTES)), formats=["JPEG"]
    ) as picture:
        box = part.box(picture.size)
        cut = picture.convert("RGB").crop(box)
    new = f"{original.removesuffix('.jpg')}-{part.left}-{part.top}-{part.width}-{part.height}.jpg"
    address = home.child(f"pictures/{new}")
    if storage.find(address) is None:
        written = BytesIO()
        cut.save(written, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
        storage.create(address, written.getvalue(), "image/jpeg")
    return StoredPicture(file=f"pictures/{new}", width=cut.width, height=cut.height)
