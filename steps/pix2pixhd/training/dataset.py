"""Training data of a generator: frames of a presenter with their landmarks, and weights of the pixels for the loss.

Decoded frames lie on the disk as a memory map, so that a long clip takes no memory and any frame can be read at random.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from newsreel.errors import BadInput, DiskFull, MissingProgram
from newsreel.media.encoder import find_ffmpeg, is_disk_full
from steps.pix2pixhd.encoding import Polylines, draw_edges

MOUTH, LEFT_EYE, RIGHT_EYE = slice(48, 68), slice(36, 42), slice(42, 48)
REGION_WEIGHTS = ((MOUTH, 6.0, 0.35), (LEFT_EYE, 4.0, 0.35), (RIGHT_EYE, 4.0, 0.35))
"""Landmarks of a region, weight added to its pixels, and its margin relative to its width."""


@dataclass(frozen=True)
class Batch:
    encoding: Tensor
    """(N, 3, S, S) float32, 0 ... 1: face edges, the generator's input."""
    picture: Tensor
    """(N, 3, S, S) float32, -1 ... 1: the target."""
    weights: Tensor
    """(N, 1, S, S) float32, 1 or more: weight of each pixel in the loss."""

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in (self.encoding, self.picture, self.weights)))


@dataclass(frozen=True)
class FrameDataset:
    """Frames (N, S, S, 3) uint8 RGB, their landmarks (N, 68, 2) float32 in pixels, and the presenter's static lines.

    The frames may be a memory map: rows are copied when they are needed.
    """

    pictures: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    body: Polylines = ()
    halvings: int = 0
    """How many times input and target are halved in size: for the global part of a local generator."""

    def __post_init__(self) -> None:
        count, height, width, _ = self.pictures.shape
        if self.landmarks.shape != (count, 68, 2) or height != width:
            raise ValueError(f"pictures {self.pictures.shape} and landmarks {self.landmarks.shape} do not match")

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def size(self) -> int:
        """Side of the stored frames, to whose pixels landmarks and body refer."""
        return int(self.pictures.shape[1])

    def subset(self, rows: NDArray[np.integer] | slice) -> "FrameDataset":
        return FrameDataset(self.pictures[rows], self.landmarks[rows], self.body, self.halvings)

    def targets(self, rows: NDArray[np.integer] | slice = slice(None)) -> NDArray[np.uint8]:
        """Pictures that the generator should produce for these rows: (n, S, S, 3), S halved `halvings` times."""
        pictures = np.asarray(self.pictures[rows])
        side = self.size >> self.halvings
        if not self.halvings:
            return pictures
        return np.stack([cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in pictures]).astype(
            np.uint8
        )

    def encodings(self, landmarks: NDArray[np.float32]) -> Tensor:
        """Landmarks (n, 68, 2) as the generator's input (n, 3, S, S) float32, downsampled as a local generator does it."""
        encoding = encode(np.stack([draw_edges(points, self.size, self.body) for points in landmarks]))
        for _ in range(self.halvings):
            encoding = avg_pool2d(encoding, 3, stride=2, padding=1, count_include_pad=False)
        return encoding

    def target_landmarks(self) -> NDArray[np.float32]:
        """Landmarks in pixels of `targets`."""
        return self.landmarks / np.float32(1 << self.halvings)

    def batch(self, rows: NDArray[np.integer], jitter: NDArray[np.float32] | None = None) -> Batch:
        """A batch of these rows; `jitter` (rows, 68, 2), pixels, is added to the landmarks that are drawn."""
        landmarks = self.landmarks[rows]
        scaled = landmarks / np.float32(1 << self.halvings)
        return Batch(
            self.encodings(landmarks if jitter is None else landmarks + jitter),
            to_tensor(self.targets(rows)) / 127.5 - 1,
            torch.from_numpy(np.stack([pixel_weights(points, self.size >> self.halvings) for points in scaled])).unsqueeze(1),
        )


def encode(edges: NDArray[np.uint8]) -> Tensor:
    """Edge pictures (N, S, S, 3) uint8 as the generator's input (N, 3, S, S) float32, 0 ... 1."""
    return to_tensor(edges) / 255


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)


def pixel_weights(landmarks: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size) float32: 1, and more around mouth and eyes, with a soft border."""
    weights = np.ones((size, size), np.float32)
    for part, gain, margin in REGION_WEIGHTS:
        points = landmarks[part]
        low, high = points.min(0), points.max(0)
        border = margin * (high[0] - low[0])
        middle, radii = (low + high) / 2, (high - low) / 2 + border
        spot = np.zeros_like(weights)
        cv2.ellipse(spot, tuple(map(int, middle)), tuple(map(int, radii)), 0, 0, 360, (gain,), cv2.FILLED)
        weights += cv2.blur(spot, (9, 9))
    return weights


@contextmanager
def decode_frames(clip: Path, size: int, frames: int, beside: Path) -> Iterator[NDArray[np.uint8]]:
    """A clip's frames (frames, size, size, 3), BT.709 converted to RGB, in a temporary file in the folder `beside`.

    Raises BadInput unless the clip has exactly so many frames of that size; MissingProgram, DiskFull.
    """
    with tempfile.NamedTemporaryFile(dir=beside, prefix=".tmp-frames-") as raw:
        exact = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
        command = [
            *(find_ffmpeg(), "-nostdin", "-hide_banner", "-v", "error", "-y", "-f", "mov", "-i", str(clip)),
            *("-map", "0:v:0", "-frames:v", str(frames + 1), "-vf", f"scale=in_color_matrix=bt709:{exact}"),
            *("-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", raw.name),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        except OSError as fault:
            raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}; run `pip install imageio-ffmpeg`") from fault
        if done.returncode and is_disk_full(done.stderr):
            raise DiskFull(f"{beside}: the disk is full; free some space and run the same command again")
        found, rest = divmod(Path(raw.name).stat().st_size, size * size * 3)
        if done.returncode or rest or found != frames:
            reason = (done.stderr.strip().splitlines() or [f"it has {found} frames of {size}x{size}, not {frames}"])[-1]
            raise BadInput(f"{clip.name}: cannot be decoded in full ({reason}); export it again")
        yield np.memmap(raw.name, np.uint8, "r", shape=(frames, size, size, 3))
