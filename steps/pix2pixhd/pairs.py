"""What a generator learns from: pictures of a presenter with their landmarks, and how much each pixel matters."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from steps.pix2pixhd.edges import Polylines, draw_edges

__all__ = ["Batch", "Pairs", "encode"]

MOUTH, LEFT_EYE, RIGHT_EYE = slice(48, 68), slice(36, 42), slice(42, 48)
IMPORTANCE = ((MOUTH, 6.0, 0.35), (LEFT_EYE, 4.0, 0.35), (RIGHT_EYE, 4.0, 0.35))
"""Part, how much more its pixels count than others, and its margin in widths of the part."""


@dataclass(frozen=True)
class Batch:
    encoding: Tensor
    """(N, 3, S, S) float32, 0 ... 1: face edges."""
    picture: Tensor
    """(N, 3, S, S) float32, -1 ... 1."""
    weights: Tensor
    """(N, 1, S, S) float32: what a pixel counts, 1 or more."""

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in (self.encoding, self.picture, self.weights)))


@dataclass(frozen=True)
class Pairs:
    """Pictures (N, S, S, 3) uint8 RGB, their landmarks (N, 68, 2) float32 in pixels, and the presenter's still lines.

    The pictures may be a memory map: rows are copied out of it as they are needed.
    """

    pictures: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    body: Polylines = ()
    halvings: int = 0
    """How often what the generator sees has half the sides: for the global part of a local generator."""

    def __post_init__(self) -> None:
        count, height, width, _ = self.pictures.shape
        if self.landmarks.shape != (count, 68, 2) or height != width:
            raise ValueError(f"pictures {self.pictures.shape} and landmarks {self.landmarks.shape} do not belong together")

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def size(self) -> int:
        """Sides of the pictures as they are, in whose pixels landmarks and body are."""
        return int(self.pictures.shape[1])

    def taken(self, rows: NDArray[np.integer] | slice) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.pictures[rows], self.landmarks[rows], self.body, self.halvings)

    def seen_pictures(self, rows: NDArray[np.integer] | slice = slice(None)) -> NDArray[np.uint8]:
        """Pictures of these rows as the generator is to make them: (n, S, S, 3), S halved as often as `halvings` says."""
        pictures = np.asarray(self.pictures[rows])
        side = self.size >> self.halvings
        if not self.halvings:
            return pictures
        return np.stack([cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in pictures]).astype(
            np.uint8
        )

    def encodings(self, landmarks: NDArray[np.float32]) -> Tensor:
        """Landmarks (n, 68, 2) as the generator's input (n, 3, S, S) float32; halved as a local generator halves its own."""
        encoding = encode(np.stack([draw_edges(points, self.size, self.body) for points in landmarks]))
        for _ in range(self.halvings):
            encoding = avg_pool2d(encoding, 3, stride=2, padding=1, count_include_pad=False)
        return encoding

    def seen_landmarks(self) -> NDArray[np.float32]:
        """Landmarks in pixels of `seen_pictures`."""
        return self.landmarks / np.float32(1 << self.halvings)

    def batch(self, rows: NDArray[np.integer], jitter: NDArray[np.float32] | None = None) -> Batch:
        """The pairs of these row numbers; `jitter` (rows, 68, 2), pixels, moves the landmarks that are drawn."""
        landmarks = self.landmarks[rows]
        shown = landmarks / np.float32(1 << self.halvings)
        return Batch(
            self.encodings(landmarks if jitter is None else landmarks + jitter),
            to_tensor(self.seen_pictures(rows)) / 127.5 - 1,
            torch.from_numpy(np.stack([importance(points, self.size >> self.halvings) for points in shown])).unsqueeze(1),
        )


def encode(edges: NDArray[np.uint8]) -> Tensor:
    """Edge pictures (N, S, S, 3) uint8 as the generator's input (N, 3, S, S) float32, 0 ... 1."""
    return to_tensor(edges) / 255


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)


def importance(landmarks: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size): 1, more around mouth and eyes, with a soft border."""
    weights = np.ones((size, size), np.float32)
    for part, gain, margin in IMPORTANCE:
        points = landmarks[part]
        low, high = points.min(0), points.max(0)
        border = margin * (high[0] - low[0])
        middle, radii = (low + high) / 2, (high - low) / 2 + border
        spot = np.zeros_like(weights)
        cv2.ellipse(spot, tuple(map(int, middle)), tuple(map(int, radii)), 0, 0, 360, (gain,), cv2.FILLED)
        weights += cv2.blur(spot, (9, 9))
    return weights
