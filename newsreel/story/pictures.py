"""Validate a story's pictures while a person can still act on the result, and normalise them for the steps that follow.

A picture is hostile input. Its size is read from the header before anything is decoded, only three decoders are ever used, and
what
later steps read was written here: upright, sRGB, without metadata.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from newsreel.errors import BadInput, translate_disk_full

MAX_BYTES: Final = 40 * 1000 * 1000
MAX_SIDE: Final = 8192
MIN_SIDE: Final = 320
MAX_NORMALISED_WIDTH: Final = 2880
"""One and a half times the video's width: enough for a slow zoom into the picture."""

ALLOWED_FORMATS: Final = "use a JPEG, PNG or WebP"
BACKGROUND: Final = (255, 255, 255)
"""The colour behind transparent pixels."""

DECODER_ERRORS: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError)
"""Errors that Pillow's decoders raise for damaged files."""


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """A valid picture's size in pixels, with its orientation applied, and its format."""

    width: int
    height: int
    format: str


def check_picture(path: Path) -> PictureFacts:
    """Decode a picture fully; its size and format.

    Raises BadInput with a message that follows the file's name: `is 50000x50000; at most 8192x8192`.
    """
    return picture_facts(decode_picture(path))


def normalise_picture(source: Path, target: Path) -> PictureFacts:
    """Write a picture as an upright sRGB JPEG without metadata, at most 2880 pixels wide; size and format of the source.

    `target` is written in place: it is a temporary path. Raises what `check_picture` raises, and DiskFull.
    """
    picture = decode_picture(source)
    facts = picture_facts(picture)
    picture = to_srgb(picture)
    shrink = min(1.0, MAX_NORMALISED_WIDTH / facts.width)
    picture.thumbnail((max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(picture, in_place=True)
    plain = Image.new("RGB", picture.size)
    plain.paste(picture)
    with translate_disk_full(target.parent):
        plain.save(target, "JPEG", quality=92, subsampling=0, optimize=True)
    return facts


def decode_picture(path: Path) -> Image.Image:
    """The picture with all pixels decoded, in the mode of its file."""
    content = read_content(path)
    picture = read_header(content)
    if picture.mode == "CMYK":
        raise BadInput("is in CMYK, made for print; save it in RGB")
    if getattr(picture, "is_animated", False):
        raise BadInput("is animated; use a still picture")
    if max(picture.size) > MAX_SIDE:
        raise BadInput(f"is {picture.width}x{picture.height}; at most {MAX_SIDE}x{MAX_SIDE}")
    if min(picture.size) < MIN_SIDE:
        raise BadInput(f"is {picture.width}x{picture.height}; at least {MIN_SIDE} pixels a side")
    try:
        if isinstance(picture, PngImageFile):
            read_header(content).verify()  # the decoder itself ignores wrong checksums
        picture.load()
    except DECODER_ERRORS as fault:
        raise BadInput("is damaged or cut short; save it again") from fault
    return picture


def read_content(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput("is missing")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadInput(f"is larger than {MAX_BYTES // 1_000_000} MB; save it smaller")
    return content


def read_header(content: bytes) -> ImageFile:
    """The picture with only its header read.

    The decoder is chosen here and not by `Image.open`: that stops at its own limit before the size is known, and takes the
    several
    views that some cameras write into one JPEG for an animation.
    """
    if content.startswith(b"\xff\xd8\xff"):
        decoder: type[ImageFile] = JpegImageFile
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        decoder = PngImageFile
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        decoder = WebPImageFile
    elif content.startswith((b"GIF87a", b"GIF89a")):
        raise BadInput(f"is a GIF, which may be animated; {ALLOWED_FORMATS}")
    else:
        raise BadInput(f"is not a picture that can be read; {ALLOWED_FORMATS}")
    try:
        return decoder(BytesIO(content))
    except DECODER_ERRORS as fault:
        raise BadInput("is damaged or cut short; save it again") from fault


def picture_facts(picture: Image.Image) -> PictureFacts:
    width, height = picture.size
    if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # Exif 2.32, Orientation: rows and columns change places
        width, height = height, width
    return PictureFacts(width=width, height=height, format=str(picture.format))


def to_srgb(picture: Image.Image) -> Image.Image:
    """The picture as RGB in sRGB, on white where it was transparent, with its Exif orientation."""
    profile, exif = picture.info.get("icc_profile"), picture.getexif()
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")  # 16-bit grey
    if picture.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGBA"):
        picture = picture.convert("RGB")
    picture = apply_colour_profile(picture, profile) if profile else picture
    if picture.mode == "RGBA":
        flat = Image.new("RGB", picture.size, BACKGROUND)
        flat.paste(picture, mask=picture.getchannel("A"))
        picture = flat
    picture = picture.convert("RGB")
    picture.getexif().update(exif)
    return picture


def apply_colour_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the picture's own colour profile to sRGB; a profile that cannot be used counts as sRGB."""
    wanted = "RGB" if picture.mode == "L" else picture.mode
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        moved = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=wanted)
    except (ImageCms.PyCMSError, OSError):
        return picture
    return picture if moved is None else moved
