"""Landmarks of one frame: boxes of faces by dlib's detector, 68 landmarks by dlib's shape predictor, and measures of them.

Detector: Felzenszwalb's HOG pyramid with structural SVM, King, "Max-Margin Object Detection", 2015.
Predictor: Kazemi & Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", 2014.
Landmarks are in the iBUG order.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import dlib
import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadWeights

LANDMARKS = 68
OUTER_EYE_CORNERS = (36, 45)
INNER_LIPS = (62, 66)
"""Middles of the inner edges of the upper and the lower lip."""


def eye_distance(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance between the outer corners of the eyes: (T, 68, 2) to (T,), in the same unit."""
    left, right = (landmarks[:, corner].astype(np.float64) for corner in OUTER_EYE_CORNERS)
    distance: NDArray[np.float64] = np.linalg.norm(right - left, axis=1)
    return distance


def mouth_opening(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Opening of the mouth in eye distances: (T, 68, 2) to (T,); 0 is closed, a shout about 0.3."""
    upper, lower = (landmarks[:, lip].astype(np.float64) for lip in INNER_LIPS)
    opening: NDArray[np.float64] = np.linalg.norm(lower - upper, axis=1) / eye_distance(landmarks)
    return opening


GrayImage: TypeAlias = NDArray[np.uint8]

UPSCALE = 2
"""Landmarks are predicted in a frame twice as large, since dlib rounds them to whole pixels."""
MAX_PREDICTOR_BYTES = 512 << 20
"""The usual published predictor has 100 million bytes."""
PROBE_SECONDS = 60
"""Timeout of the probe, for a busy machine."""
BOX_SHIFTS = ((0.0, 0.0), (-0.02, -0.013), (0.02, 0.013), (-0.013, 0.02), (0.013, -0.02))
"""Shifts of the box, in box widths. Predictions jump with the box's whole pixels; their mean over these shifts does not."""


@dataclass(frozen=True)
class Box:
    """A face's square in pixels of the frame."""

    left: float
    top: float
    side: float

    @property
    def centre(self) -> NDArray[np.float64]:
        return np.array([self.left + self.side / 2, self.top + self.side / 2])

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        across, down = (
            max(0.0, min(a + self.side, b + other.side) - max(a, b)) for a, b in ((self.left, other.left), (self.top, other.top))
        )
        shared = across * down
        return shared / max(self.side**2 + other.side**2 - shared, 1e-9)

    def following(self, before: NDArray[np.float64], now: NDArray[np.float64]) -> "Box":
        """The box shifted and scaled as landmarks (68, 2) that have moved from `before` to `now`."""
        growth = spread(now) / max(spread(before), 1e-6)
        side = self.side * growth
        x, y = now.mean(0) + (self.centre - before.mean(0)) * growth
        return Box(float(x - side / 2), float(y - side / 2), side)


def spread(landmarks: NDArray[np.float64]) -> float:
    """Size of a face: root mean square distance of its landmarks from their mean."""
    return float(np.sqrt(landmarks.var(axis=0).sum()))


def require_valid_predictor(weights: Path) -> None:
    """Try the file in `probe`, a process of its own, since dlib may crash on it; takes a fifth of a second. Raises BadWeights."""
    if not weights.is_file():
        raise BadWeights(f"{weights.name}: missing; a dlib shape predictor of {LANDMARKS} points is needed")
    if weights.stat().st_size > MAX_PREDICTOR_BYTES:
        raise BadWeights(
            f"{weights.name}: larger than {MAX_PREDICTOR_BYTES >> 20} MB; not a dlib shape predictor of {LANDMARKS} points"
        )
    command = [sys.executable, "-P", str(Path(__file__).with_name("probe.py")), str(weights)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    try:
        probe = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, env=environment, check=False)
    except subprocess.TimeoutExpired as fault:
        raise BadWeights(f"{weights.name}: not loaded after {PROBE_SECONDS} s; damaged, or not a dlib shape predictor") from fault
    if probe.returncode < 0:
        crash = signal.Signals(-probe.returncode).name
        raise BadWeights(f"{weights.name}: refused: dlib crashes on it ({crash}); damaged or malicious")
    if probe.returncode > 0:
        raise BadWeights(f"{weights.name}: not a dlib shape predictor ({(probe.stderr.splitlines() or ['no reason given'])[-1]})")
    if int(probe.stdout) != LANDMARKS:
        raise BadWeights(f"{weights.name}: predicts {int(probe.stdout)} points, not the {LANDMARKS} of the iBUG order")


class FaceFinder:
    """dlib's frontal face detector and a presenter's shape predictor."""

    def __init__(self, weights: Path) -> None:
        """Load `landmarks.dat`, the bundle's or any other 68-point predictor; raises BadWeights for anything else.

        The padding it was trained with does not matter: positions in a file are relative to the detector's box.
        """
        require_valid_predictor(weights)
        self.detector: Any = dlib.get_frontal_face_detector()
        self.predictor: Any = dlib.shape_predictor(str(weights))

    def faces(self, frame: GrayImage) -> list[Box]:
        """Every face of a frame (H, W)."""
        return [Box(found.left(), found.top(), found.width()) for found in self.detector(frame, 0)]

    def landmarks(self, enlarged: GrayImage, box: Box) -> NDArray[np.float64]:
        """Landmarks (68, 2) in pixels of the frame, from the frame enlarged by UPSCALE and the face's box in the frame."""
        predictions = [self.predict(enlarged, box, dx * box.side, dy * box.side) for dx, dy in BOX_SHIFTS]
        mean: NDArray[np.float64] = np.mean(predictions, axis=0)
        # Pixel centres: pixel p of the frame covers pixels 2p and 2p + 1 of the enlarged one.
        return (mean + 0.5) / UPSCALE

    def predict(self, enlarged: GrayImage, box: Box, dx: float, dy: float) -> NDArray[np.float64]:
        left, top, side = (round(UPSCALE * value) for value in (box.left + dx, box.top + dy, box.side))
        shape = self.predictor(enlarged, dlib.rectangle(left, top, left + side - 1, top + side - 1))
        return np.array([(part.x, part.y) for part in shape.parts()], np.float64)
