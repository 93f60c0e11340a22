"""Coarticulation: phones with their times to mouth movement.

The model is that of Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (Models and Techniques in Computer
Animation, 1993): a segment s has for each articulator a dominance `D(t) = alpha exp(-|t - s| / theta)`, and the articulator is at
the mean of the segments' targets weighted by their dominance. So fast speech undershoots, and a rounded vowel rounds the
consonants
before it. The model does not ensure that a /b/ closes the lips at any rate of speech (Cosi et al., "Labial coarticulation
modeling
for realistic facial animation", ICMI 2002, add a resistance for this); here closures are blended over the mean for at least one
whole frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, Phone
from steps.animate.visemes import JAW, LANDMARKS, LIPS, VISEMES_OF_PHONE, Visemes

LIP_LEAD = 0.03
"""Seconds by which the lips move ahead of the sound."""
MIN_PAUSE = 0.14
"""Shortest gap between phones, in seconds, in which the mouth returns to rest."""
FULL_PULL_INSET = 0.04
"""Seconds after the start and before the end of a segment between which its dominance is full (or in its middle)."""
DIPHTHONG_TURN = 0.55
"""Fraction of a diphthong that belongs to its first viseme."""


@dataclass(frozen=True)
class Segment:
    """A viseme from `start` to `end` (seconds); `opening` scales how far the mouth opens."""

    shape: str
    start: float
    end: float
    opening: float = 1.0


@dataclass(frozen=True)
class Dominance:
    """Dominance of a viseme over one articulator, and its time constants before and after the segment (seconds)."""

    strength: float
    before: float = 0.045
    after: float = 0.045


def dominances(opening: float, spread: float, jaw: float, early: float = 0.05) -> tuple[Dominance, Dominance, Dominance]:
    """For lip opening, lip spread and jaw. `early` is the time constant (seconds) of rounding or spreading ahead of the
    segment."""
    return Dominance(opening), Dominance(spread, before=early, after=0.05), Dominance(jaw, before=0.07, after=0.07)


DOMINANCES: dict[str, tuple[Dominance, Dominance, Dominance]] = {
    "rest": dominances(1.2, 0.8, 1.2),
    # Articulated by the lips: the spread is free to follow the neighbours.
    "MBP": dominances(1.0, 0.15, 0.8),
    "FV": dominances(1.0, 0.4, 0.8),
    # Articulated by the tongue: lips and jaw mostly follow the vowels around. Sibilants need the teeth together.
    "TH": dominances(0.8, 0.3, 0.6),
    "TDN": dominances(0.5, 0.2, 0.5),
    "SZ": dominances(1.3, 0.4, 1.3),
    "SH": dominances(1.0, 1.0, 1.3, early=0.07),
    "KG": dominances(0.3, 0.1, 0.25),
    "L": dominances(0.5, 0.2, 0.4),
    "R": dominances(0.5, 0.6, 0.4, early=0.07),
    "HH": dominances(0.08, 0.03, 0.08),
    # Rounding begins early and lasts.
    "W": dominances(1.3, 1.6, 0.7, early=0.09),
    "UW": dominances(1.1, 1.5, 0.8, early=0.09),
    "OW": dominances(1.1, 1.3, 1.0, early=0.08),
    "AO": dominances(1.1, 0.9, 1.1, early=0.07),
    "AA": dominances(1.2, 0.5, 1.2),
    "AE": dominances(1.2, 0.8, 1.2),
    "EH": dominances(1.0, 0.6, 1.0),
    "AH": dominances(0.8, 0.3, 0.8),
    "ER": dominances(0.9, 0.7, 0.8, early=0.06),
    "IH": dominances(0.8, 0.6, 0.7),
    "IY": dominances(0.9, 1.0, 0.8),
}
"""Each viseme's dominance over lip opening, lip spread and jaw."""

FULL_CLOSURE = {"FV": (0.2, 0.85), "MBP": (0.2, 0.8)}
"""Visemes that must be reached, and the part of the segment in which they are: a /p/ is released before its end."""
BLOCK_FRAMES, REACH_SECONDS = 300, 3.0
"""Frames computed at a time, and seconds around them in which segments count: beyond, the strongest dominance has vanished."""
CLOSING_SECONDS, RELEASE_SECONDS = 0.07, 0.08
"""How long the lips take to close and to open again."""


def frame_times(frames: int) -> NDArray[np.float64]:
    """Time of each frame, which is its middle, in seconds."""
    return (np.arange(frames) + 0.5) / FRAME_RATE


def segments_of(phones: Sequence[Phone], opening: Sequence[float], duration: float) -> list[Segment]:
    """Visemes with their times, rest in every pause and at both ends, LIP_LEAD ahead of the sound.

    `phones` in order of time; `opening` scales each of them. Every phone must be one of VISEMES_OF_PHONE.
    """
    segments, last = [], -1.0
    for phone, scale in zip(phones, opening, strict=True):
        if phone.start - last > MIN_PAUSE:
            segments.append(Segment("rest", last - LIP_LEAD, phone.start - LIP_LEAD))
        segments.extend(phone_segments(phone, scale))
        last = max(last, phone.end)
    segments.append(Segment("rest", last - LIP_LEAD, max(duration, last) + 1.0))
    return segments


def phone_segments(phone: Phone, scale: float) -> list[Segment]:
    start, end = phone.start - LIP_LEAD, phone.end - LIP_LEAD
    match VISEMES_OF_PHONE[phone.phone]:
        case (shape,):
            return [Segment(shape, start, end, scale)]
        case (first, second):
            turn = start + DIPHTHONG_TURN * (end - start)
            return [Segment(first, start, turn, scale), Segment(second, turn, end, scale)]
        case several:
            raise AssertionError(f"{phone.phone} has {len(several)} visemes")


def mouth_movement(segments: Sequence[Segment], visemes: Visemes, frames: int) -> NDArray[np.float64]:
    """Offsets (frames, 68, 2) from rest in the head's coordinates; only lips and jaw move."""
    movement = np.zeros((frames, LANDMARKS, 2))
    start, end = (np.array([getattr(segment, edge) for segment in segments]) for edge in ("start", "end"))
    for first in range(0, frames, BLOCK_FRAMES):
        times = frame_times(frames)[first : first + BLOCK_FRAMES]
        near = np.flatnonzero((end > times[0] - REACH_SECONDS) & (start < times[-1] + REACH_SECONDS))
        nearby = [segments[index] for index in near.tolist()] or [Segment("rest", times[0], times[-1])]
        movement[first : first + BLOCK_FRAMES] = movement_at(times, nearby, visemes)
    return movement


def movement_at(times: NDArray[np.float64], segments: Sequence[Segment], visemes: Visemes) -> NDArray[np.float64]:
    """Offsets (times, 68, 2) at `times` (seconds) from the segments around them."""
    targets = np.stack([visemes.of(segment.shape) * [1.0, segment.opening] for segment in segments])
    opening, spread, jaw = (
        dominance_shares([DOMINANCES[segment.shape][articulator] for segment in segments], segments, times)
        for articulator in range(3)
    )
    lips = np.stack([spread @ targets[:, LIPS, 0], opening @ targets[:, LIPS, 1]], axis=-1)
    for shape, part in FULL_CLOSURE.items():
        closed = closure([segment for segment in segments if segment.shape == shape], part, times)[:, None]
        lips[..., 1] += closed * (visemes.of(shape)[LIPS, 1] - lips[..., 1])
    movement = np.zeros((len(times), LANDMARKS, 2))
    movement[:, LIPS] = lips
    movement[:, JAW] = np.einsum("ts,spc->tpc", jaw, targets[:, JAW])
    return movement


def dominance_shares(
    dominances: Sequence[Dominance], segments: Sequence[Segment], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each segment's share (times, segments) in one articulator; the shares at a time add up to 1."""
    start, end = (np.array([getattr(segment, edge) for segment in segments]) for edge in ("start", "end"))
    inset = np.minimum(FULL_PULL_INSET, (end - start) / 2)
    early = np.maximum(start + inset - times[:, None], 0) / np.array([p.before for p in dominances])
    late = np.maximum(times[:, None] - (end - inset), 0) / np.array([p.after for p in dominances])
    # In logarithms and relative to the strongest, so that a long pause leaves no 0 / 0.
    exponent = np.log([p.strength for p in dominances]) - early - late
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def closure(segments: Sequence[Segment], part: tuple[float, float], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight (times,) of the full closures: 1 for at least one frame of each segment, easing in and out."""
    if not segments:
        return np.zeros(len(times))
    start, length = (np.array(column) for column in zip(*((s.start, s.end - s.start) for s in segments), strict=True))
    begin, end = start + part[0] * length, start + part[1] * length
    short = np.maximum(1.01 / FRAME_RATE - (end - begin), 0) / 2
    begin, end = begin - short, end + short
    outside = np.maximum((begin - times[:, None]) / CLOSING_SECONDS, (times[:, None] - end) / RELEASE_SECONDS)
    nearest = np.clip(outside.min(axis=1), 0, 1)
    return np.asarray(1 - nearest**2 * (3 - 2 * nearest))
