"""Who of the people in a clip is the presenter, who only passes by, and when there is no telling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.dlib.people import Person

__all__ = ["Span", "presenter_of"]

GLIMPSE = 5
"""Frames; the detector takes a pattern for a face for less."""
RIVAL_SIZE, RIVAL_SHARE = 0.6, 0.5
"""Who is this large beside the presenter, for this part of the presenter's time, might be the presenter."""
SAME_SIZE = 2.0
"""Factor within which a face is as large as the presenter's, and may be the presenter's after a cut."""


@dataclass(frozen=True)
class Span:
    """Frames from `first` up to and including `last`."""

    first: int
    last: int

    def __str__(self) -> str:
        """In seconds, as a player shows them."""
        return f"{self.first / FRAME_RATE:.1f}-{(self.last + 1) / FRAME_RATE:.1f} s"


def presenter_of(people: Sequence[Person], size: int) -> tuple[list[Person], list[Span]]:
    """The presenter, once for each appearance, in order of time, and when others were seen; `size` is the picture's, pixels.

    Raises BadWeights where nobody is seen, or two are who might both be the presenter.
    """
    steady = [person for person in people if len(person.seen) >= GLIMPSE] or list(people)
    if not steady:
        raise BadWeights(
            "footage: no face in any frame; dlib's detector wants one that looks toward the camera, a quarter of the picture wide"
        )
    presenter = max(steady, key=lambda person: prominence(person, size))
    for other in steady:
        if other is not presenter and rivals(other, presenter):
            raise BadWeights(
                f"footage: 2 faces of nearly the same size, together at {together(other, presenter)}; crop it to the presenter"
            )
    appearances = sorted(appearances_of(presenter, steady), key=lambda person: next(iter(person.seen)))
    others = [Span(next(iter(person.seen)), person.last) for person in steady if person not in appearances]
    return appearances, others


def rivals(other: Person, presenter: Person) -> bool:
    shared = sum(number in other.seen for number in presenter.seen)
    return shared >= RIVAL_SHARE * len(presenter.seen) and relative_size(other, presenter) >= RIVAL_SIZE


def together(other: Person, presenter: Person) -> Span:
    shared = [number for number in presenter.seen if number in other.seen]
    return Span(shared[0], shared[-1])


def prominence(person: Person, size: int) -> float:
    """How much of the clip is theirs: for how long, how large, how near the middle."""
    middle = np.median([landmarks.mean(axis=0) for landmarks in person.seen.values()], axis=0)
    aside = float(np.abs(middle - size / 2).max()) / (size / 2)
    return len(person.seen) * usual_side(person) * (1 - 0.5 * min(aside, 1.0))


def appearances_of(presenter: Person, people: Sequence[Person]) -> Iterator[Person]:
    """The presenter, and faces as large that are seen only when no face chosen so far is: the presenter after a cut."""
    yield presenter
    taken = set(presenter.seen)
    for person in sorted(people, key=lambda person: -len(person.seen)):
        if person is presenter or not taken.isdisjoint(person.seen):
            continue
        if 1 / SAME_SIZE <= relative_size(person, presenter) <= SAME_SIZE:
            taken |= set(person.seen)
            yield person


def relative_size(person: Person, presenter: Person) -> float:
    return usual_side(person) / max(usual_side(presenter), 1e-9)


def usual_side(person: Person) -> float:
    return float(np.median(person.sides))
