import struct
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from newsreel.errors import BadInput, DiskFull
from newsreel.story.pictures import MAX_BYTES, PictureFacts, check_picture, normalise_picture


def scenery(width=400, height=330, mode="RGB"):
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([columns * 255 // width, rows * 255 // height, (rows + columns) % 256], -1).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


def saved(path: Path, picture: Image.Image, **options) -> Path:
    picture.save(path, **options)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        check_picture(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_a_valid_picture_is_recognised_by_its_content(tmp_path, name, kind):
    renamed = saved(tmp_path / name, scenery()).rename(tmp_path / "photo.bin")
    assert check_picture(renamed) == PictureFacts(width=400, height=330, format=kind)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16"])
def test_every_still_png_mode_becomes_rgb(tmp_path, mode):
    source = saved(tmp_path / "a.png", scenery(mode="L" if mode == "I;16" else mode).convert(mode))
    normalise_picture(source, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as out:
        assert (out.mode, out.size) == ("RGB", (400, 330))


def test_sixteen_bit_grey_keeps_its_tones(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 400).astype(np.uint16), (330, 1))
    source = saved(tmp_path / "a.png", Image.fromarray(ramp))
    normalise_picture(source, tmp_path / "out.jpg")
    out = np.asarray(Image.open(tmp_path / "out.jpg").convert("L"), int)
    assert np.abs(out[100] - np.linspace(0, 255, 400)).max() < 6


def test_a_jpeg_of_several_views_is_a_still_picture(tmp_path):
    views = saved(tmp_path / "phone.jpg", scenery(), format="MPO", save_all=True, append_images=[scenery()])
    assert check_picture(views).format == "JPEG"


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_a_truncated_picture_is_refused(tmp_path, name, kept):
    path = saved(tmp_path / name, scenery(800, 600))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert "damaged" in refusal(path)


def test_a_damaged_png_is_refused(tmp_path):
    path = saved(tmp_path / "a.png", scenery())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_missing_picture_is_refused(tmp_path):
    assert refusal(tmp_path / "none.jpg") == "is missing"
    assert refusal(tmp_path) == "is missing"


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"%PDF-1.7 and so on", b"RIFF....AVI ", b"\0" * 5000])
def test_what_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert "not a picture" in refusal(path)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "JPEG2000", "PPM"])
def test_other_formats_are_refused(tmp_path, kind):
    path = saved(tmp_path / "a.png", scenery(), format=kind)
    assert "JPEG, PNG or WebP" in refusal(path)


def test_a_huge_picture_is_refused_by_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(50_000, 50_000))
    assert refusal(path) == "is 50000x50000; at most 8192x8192"


def test_a_small_picture_is_refused(tmp_path):
    assert refusal(saved(tmp_path / "a.png", scenery(1000, 319))) == "is 1000x319; at least 320 pixels a side"


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_an_animated_picture_is_refused(tmp_path, name):
    frames = [scenery(), scenery().rotate(180)]
    path = saved(tmp_path / name, frames[0], save_all=True, append_images=frames[1:], duration=80)
    assert "animated" in refusal(path)


def test_a_cmyk_picture_is_refused(tmp_path):
    assert "RGB" in refusal(saved(tmp_path / "a.jpg", scenery(mode="CMYK")))


def test_a_file_of_more_than_forty_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert refusal(path) == "is larger than 40 MB; save it smaller"


def test_a_png_whose_comment_unpacks_to_a_gigabyte_is_refused(tmp_path):
    path = saved(tmp_path / "a.png", scenery())
    content = path.read_bytes()
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000))
    path.write_bytes(content[:33] + bomb + content[33:])
    assert "damaged" in refusal(path)


def test_a_picture_is_turned_upright_and_loses_its_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif[0x010F] = "Camera of a source who wants no name"
    source = saved(tmp_path / "a.jpg", scenery(600, 400), exif=exif, quality=95)
    facts = normalise_picture(source, tmp_path / "out.jpg")
    assert (facts.width, facts.height) == (400, 600)
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.size == (400, 600)
        assert not out.getexif()
        upright = scenery(600, 400).rotate(-90, expand=True)
        assert np.abs(np.asarray(out, int) - np.asarray(upright, int))[20:-20:9, 20:-20:9, :2].max() < 30
    assert b"wants no name" not in (tmp_path / "out.jpg").read_bytes()


def test_a_wide_picture_is_made_smaller_and_keeps_its_shape(tmp_path):
    source = saved(tmp_path / "a.png", scenery(3600, 400))
    normalise_picture(source, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as out:
        assert out.size == (2880, 320)
        assert out.info.get("icc_profile") is None


def test_a_profile_of_srgb_or_of_nothing_changes_no_colour(tmp_path):
    plain = normalised_pixel(tmp_path, None)
    assert normalised_pixel(tmp_path, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) == plain
    assert normalised_pixel(tmp_path, b"not a profile") == plain


def normalised_pixel(folder: Path, profile: bytes | None):
    source = saved(folder / "a.png", Image.new("RGB", (400, 400), (200, 90, 40)), icc_profile=profile)
    normalise_picture(source, folder / "out.jpg")
    return Image.open(folder / "out.jpg").getpixel((200, 200))


def test_transparency_shows_white(tmp_path):
    picture = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    source = saved(tmp_path / "a.png", picture)
    normalise_picture(source, tmp_path / "out.jpg")
    assert min(Image.open(tmp_path / "out.jpg").getpixel((200, 200))) > 250


def test_a_full_disk_is_disk_full(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    source = saved(tmp_path / "a.png", scenery())
    with pytest.raises(DiskFull):
        normalise_picture(source, Path("/dev/full"))


def test_bytes_of_any_kind_end_in_facts_or_a_refusal(tmp_path):
    generator = np.random.default_rng(7)
    for start in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b""):
        for _ in range(40):
            path = tmp_path / "noise"
            path.write_bytes(start + generator.bytes(200))
            refusal(path)


def test_flipped_bytes_never_end_in_a_traceback(tmp_path):
    generator = np.random.default_rng(8)
    for kind in ("JPEG", "PNG", "WEBP"):
        stream = BytesIO()
        scenery().save(stream, kind)
        for _ in range(25):
            content = bytearray(stream.getvalue())
            for place in generator.integers(0, min(len(content), 400), 3):
                content[place] = generator.integers(256)
            path = tmp_path / "flipped"
            path.write_bytes(content)
            with suppress(BadInput):
                normalise_picture(path, tmp_path / "out.jpg")


def test_colours_of_a_wide_profile_are_moved_to_srgb(tmp_path):
    wide = with_gamma(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), 1.0)
    plain, moved = normalised_pixel(tmp_path, None), normalised_pixel(tmp_path, wide)
    assert all(after > before + 10 for before, after in zip(plain, moved, strict=True))


def with_gamma(profile: bytes, gamma: float) -> bytes:
    """The same profile with a plain power for its tone curves: linear light where gamma is 1 (ICC.1:2022, curveType)."""
    content = bytearray(profile)
    count = struct.unpack_from(">I", content, 128)[0]
    for entry in range(count):
        name, offset, _ = struct.unpack_from(">4sII", content, 132 + 12 * entry)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            content[offset : offset + 14] = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256))
    return bytes(content)
