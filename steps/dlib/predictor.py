"""One frame: the face's box by dlib's detector, its 68 landmarks by dlib's shape predictor.

Detector: Felzenszwalb's HOG pyramid with structural SVM, King, "Max-Margin Object Detection", 2015.
Predictor: Kazemi & Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", 2014.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import dlib
import numpy as np
from numpy.typing import NDArray

from steps.dlib.measures import LANDMARKS
from steps.errors import BadWeights

__all__ = ["ENLARGED", "Box", "FaceFinder", "Grey"]

Grey: TypeAlias = NDArray[np.uint8]

ENLARGED = 2
"""Landmarks are read from a frame twice as large: dlib rounds them to whole pixels."""
NUDGES = ((0.0, 0.0), (-0.02, -0.013), (0.02, 0.013), (-0.013, 0.02), (0.013, -0.02))
"""Shifts of the box, in box widths. The trees' answers jump with the box's whole pixels; their mean over these does not."""

MARGIN = 0.3
"""What the detector needs to see around a face, in box widths."""


@dataclass(frozen=True)
class Box:
    """A face's square in pixels of the frame."""

    left: float
    top: float
    side: float

    @property
    def centre(self) -> NDArray[np.float64]:
        return np.array([self.left + self.side / 2, self.top + self.side / 2])

    def following(self, before: NDArray[np.float64], now: NDArray[np.float64]) -> "Box":
        """The box after landmarks (68, 2) have moved from `before` to `now`: shifted and scaled as they are."""
        growth = spread(now) / max(spread(before), 1e-6)
        side = self.side * growth
        x, y = now.mean(0) + (self.centre - before.mean(0)) * growth
        return Box(float(x - side / 2), float(y - side / 2), side)


def spread(landmarks: NDArray[np.float64]) -> float:
    """How large a face is: root mean square distance of its landmarks from their middle."""
    return float(np.sqrt(landmarks.var(axis=0).sum()))


class FaceFinder:
    """dlib's frontal face detector and a presenter's shape predictor."""

    def __init__(self, weights: Path) -> None:
        """Load `landmarks.dat`; raises BadWeights where it is not a 68-point shape predictor."""
        self.detector: Any = dlib.get_frontal_face_detector()
        try:
            self.predictor: Any = dlib.shape_predictor(str(weights))
        except (RuntimeError, MemoryError, ValueError) as fault:
            raise BadWeights(f"{weights.name}: not a dlib shape predictor ({fault}); run `make presenter`") from fault
        corner = self.predictor(np.zeros((8, 8), np.uint8), dlib.rectangle(0, 0, 7, 7))
        if corner.num_parts != LANDMARKS:
            raise BadWeights(f"{weights.name}: predicts {corner.num_parts} points, not the {LANDMARKS} of the iBUG order")

    def faces(self, frame: Grey) -> list[Box]:
        """Every face of a frame (H, W)."""
        return [Box(found.left(), found.top(), found.width()) for found in self.detector(frame, 0)]

    def sees_face_at(self, frame: Grey, box: Box) -> bool:
        """Whether there is a face near the box: the detector again, on that part of the frame (H, W) alone."""
        margin = MARGIN * box.side
        left, top = (max(0, round(edge - margin)) for edge in (box.left, box.top))
        right, bottom = (max(1, round(edge + box.side + margin)) for edge in (box.left, box.top))
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        return part.size > 0 and len(self.detector(part, 0)) > 0

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
