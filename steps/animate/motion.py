"""The landmarks of a scene: head movement, speech and prosody combined.

Nodding needs the depth of each landmark, which a face in the picture plane does not have. It is that of a mean adult face in the
head's units (distance between the outer eye corners), z toward the camera, rounded: for rotations of a few degrees a presenter's
own depth would move no point by more than a fraction of a pixel.
"""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from newsreel.artifacts import Speech
from newsreel.errors import BadInput
from steps.animate.coarticulation import frame_times, mouth_movement, segments_of
from steps.animate.head import HeadLoop, complex_points, ease_in_and_out, play_loop, real_points
from steps.animate.prosody import Accent, accents_of, gesture_curve, openings_of
from steps.animate.visemes import VISEMES_OF_PHONE, Visemes

NECK_DEPTH = -0.55
"""Depth of the joint in the neck that the head nods about."""


def mirror(half: Sequence[float], middle: Sequence[float] = ()) -> list[float]:
    """A row of points from left to right, given from the left to the middle."""
    return [*half, *middle, *half[::-1]]


LANDMARK_DEPTH: NDArray[np.float64] = np.array(
    [
        *mirror([-0.58, -0.55, -0.49, -0.39, -0.25, -0.10, 0.04, 0.13], [0.16]),  # jaw, ear to chin to ear
        *mirror([-0.06, 0.04, 0.10, 0.12, 0.10]),  # brows
        *[0.10, 0.19, 0.30, 0.39],  # bridge of the nose, downwards
        *mirror([0.14, 0.22], [0.25]),  # base of the nose
        *[-0.08, 0.03, 0.05, 0.00, 0.04, 0.02],  # left eye: outer corner, upper lid, inner corner, lower lid
        *[0.00, 0.05, 0.03, -0.08, 0.02, 0.04],  # right eye: inner corner, upper lid, outer corner, lower lid
        *mirror([0.07, 0.16, 0.22], [0.23]),  # outer edge of the upper lip, corner to corner
        *mirror([0.15, 0.20], [0.21]),  # outer edge of the lower lip
        *mirror([0.08, 0.19], [0.21]),  # inner edge of the upper lip, corner to corner
        *mirror([0.19], [0.21]),  # inner edge of the lower lip
    ]
)
"""(68,)"""


BROWS = slice(17, 27)
NOD_ANGLE = 0.06
"""Nod at the strongest accent, radians: it lowers the eyes by a thirtieth of the distance between them."""
BROW_RAISE = 0.045
"""Raise of the brows at the strongest accent, in eye distances."""
LANDMARK_STEP = 1 / 64
"""Landmarks are rounded to this many pixels: finer than can be drawn, coarser than differences between machines' arithmetic."""


def read_speech(path: Path) -> Speech:
    """Read `phones/NN.json`; raises BadInput if it is no Speech or has a phone without a viseme."""
    try:
        speech = Speech.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise BadInput(f"{path}: not a scene's phones: {fault.errors()[0]['msg']}; run gentle again") from fault
    phones = [phone for word in speech.words for phone in word.phones]
    if unknown := {phone.phone for phone in phones}.difference(VISEMES_OF_PHONE):
        raise BadInput(f"{path}: {', '.join(sorted(unknown))}: not among the 39 phones of ARPAbet; run gentle again")
    if not (math.isfinite(speech.duration) and all(-math.inf < phone.start <= phone.end < math.inf for phone in phones)):
        raise BadInput(f"{path}: a phone ends before it starts, or a time is not finite; run gentle again")
    return speech


def seed_of(speech: Speech) -> int:
    """Seed of the random choices: a hash of the speech, the same on any machine."""
    return int.from_bytes(hashlib.sha256(speech.model_dump_json().encode()).digest()[:8])


def animate_scene(
    speech: Speech, loudness: NDArray[np.float64], head: HeadLoop, visemes: Visemes, size: int
) -> NDArray[np.float32]:
    """The landmarks (frames, 68, 2) of a scene in pixels of a `size` x `size` picture, one frame for each value of `loudness`.

    Random choices (start of the loop, accents that raise the brows) are seeded by the speech alone, so that a scene does not
    depend on the scenes before it.
    """
    frames = len(loudness)
    random = np.random.default_rng(seed_of(speech))
    phones = sorted((phone for word in speech.words for phone in word.phones), key=lambda phone: (phone.start, phone.end))
    played = play_loop(head, frames, random)
    accents = accents_of(phones, loudness, random)
    segments = segments_of(phones, openings_of(phones, loudness), speech.duration)
    face = played.shape + complex_points(mouth_movement(segments, visemes, frames))
    face[:, BROWS] -= 1j * brow_raise(accents, frames)[:, None]
    face += 1j * nod(accents, frames)[:, None] * (LANDMARK_DEPTH - NECK_DEPTH)
    landmarks = real_points(played.scale[:, None] * face + played.shift[:, None])
    return (np.rint(np.clip(landmarks, 0, size - 1) / LANDMARK_STEP) * LANDMARK_STEP).astype(np.float32)


def nod(accents: list[Accent], frames: int) -> NDArray[np.float64]:
    """(frames,) radians; so small a rotation moves a point in the picture by the angle times its distance from the neck."""
    return NOD_ANGLE * ease_in_and_out(frames) * gesture_curve(accents, frame_times(frames), rise=0.22, fall=0.38, late=0.06)


def brow_raise(accents: list[Accent], frames: int) -> NDArray[np.float64]:
    """(frames,) eye distances."""
    raised = [accent for accent in accents if accent.brows]
    return BROW_RAISE * ease_in_and_out(frames) * gesture_curve(raised, frame_times(frames), rise=0.25, fall=0.5, late=0.0)
