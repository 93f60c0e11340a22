"""The example presenter's movement: random poses to train on, and the idle movement of her footage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.media.encoder import open_encoder
from tools.presenter.drawing import Mouth, Pose, draw
from tools.presenter.visemes import VISEMES


@dataclass(frozen=True, kw_only=True)
class PoseRange:
    """Largest deviation of the head from rest: angles in radians, the others as in `Pose`."""

    yaw: float
    pitch: float
    roll: float
    shift: float
    scale: float


FULL_RANGE = PoseRange(yaw=0.35, pitch=0.21, roll=0.175, shift=0.16, scale=0.05)
"""20, 12 and 10 degrees; dlib detects her in all of it."""
STORY_RANGE = PoseRange(yaw=0.18, pitch=0.16, roll=0.09, shift=0.06, scale=0.02)
"""The range in a story: idling and nods, with a margin. A generator learns it faster than the full range."""
IDLE_RANGE = PoseRange(yaw=0.115, pitch=0.055, roll=0.05, shift=0.035, scale=0.008)
"""The range of the footage: a presenter who looks into the camera."""

FOOTAGE_SECONDS = 12.0
FOOTAGE_ENCODING = (
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"),
    *("-c:v", "libx264", "-crf", "14", "-preset", "slow", "-pix_fmt", "yuv420p", "-threads", "1", "-movflags", "+faststart"),
)
"""For a clip that ships and that any player can show: a few hundred kilobytes, colours as exact as ffmpeg can convert them."""
VISEME_FRAMES = (2, 6)

BLINK_FRAMES = np.array([0.35, 0.85, 1.0, 0.9, 0.6, 0.3, 0.1])
"""Lids close in about 80 ms and open in about 150 (Guitton et al., "Upper eyelid movements", 1991)."""


def training_poses(seed: int, frames: int, reach: PoseRange = FULL_RANGE) -> Iterator[Pose]:
    """Independent random poses: all visemes, blends and exaggerations of them, head poses within `reach`, brows and blinks.

    The same seed gives the same poses.
    """
    random = np.random.default_rng(seed)
    for _ in range(frames):
        yaw, pitch, roll = random.normal(0, 0.45, 3).clip(-1, 1) * [reach.yaw, reach.pitch, reach.roll]
        x, y, scale = random.uniform(-1, 1, 3) * [reach.shift, reach.shift * 0.6, reach.scale]
        yield Pose(
            yaw=float(yaw),
            pitch=float(pitch),
            roll=float(roll),
            x=float(x),
            y=float(y),
            scale=1 + float(scale),
            brows=float(random.choice([0.0, random.uniform(-0.5, 1)])),
            blink=float(random.choice([0.0, 0.0, random.uniform(0, 1), 1.0], p=[0.4, 0.3, 0.2, 0.1])),
            mouth=random_mouth(random),
        )


def random_mouth(random: np.random.Generator) -> Mouth:
    """A viseme or a blend of two, weaker or stronger than in speech."""
    shapes = list(VISEMES.values())
    one, other = (shapes[index] for index in random.integers(0, len(shapes), 2))
    blend = one.toward(other, float(random.choice([0.0, random.uniform(0, 1)])))
    scaled = Mouth().toward(blend, float(random.uniform(0.3, 1.15)))
    return replace(scaled, smile=scaled.smile + float(random.choice([0.0, random.uniform(0, 0.7)])))


def idle_poses(seed: int, seconds: float) -> list[Pose]:
    """Idle movement: slow head motion, blinks every 2 to 5 s, brow accents, mouth closed.

    The last pose continues smoothly into the first. The same seed gives the same poses.
    """
    random = np.random.default_rng(seed)
    frames = round(seconds * FRAME_RATE)
    yaw, pitch, roll, x, y, scale = (periodic_noise(random, frames) for _ in range(6))
    lids = blink_curve(random, frames)
    brows = brow_curve(random, frames)
    smile = 0.12 + 0.12 * periodic_noise(random, frames)
    return [
        Pose(
            yaw=float(IDLE_RANGE.yaw * yaw[t]),
            pitch=float(IDLE_RANGE.pitch * (pitch[t] - 0.35 * brows[t])),
            roll=float(IDLE_RANGE.roll * (0.7 * roll[t] + 0.5 * yaw[t])),
            x=float(IDLE_RANGE.shift * (0.5 * x[t] + 0.5 * yaw[t])),
            y=float(IDLE_RANGE.shift * 0.5 * y[t]),
            scale=float(1 + IDLE_RANGE.scale * scale[t]),
            brows=float(brows[t]),
            blink=float(lids[t]),
            mouth=Mouth(smile=float(smile[t])),
        )
        for t in range(frames)
    ]


def talking_poses(seed: int, frames: int) -> list[Pose]:
    """Idle movement with random visemes, two to six frames each, blended into one another."""
    random = np.random.default_rng([seed, 1])
    shapes = list(VISEMES.values())
    mouths: list[Mouth] = []
    here = Mouth()
    while len(mouths) < frames:
        there, lasts = shapes[random.integers(len(shapes))], int(random.integers(*VISEME_FRAMES, endpoint=True))
        mouths += [here.toward(there, float(np.sin(np.pi / 2 * step / lasts) ** 2)) for step in range(1, lasts + 1)]
        here = there
    poses = idle_poses(seed, frames / FRAME_RATE)
    return [replace(pose, mouth=replace(mouth, smile=0.5 * mouth.smile)) for pose, mouth in zip(poses, mouths, strict=False)]


def periodic_noise(random: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """Slow periodic noise within -1 to 1: a sum of waves of 2 to 12 s that ends where it began."""
    seconds = frames / FRAME_RATE
    waves = np.arange(1, max(2, round(seconds / 2)) + 1)
    phase = random.uniform(0, 2 * np.pi, len(waves))
    strength = random.uniform(0.5, 1, len(waves)) / waves**1.1
    time = np.arange(frames)[:, None] / frames
    path = (strength * np.sin(2 * np.pi * waves * time + phase)).sum(1)
    scaled: NDArray[np.float64] = path / max(float(np.abs(path).max()), 1e-9)
    return scaled


def blink_curve(random: np.random.Generator, frames: int) -> NDArray[np.float64]:
    lids = np.zeros(frames)
    start = float(random.uniform(0.6, 2.0))
    while (first := round(start * FRAME_RATE)) + len(BLINK_FRAMES) < frames:
        lids[first : first + len(BLINK_FRAMES)] = BLINK_FRAMES
        start += float(random.uniform(2.0, 4.6))
    return lids


def brow_curve(random: np.random.Generator, frames: int) -> NDArray[np.float64]:
    """Occasional small raises of the brows, as with a stressed word."""
    time = np.arange(frames) / FRAME_RATE
    brows = np.zeros(frames)
    for centre in np.arange(1.5, frames / FRAME_RATE - 1.0, 2.7):
        at = centre + float(random.uniform(-0.5, 0.5))
        brows += float(random.uniform(0.15, 0.5)) * np.exp(-(((time - at) / 0.22) ** 2))
    return brows


def write_footage(path: Path, seed: int, seconds: float, size: int) -> None:
    """Draw the idle presenter into an encoder: H.264 at high quality, always the same bytes.

    The file appears under its name only when it is complete. Raises MissingProgram, DiskFull.
    """
    draft = path.with_name(f".tmp-{path.name}")
    try:
        with open_encoder(draft, size, size, FRAME_RATE, FOOTAGE_ENCODING) as write:
            for pose in idle_poses(seed, seconds):
                write(draw(pose, size)[0])
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
