"""Phones in time to mouth movement: each phone pulls the mouth towards its shape, strongest in its middle.

The scheme is that of Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (Models and Techniques in Computer
Animation, 1993): a segment s has for each articulator a dominance `D(t) = alpha exp(-|t - s| / theta)`, and the articulator
stands at the mean of the segments' targets weighted by their dominance. Fast speech so undershoots by itself, and a rounded
vowel rounds the consonants before it. What the scheme leaves open is that a /b/ must close the lips at any rate of
speech (Cosi et al., "Labial coarticulation modeling for realistic facial animation", ICMI 2002, add a resistance for this);
here closures are laid over the mean for at least one whole frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, Phone
from steps.animate.visemes import JAW, LIPS, POINTS, SHAPES_OF_PHONE, Visemes

__all__ = ["Pull", "Segment", "frame_times", "mouth_movement", "movement_at", "segments_of"]

LEAD = 0.03
"""Seconds by which lips move ahead of what they make heard."""
PAUSE = 0.14
"""A gap between phones from which on the mouth comes to rest, seconds."""
APPROACH = 0.04
"""A segment's pull is full from this long after its start to this long before its end (or in its middle), seconds."""
FIRST_SHARE = 0.55
"""How much of a diphthong belongs to its first shape."""


@dataclass(frozen=True)
class Segment:
    """A mouth shape asked for from `start` to `end` (seconds); `opening` scales how far it opens, 1 as drawn."""

    shape: str
    start: float
    end: float
    opening: float = 1.0


@dataclass(frozen=True)
class Pull:
    """How strongly a shape claims one articulator, and how fast the claim fades outside the segment (seconds)."""

    strength: float
    before: float = 0.045
    after: float = 0.045


def pulls(opening: float, spread: float, jaw: float, early: float = 0.05) -> tuple[Pull, Pull, Pull]:
    """For lip opening, lip spread and jaw. `early` is how far ahead (seconds) the lips round or spread for the shape."""
    return Pull(opening), Pull(spread, before=early, after=0.05), Pull(jaw, before=0.07, after=0.07)


PULLS: dict[str, tuple[Pull, Pull, Pull]] = {
    "rest": pulls(1.2, 0.8, 1.2),
    # Lips do the work; the tongue is free, so spread is the neighbours'.
    "MBP": pulls(1.0, 0.15, 0.8),
    "FV": pulls(1.0, 0.4, 0.8),
    # The tongue does the work; lips and jaw mostly follow the vowels around. Sibilants need the teeth together.
    "TH": pulls(0.8, 0.3, 0.6),
    "TDN": pulls(0.5, 0.2, 0.5),
    "SZ": pulls(1.3, 0.4, 1.3),
    "SH": pulls(1.0, 1.0, 1.3, early=0.07),
    "KG": pulls(0.3, 0.1, 0.25),
    "L": pulls(0.5, 0.2, 0.4),
    "R": pulls(0.5, 0.6, 0.4, early=0.07),
    "HH": pulls(0.08, 0.03, 0.08),
    # Rounding begins early and holds.
    "W": pulls(1.3, 1.6, 0.7, early=0.09),
    "UW": pulls(1.1, 1.5, 0.8, early=0.09),
    "OW": pulls(1.1, 1.3, 1.0, early=0.08),
    "AO": pulls(1.1, 0.9, 1.1, early=0.07),
    "AA": pulls(1.2, 0.5, 1.2),
    "AE": pulls(1.2, 0.8, 1.2),
    "EH": pulls(1.0, 0.6, 1.0),
    "AH": pulls(0.8, 0.3, 0.8),
    "ER": pulls(0.9, 0.7, 0.8, early=0.06),
    "IH": pulls(0.8, 0.6, 0.7),
    "IY": pulls(0.9, 1.0, 0.8),
}
"""For each shape its pull on lip opening, lip spread and jaw."""

FULL_CLOSURE = {"FV": (0.2, 0.85), "MBP": (0.2, 0.8)}
"""Shapes that are reached in full, and the part of the segment for which they are: a /p/ is released before its end."""
STRETCH, REACH = 300, 3.0
"""Frames worked on at a time, and seconds around them in which segments count: beyond, nothing is left of the strongest pull."""
CLOSING, RELEASING = 0.07, 0.08
"""How long the lips take to close and to open again, seconds."""


def frame_times(frames: int) -> NDArray[np.float64]:
    """The moment each frame stands for: its middle, seconds."""
    return (np.arange(frames) + 0.5) / FRAME_RATE


def segments_of(phones: Sequence[Phone], opening: Sequence[float], duration: float) -> list[Segment]:
    """Mouth shapes in time, rest in every pause and at both ends, moved ahead of the sound by LEAD.

    `phones` in order of time; `opening` scales each of them. Every phone must be one of SHAPES_OF_PHONE.
    """
    segments, last = [], -1.0
    for phone, scale in zip(phones, opening, strict=True):
        if phone.start - last > PAUSE:
            segments.append(Segment("rest", last - LEAD, phone.start - LEAD))
        segments.extend(shapes_in(phone, scale))
        last = max(last, phone.end)
    segments.append(Segment("rest", last - LEAD, max(duration, last) + 1.0))
    return segments


def shapes_in(phone: Phone, scale: float) -> list[Segment]:
    start, end = phone.start - LEAD, phone.end - LEAD
    match SHAPES_OF_PHONE[phone.phone]:
        case (shape,):
            return [Segment(shape, start, end, scale)]
        case (first, second):
            turn = start + FIRST_SHARE * (end - start)
            return [Segment(first, start, turn, scale), Segment(second, turn, end, scale)]
        case several:
            raise AssertionError(f"{phone.phone} has {len(several)} shapes")


def mouth_movement(segments: Sequence[Segment], visemes: Visemes, frames: int) -> NDArray[np.float64]:
    """Offsets (frames, 68, 2) from rest in the head's frame; only lips and jaw move."""
    movement = np.zeros((frames, POINTS, 2))
    start, end = (np.array([getattr(segment, edge) for segment in segments]) for edge in ("start", "end"))
    for first in range(0, frames, STRETCH):
        times = frame_times(frames)[first : first + STRETCH]
        near = np.flatnonzero((end > times[0] - REACH) & (start < times[-1] + REACH))
        heard = [segments[index] for index in near.tolist()] or [Segment("rest", times[0], times[-1])]
        movement[first : first + STRETCH] = movement_at(times, heard, visemes)
    return movement


def movement_at(times: NDArray[np.float64], segments: Sequence[Segment], visemes: Visemes) -> NDArray[np.float64]:
    """Offsets (times, 68, 2) at some moments (seconds) from the segments around them."""
    targets = np.stack([visemes.of(segment.shape) * [1.0, segment.opening] for segment in segments])
    opening, spread, jaw = (
        dominance([PULLS[segment.shape][articulator] for segment in segments], segments, times) for articulator in range(3)
    )
    lips = np.stack([spread @ targets[:, LIPS, 0], opening @ targets[:, LIPS, 1]], axis=-1)
    for shape, part in FULL_CLOSURE.items():
        closed = closure([segment for segment in segments if segment.shape == shape], part, times)[:, None]
        lips[..., 1] += closed * (visemes.of(shape)[LIPS, 1] - lips[..., 1])
    movement = np.zeros((len(times), POINTS, 2))
    movement[:, LIPS] = lips
    movement[:, JAW] = np.einsum("ts,spc->tpc", jaw, targets[:, JAW])
    return movement


def dominance(pull: Sequence[Pull], segments: Sequence[Segment], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each segment's share (times, segments) in one articulator; shares of a moment add up to 1."""
    start, end = (np.array([getattr(segment, edge) for segment in segments]) for edge in ("start", "end"))
    inset = np.minimum(APPROACH, (end - start) / 2)
    early = np.maximum(start + inset - times[:, None], 0) / np.array([p.before for p in pull])
    late = np.maximum(times[:, None] - (end - inset), 0) / np.array([p.after for p in pull])
    # In logarithms and relative to the strongest, so that a long pause leaves no 0 / 0.
    exponent = np.log([p.strength for p in pull]) - early - late
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def closure(segments: Sequence[Segment], part: tuple[float, float], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a full closure rules each moment (times,): 1 for at least one frame of each segment, easing in and out."""
    if not segments:
        return np.zeros(len(times))
    start, length = (np.array(column) for column in zip(*((s.start, s.end - s.start) for s in segments), strict=True))
    begin, end = start + part[0] * length, start + part[1] * length
    short = np.maximum(1.01 / FRAME_RATE - (end - begin), 0) / 2
    begin, end = begin - short, end + short
    outside = np.maximum((begin - times[:, None]) / CLOSING, (times[:, None] - end) / RELEASING)
    nearest = np.clip(outside.min(axis=1), 0, 1)
    return np.asarray(1 - nearest**2 * (3 - 2 * nearest))
