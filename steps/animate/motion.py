"""Head, speech and prosody together: the landmarks of a scene."""

import hashlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from newsreel.artifacts import Speech
from newsreel.errors import BadInput
from steps.animate.coarticulation import frame_times, mouth_movement, segments_of
from steps.animate.depth import DEPTH, NECK
from steps.animate.head import Head, complex_points, ease_in_and_out, perform, real_points
from steps.animate.prosody import Accent, accents_of, bumps, openings_of
from steps.animate.visemes import SHAPES_OF_PHONE, Visemes

__all__ = ["motion_of", "seed_of", "speech_from"]

BROWS = slice(17, 27)
NOD = 0.06
"""How far the strongest accent bows the head, radians: it lowers the eyes by a thirtieth of the distance between them."""
RAISE = 0.045
"""How far it raises the brows, in distances between the eyes."""
FINEST = 1 / 64
"""Landmarks are rounded to this many pixels: finer than can be drawn, coarser than what two machines' arithmetic differs by."""


def speech_from(path: Path) -> Speech:
    """Read `phones/NN.json`; raises BadInput where it is not a Speech or names a phone that no mouth shape is known for."""
    try:
        speech = Speech.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise BadInput(f"{path}: not a scene's phones: {fault.errors()[0]['msg']}; run gentle again") from fault
    phones = [phone for word in speech.words for phone in word.phones]
    if strange := {phone.phone for phone in phones}.difference(SHAPES_OF_PHONE):
        raise BadInput(f"{path}: {', '.join(sorted(strange))}: not among the 39 phones of ARPAbet; run gentle again")
    if not (math.isfinite(speech.duration) and all(-math.inf < phone.start <= phone.end < math.inf for phone in phones)):
        raise BadInput(f"{path}: a phone that ends before it starts, or a time that is no number; run gentle again")
    return speech


def seed_of(speech: Speech) -> int:
    """The same for the same speech, on any machine."""
    return int.from_bytes(hashlib.sha256(speech.model_dump_json().encode()).digest()[:8])


def motion_of(speech: Speech, loudness: NDArray[np.float64], head: Head, visemes: Visemes, size: int) -> NDArray[np.float32]:
    """The landmarks (frames, 68, 2) of a scene in pixels of a `size` x `size` picture, a frame for each of `loudness`.

    Chance (where the head's loop starts, which accents raise the brows) is drawn from the speech alone, so a scene moves the
    same whatever comes before it.
    """
    frames = len(loudness)
    random = np.random.default_rng(seed_of(speech))
    phones = sorted((phone for word in speech.words for phone in word.phones), key=lambda phone: (phone.start, phone.end))
    played = perform(head, frames, random)
    accents = accents_of(phones, loudness, random)
    segments = segments_of(phones, openings_of(phones, loudness), speech.duration)
    face = played.shape + complex_points(mouth_movement(segments, visemes, frames))
    face[:, BROWS] -= 1j * brow_raise(accents, frames)[:, None]
    face += 1j * nod(accents, frames)[:, None] * (DEPTH - NECK)
    landmarks = real_points(played.scale[:, None] * face + played.shift[:, None])
    return (np.rint(np.clip(landmarks, 0, size - 1) / FINEST) * FINEST).astype(np.float32)


def nod(accents: list[Accent], frames: int) -> NDArray[np.float64]:
    """(frames,) radians; as small a turn moves a point in the picture by the angle times its distance before the neck."""
    return NOD * ease_in_and_out(frames) * bumps(accents, frame_times(frames), rise=0.22, fall=0.38, late=0.06)


def brow_raise(accents: list[Accent], frames: int) -> NDArray[np.float64]:
    """(frames,) distances between the eyes."""
    raised = [accent for accent in accents if accent.brows]
    return RAISE * ease_in_and_out(frames) * bumps(raised, frame_times(frames), rise=0.25, fall=0.5, late=0.0)
