"""Everybody in a clip, each followed for as long as they are in the picture.

dlib's detector is asked for the whole picture now and then, and where somebody no longer looks as when it last saw them. In
between a face is followed by its landmarks, which cost a tenth of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from steps.dlib.likeness import SAME_FACE, Look, look_of, thumbnail
from steps.dlib.predictor import Box, FaceFinder, Grey

__all__ = ["LONGEST_GAP", "Clip", "Person", "watch"]

LONGEST_GAP = FRAME_RATE
"""Frames. A face that is away for longer has not moved in a straight line meanwhile."""
SIGHTING_EVERY = 10
"""Frames from one look at the whole picture to the next: passers-by come into it, and the box is set right."""
MOST_PEOPLE = 4
"""At a time; who is smaller than these is not followed."""
SAME_PLACE = 0.2
"""Overlap of two boxes (intersection over union) from which on they hold the same person."""


@dataclass
class Person:
    """A face from when it is first seen until it is gone."""

    box: Box
    look: Look
    seen: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    """Landmarks (68, 2) in pixels, by frame number; in order."""
    sides: list[float] = field(default_factory=list)
    """Of the box, pixels, frame by frame as in `seen`."""

    @property
    def last(self) -> int:
        return next(reversed(self.seen))

    def stands(self, number: int, landmarks: NDArray[np.float64], box: Box) -> None:
        """Take note of where they are in a frame, instead of what was noted of it before."""
        if number in self.seen:
            self.seen.pop(number)
            self.sides.pop()
        self.seen[number] = landmarks
        self.sides.append(box.side)
        self.box = box


@dataclass(frozen=True)
class Clip:
    """What was seen in a clip."""

    people: list[Person]
    places: NDArray[np.float32]
    """(T, 20, 20) what each frame looks like from afar."""
    side: int
    """Of a frame, pixels."""


def watch(frames: Iterable[tuple[Grey, Grey]], finder: FaceFinder, advance: Callable[[int], None]) -> Clip:
    """Follow every face. `frames` gives each frame and its enlargement, see `footage.decoded`."""
    people: list[Person] = []
    places: list[NDArray[np.float32]] = []
    side = 0
    for number, (frame, enlarged) in enumerate(frames):
        side = len(frame)
        places.append(thumbnail(frame))
        here = [person for person in people if person.last == number - 1]
        lost = [person for person in here if not still_there(person, number, frame, enlarged, finder)]
        if lost or not here or number % SIGHTING_EVERY == 0:
            recent = [person for person in people if number - person.last <= LONGEST_GAP + 1]
            people += sighted(number, frame, enlarged, finder, recent)
        advance(1)
    return Clip(people, np.array(places), side)


def still_there(person: Person, number: int, frame: Grey, enlarged: Grey, finder: FaceFinder) -> bool:
    """Follow somebody from the frame before into this one, if what is there looks like them."""
    landmarks = finder.landmarks(enlarged, person.box)
    if float(look_of(frame, landmarks) @ person.look) < SAME_FACE:
        return False
    person.stands(number, landmarks, person.box.following(person.seen[number - 1], landmarks))
    return True


def sighted(number: int, frame: Grey, enlarged: Grey, finder: FaceFinder, people: list[Person]) -> list[Person]:
    """Look at the whole picture: set right where people are, find again who was lost, and give who is new."""
    faces = sorted(finder.faces(frame), key=lambda box: -box.side)[:MOST_PEOPLE]
    pairs = [(face.overlap(person.box), person, face) for person in people for face in faces]
    pairs = sorted((pair for pair in pairs if pair[0] >= SAME_PLACE), key=lambda pair: (pair[1].last, pair[0]), reverse=True)
    known: list[Person] = []
    taken: list[Box] = []
    for _, person, face in pairs:
        if person in known or face in taken:
            continue
        known.append(person)
        taken.append(face)
        see(person, number, frame, enlarged, face, finder)
    new = [Person(face, np.zeros(0)) for face in faces if face not in taken]
    for person in new:
        see(person, number, frame, enlarged, person.box, finder)
    return new


def see(person: Person, number: int, frame: Grey, enlarged: Grey, face: Box, finder: FaceFinder) -> None:
    """Take over what the detector has found, for the next frames to be held against."""
    landmarks = finder.landmarks(enlarged, face)
    person.look = look_of(frame, landmarks)
    person.stands(number, landmarks, face)
