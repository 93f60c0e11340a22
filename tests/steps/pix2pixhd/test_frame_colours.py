"""Conversion to an encoder's pixel formats, compared with BT.709's numbers and with ffmpeg."""

import av
import numpy as np
import pytest
import torch

from newsreel.media.encoder import open_encoder
from steps.pix2pixhd.renderer import to_pixels

# BT.709: Y = 0.2126 R + 0.7152 G + 0.0722 B; 16 + 219 Y; 128 + 224 (B - Y) / 1.8556; 128 + 224 (R - Y) / 1.5748.
KNOWN = {
    (0, 0, 0): (16, 128, 128),
    (255, 255, 255): (235, 128, 128),
    (255, 0, 0): (63, 102, 240),
    (0, 255, 0): (173, 42, 26),
    (0, 0, 255): (32, 240, 118),
}


def picture_of(levels):
    """Levels (..., H, W, 3) as the net's output, -1 ... 1, in the middle of each level."""
    levels = torch.as_tensor(np.asarray(levels, np.float32)).reshape(-1, *np.shape(levels)[-3:])
    return ((levels + 0.5) / 127.5 - 1).permute(0, 3, 1, 2)


@pytest.mark.parametrize("rgb", KNOWN, ids=str)
def test_primary_colours_have_the_levels_of_bt709(rgb):
    flat = picture_of(np.full((2, 4, 3), rgb))
    luma, blue, red = KNOWN[rgb]
    assert (to_pixels(flat, "yuv444p")[0] == torch.tensor([luma, blue, red], dtype=torch.uint8)[:, None, None]).all()
    assert to_pixels(flat, "nv12")[0].tolist() == [[luma] * 4, [luma] * 4, [blue, red, blue, red]]
    assert to_pixels(flat, "yuv420p")[0].tolist() == [[luma] * 4, [luma] * 4, [blue, blue, red, red]]


def test_rgb_is_clipped_truncated_and_interleaved():
    picture = torch.tensor([[-2.0, -1.0, 7.0]]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    assert to_pixels(picture, "rgb24").tolist() == [[[[0, 0, 255]] * 2] * 2]


def test_chroma_sample_location_is_that_of_h264():
    levels = np.zeros((4, 8, 3))
    levels[0, 4] = 255, 0, 0
    red = to_pixels(picture_of(levels), "yuv444p")[0, 2, 0, 4].item() - 128
    sparse = to_pixels(picture_of(levels), "yuv420p")[0, 5].view(2, 4).int() - 128  # Cr: the last 2x4 of 6 rows of 8
    assert sparse[0].tolist() == pytest.approx([0, 0, red / 4, 0], abs=0.51)
    levels = np.roll(levels, 1, axis=1)
    sparse = to_pixels(picture_of(levels), "yuv420p")[0, 5].view(2, 4).int() - 128
    assert sparse[0].tolist() == pytest.approx([0, 0, red / 8, red / 8], abs=0.51)


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p", "nv12"])
def test_encoded_colours_do_not_depend_on_the_converter(tmp_path, pixels):
    ramp = np.linspace(0, 255, 64)
    levels = np.stack(np.broadcast_arrays(ramp[None], ramp[:48, None], 255 - ramp[None]), -1).astype(np.uint8)
    shown = []
    for layout in ("rgb24", pixels):
        with open_encoder(tmp_path / f"{layout}.mp4", 64, 48, 30, pixels=layout) as write:
            write(to_pixels(picture_of(levels), layout).numpy())
        with av.open(str(tmp_path / f"{layout}.mp4")) as video:
            frame = next(video.decode(video=0))
            assert (frame.colorspace, frame.color_range) == (1, 1)
            shown.append(frame.to_ndarray(format="rgb24").astype(int))
    assert np.abs(shown[0] - shown[1]).mean() < 2
