"""Train a presenter's shape predictor with dlib's own trainer."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from steps.dlib.predictor import LANDMARKS, GrayImage

FrameSource: TypeAlias = Callable[[int], tuple[NDArray[np.uint8], NDArray[np.float32]]]
"""`frames(n)` returns the next n pictures (n, size, size, 3) RGB and their landmarks (n, 68, 2) in pixels."""

FRAMES = 1400
BATCH = 50


def train_predictor(frames: FrameSource, out: Path, seed: int) -> None:
    """Train a predictor of 68 landmarks and write `landmarks.dat`, about 3 MB; it takes two cores about four minutes.

    The file appears under its name only when it is complete. The same seed and frames give the same trees.
    """
    random = np.random.default_rng(seed)
    detector = dlib.get_frontal_face_detector()
    images: list[GrayImage] = []
    shapes: list[Any] = []
    while len(images) < FRAMES:
        for picture, landmarks in zip(*frames(BATCH), strict=True):
            grey = augment(picture, random)
            images.append(grey)
            shapes.append(dlib.full_object_detection(face_box(detector, grey, landmarks, random), dlib_points(landmarks)))
    predictor = dlib.train_shape_predictor(images, [[shape] for shape in shapes], training_options(seed))
    handle, draft = tempfile.mkstemp(dir=out.parent, prefix=".tmp-")
    os.close(handle)
    predictor.save(draft)
    Path(draft).chmod(0o644)
    Path(draft).replace(out)


def training_options(seed: int) -> Any:
    options = dlib.shape_predictor_training_options()
    options.cascade_depth = 12
    options.num_trees_per_cascade_level = 80
    options.tree_depth = 2
    options.nu = 0.1
    options.oversampling_amount = 12
    options.oversampling_translation_jitter = 0.06
    options.feature_pool_size = 500
    options.feature_pool_region_padding = 0.05
    options.num_test_splits = 60
    options.lambda_param = 0.1
    options.num_threads = os.cpu_count() or 1
    options.random_seed = f"newsreel {seed}"
    return options


def augment(picture: NDArray[np.uint8], random: np.random.Generator) -> GrayImage:
    """A picture as a decoder or generator may give it: BT.709 luma with random blur, brightness, contrast and noise."""
    luma = picture.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    if (blur := float(random.uniform(0, 1.4))) > 0.4:
        luma = cv2.GaussianBlur(luma, (0, 0), blur).astype(np.float32, copy=False)
    luma = (luma - 128) * float(random.uniform(0.92, 1.08)) + 128 + float(random.uniform(-8, 8))
    luma += random.normal(0, float(random.uniform(0, 2)), luma.shape).astype(np.float32)
    grey: GrayImage = np.clip(luma, 0, 255).astype(np.uint8)
    return grey


def face_box(detector: Any, grey: GrayImage, landmarks: NDArray[np.float32], random: np.random.Generator) -> Any:
    """The detector's box; if it finds none, a similar one computed from the landmarks."""
    found = detector(grey, 0)
    if len(found) == 1:
        return found[0]
    middle, spread = landmarks.mean(0), float(landmarks.std())
    side = round(spread * 3.4 * float(random.uniform(0.95, 1.05)))
    left, top = (round(float(edge)) for edge in middle - side * (0.5 + random.uniform(-0.03, 0.03, 2)))
    return dlib.rectangle(left, top, left + side - 1, top + side - 1)


def dlib_points(landmarks: NDArray[np.float32]) -> Any:
    """Landmarks as dlib's whole pixels; the centre of pixel 0 is 0 in dlib, 0.5 in ours."""
    assert landmarks.shape == (LANDMARKS, 2)  # noqa: S101
    return [dlib.point(round(float(x) - 0.5), round(float(y) - 0.5)) for x, y in landmarks]
