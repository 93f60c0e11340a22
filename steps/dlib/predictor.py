"""One frame: the face's box by dlib's detector, its 68 landmarks by dlib's shape predictor.

Detector: Felzenszwalb's HOG pyramid with structural SVM, King, "Max-Margin Object Detection", 2015.
Predictor: Kazemi & Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", 2014.
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
from steps.dlib.measures import LANDMARKS

__all__ = ["ENLARGED", "Box", "FaceFinder", "Grey"]

Grey: TypeAlias = NDArray[np.uint8]

ENLARGED = 2
"""Landmarks are read from a frame twice as large: dlib rounds them to whole pixels."""
LARGEST = 512 << 20
"""Bytes of a predictor's file; the usual published one has 100 million."""
PATIENCE = 60
"""Seconds that a first look at such a file may take on a busy machine."""
NUDGES = ((0.0, 0.0), (-0.02, -0.013), (0.02, 0.013), (-0.013, 0.02), (0.013, -0.02))
"""Shifts of the box, in box widths. The trees' answers jump with the box's whole pixels; their mean over these does not."""


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
        """The box after landmarks (68, 2) have moved from `before` to `now`: shifted and scaled as they are."""
        growth = spread(now) / max(spread(before), 1e-6)
        side = self.side * growth
        x, y = now.mean(0) + (self.centre - before.mean(0)) * growth
        return Box(float(x - side / 2), float(y - side / 2), side)


def spread(landmarks: NDArray[np.float64]) -> float:
    """How large a face is: root mean square distance of its landmarks from their middle."""
    return float(np.sqrt(landmarks.var(axis=0).sum()))


def refuse_what_does_not_predict(weights: Path) -> None:
    """Let the probe look first: what would end this process ends that one. A fifth of a second."""
    if not weights.is_file():
        raise BadWeights(f"{weights.name}: missing; give a dlib shape predictor of {LANDMARKS} points")
    if weights.stat().st_size > LARGEST:
        raise BadWeights(f"{weights.name}: larger than {LARGEST >> 20} MB; not a dlib shape predictor of {LANDMARKS} points")
    command = [sys.executable, "-P", str(Path(__file__).with_name("probe.py")), str(weights)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    try:
        probe = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False)
    except subprocess.TimeoutExpired as fault:
        raise BadWeights(f"{weights.name}: not loaded after {PATIENCE} s; damaged, or not a dlib shape predictor") from fault
    if probe.returncode < 0:
        crash = signal.Signals(-probe.returncode).name
        raise BadWeights(f"{weights.name}: refused: dlib crashes on it ({crash}); damaged, or made to do so")
    if probe.returncode > 0:
        raise BadWeights(f"{weights.name}: not a dlib shape predictor ({(probe.stderr.splitlines() or ['no reason given'])[-1]})")
    if int(probe.stdout) != LANDMARKS:
        raise BadWeights(f"{weights.name}: predicts {int(probe.stdout)} points, not the {LANDMARKS} of the iBUG order")


class FaceFinder:
    """dlib's frontal face detector and a presenter's shape predictor."""

    def __init__(self, weights: Path) -> None:
        """Load `landmarks.dat`, the bundle's or a 68-point file of one's own; raises BadWeights where it is not one.

        What padding it was trained with does not matter: a file holds its trees' places relative to the detector's box.
        """
        refuse_what_does_not_predict(weights)
        self.detector: Any = dlib.get_frontal_face_detector()
        self.predictor: Any = dlib.shape_predictor(str(weights))

    def faces(self, frame: Grey) -> list[Box]:
        """Every face of a frame (H, W)."""
        return [Box(found.left(), found.top(), found.width()) for found in self.detector(frame, 0)]

    def landmarks(self, enlarged: Grey, box: Box) -> NDArray[np.float64]:
        """Landmarks (68, 2) in pixels of the frame, from the frame enlarged by ENLARGED and the face's box in the frame."""
        answers = [self.predict(enlarged, box, dx * box.side, dy * box.side) for dx, dy in NUDGES]
        mean: NDArray[np.float64] = np.mean(answers, axis=0)
        # Pixel centres: pixel p of the frame covers pixels 2p and 2p + 1 of the enlarged one.
        return (mean + 0.5) / ENLARGED

    def predict(self, enlarged: Grey, box: Box, dx: float, dy: float) -> NDArray[np.float64]:
        left, top, side = (round(ENLARGED * value) for value in (box.left + dx, box.top + dy, box.side))
        shape = self.predictor(enlarged, dlib.rectangle(left, top, left + side - 1, top + side - 1))
        return np.array([(part.x, part.y) for part in shape.parts()], np.float64)
