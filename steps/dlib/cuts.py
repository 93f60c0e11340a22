"""Cuts in a clip: where the place changes from one frame to the next, or the presenter leaps within it.

Both are told from movement by what goes on around them: a camera that pans or a head that turns moves before and after as well.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steps.dlib.measures import eye_distance

__all__ = ["cuts_between"]

STEADY_POINTS = [27, 28, 36, 39, 42, 45]
"""Root of the nose and corners of the eyes: neither speech nor a blink moves them."""
PLACE_CHANGES = 12.0
"""Grey levels, the mean over the picture from afar. A presenter who speaks changes it by 1."""
FACE_LEAPS = 0.12
"""Distances between the eyes a frame: a third of a metre in a tenth of a second. Who speaks moves 0.01."""
STANDS_OUT = 5.0
"""Times what is usual within a quarter of a second."""
AROUND = 7


def cuts_between(numbers: Sequence[int], landmarks: NDArray[np.float64], places: NDArray[np.float32]) -> list[int]:
    """The first frame after each cut.

    `numbers` are the frames in which the presenter is seen, in order; `landmarks` (N, 68, 2) are theirs, `places` (T, 20, 20)
    every frame's. Two frames with a gap between them are compared with one another: what happens in the gap is not a cut.
    """
    if len(numbers) < 2:
        return []
    apart = np.diff(numbers)
    seen = places[np.asarray(numbers)]
    change = np.abs(np.diff(seen, axis=0)).mean(axis=(1, 2))
    steps = np.linalg.norm(np.diff(landmarks[:, STEADY_POINTS], axis=0), axis=2)
    speed = np.median(steps, axis=1) / np.maximum(eye_distance(landmarks)[1:], 1e-9) / apart
    cut = stands_out(change, PLACE_CHANGES) | stands_out(speed, FACE_LEAPS)
    return [numbers[index + 1] for index in np.flatnonzero(cut).tolist()]


def stands_out(values: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """Which values (N,) are at least `least` and STANDS_OUT times the median of those around them."""
    bordered = np.pad(np.asarray(values, np.float64), AROUND, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(bordered, 2 * AROUND + 1).copy()
    around[:, AROUND] = np.nan
    with np.errstate(all="ignore"):
        usual = np.nan_to_num(np.array([np.nanmedian(row) if np.isfinite(row).any() else 0.0 for row in around]))
    return np.asarray((values >= least) & (values >= STANDS_OUT * usual))
