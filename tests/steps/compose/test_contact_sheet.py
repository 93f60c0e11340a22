"""The contact sheet: layout and file size."""

import numpy as np
import pytest
from PIL import Image

from steps.compose.contact_sheet import MAX_SHEET_BYTES, compress_jpeg, layout


@pytest.mark.parametrize(("scenes", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (5, 3, 2), (9, 3, 3), (12, 4, 3), (60, 6, 10)])
def test_contact_sheet_is_about_square_with_visible_stills(scenes, columns, rows):
    assert layout(scenes) == (columns, rows)


def test_contact_sheet_of_noise_is_small():
    noise = np.random.default_rng(1).integers(0, 256, (1350, 1440, 3), np.uint8)
    assert len(compress_jpeg(Image.fromarray(noise))) <= MAX_SHEET_BYTES
