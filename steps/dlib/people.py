"""Track every person in a clip, and find out which of them is the presenter.

dlib's detector runs on the whole frame at intervals, and when a face no longer looks as at its last detection. In between a face
is followed by its landmarks, which take a tenth of the time.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.dlib.predictor import Box, FaceFinder, GrayImage

Appearance = NDArray[np.float64]
"""Grey values on a grid that moves with the face, mean 0 and norm 1; all 0 if the contrast is too low."""

SAME_FACE = 0.8
"""Least correlation of two appearances of the same face: 0.9 while it moves and speaks, 0.5 in a blink, 0.3 on a wall."""

EYE_POINTS = slice(36, 42), slice(42, 48)
ACROSS, DOWN = np.meshgrid(np.linspace(-0.9, 0.9, 20), np.linspace(-0.5, 1.6, 20))
GRID = (ACROSS + 1j * DOWN).ravel()
"""From brows to chin and ear to ear, in distances between the middles of the eyes."""
MIN_CONTRAST = 3.0
"""Standard deviation in grey levels."""
THUMBNAIL = 20


def appearance_of(frame: GrayImage, landmarks: NDArray[np.float64]) -> Appearance:
    """Appearance of the face with landmarks (68, 2) in a frame (H, W); independent of the head's roll and size."""
    left, right = (landmarks[eye].mean(axis=0) @ [1, 1j] for eye in EYE_POINTS)
    points = (left + right) / 2 + (right - left) * GRID
    rows = np.clip(np.rint(points.imag), 0, frame.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(points.real), 0, frame.shape[1] - 1).astype(np.intp)
    values = frame[rows, columns].astype(np.float64)
    values -= values.mean()
    norm = float(np.linalg.norm(values))
    return values / norm if norm > MIN_CONTRAST * np.sqrt(values.size) else np.zeros_like(values)


def thumbnail(frame: GrayImage) -> NDArray[np.float32]:
    """Means of THUMBNAIL x THUMBNAIL blocks of a frame (H, W), minus the mean brightness."""
    height, width = (side // THUMBNAIL * THUMBNAIL for side in frame.shape)
    blocks = frame[:height, :width].reshape(THUMBNAIL, height // THUMBNAIL, THUMBNAIL, width // THUMBNAIL)
    means = blocks.mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(means - means.mean(), np.float32)


MAX_GAP = FRAME_RATE
"""Frames. The movement of a face that is missing for longer cannot be interpolated."""
DETECTION_INTERVAL = 10
"""Frames between detections in the whole frame, which find new people and correct the boxes."""
MAX_PEOPLE = 4
"""Faces in a frame that are tracked, largest first."""
MIN_OVERLAP = 0.2
"""Intersection over union of two boxes that hold the same person."""


@dataclass
class PersonTrack:
    """A face from its first detection until it is lost."""

    box: Box
    appearance: Appearance
    seen: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    """Landmarks (68, 2) in pixels, by frame number; in order."""
    sides: list[float] = field(default_factory=list)
    """Side of the box in pixels, for each frame of `seen`."""

    @property
    def last(self) -> int:
        return next(reversed(self.seen))

    def place(self, number: int, landmarks: NDArray[np.float64], box: Box) -> None:
        """Set landmarks and box of a frame, replacing earlier ones of the same frame."""
        if number in self.seen:
            self.seen.pop(number)
            self.sides.pop()
        self.seen[number] = landmarks
        self.sides.append(box.side)
        self.box = box


@dataclass(frozen=True)
class ClipTracks:
    """All people of a clip, and thumbnails of its frames."""

    people: list[PersonTrack]
    thumbnails: NDArray[np.float32]
    """(T, 20, 20)"""
    side: int
    """Side of a frame, pixels."""


def track_people(frames: Iterable[tuple[GrayImage, GrayImage]], finder: FaceFinder, advance: Callable[[int], None]) -> ClipTracks:
    """Track every face. `frames` gives each frame and its enlargement, see `footage.decode_presenter_footage`."""
    people: list[PersonTrack] = []
    thumbnails: list[NDArray[np.float32]] = []
    side = 0
    for number, (frame, enlarged) in enumerate(frames):
        side = len(frame)
        thumbnails.append(thumbnail(frame))
        visible = [person for person in people if person.last == number - 1]
        lost = [person for person in visible if not follow_person(person, number, frame, enlarged, finder)]
        if lost or not visible or number % DETECTION_INTERVAL == 0:
            recent = [person for person in people if number - person.last <= MAX_GAP + 1]
            people += detect_people(number, frame, enlarged, finder, recent)
        advance(1)
    return ClipTracks(people, np.array(thumbnails), side)


def follow_person(person: PersonTrack, number: int, frame: GrayImage, enlarged: GrayImage, finder: FaceFinder) -> bool:
    """Follow a person from the previous frame into this one; False if the face there does not look the same."""
    landmarks = finder.landmarks(enlarged, person.box)
    if float(appearance_of(frame, landmarks) @ person.appearance) < SAME_FACE:
        return False
    person.place(number, landmarks, person.box.following(person.seen[number - 1], landmarks))
    return True


def detect_people(
    number: int, frame: GrayImage, enlarged: GrayImage, finder: FaceFinder, people: list[PersonTrack]
) -> list[PersonTrack]:
    """Detect faces in the whole frame: correct the boxes of people, find lost ones again; returns new people."""
    faces = sorted(finder.faces(frame), key=lambda box: -box.side)[:MAX_PEOPLE]
    pairs = [(face.overlap(person.box), person, face) for person in people for face in faces]
    pairs = sorted((pair for pair in pairs if pair[0] >= MIN_OVERLAP), key=lambda pair: (pair[1].last, pair[0]), reverse=True)
    known: list[PersonTrack] = []
    assigned: list[Box] = []
    for _, person, face in pairs:
        if person in known or face in assigned:
            continue
        known.append(person)
        assigned.append(face)
        update_from_detection(person, number, frame, enlarged, face, finder)
    new = [PersonTrack(face, np.zeros(0)) for face in faces if face not in assigned]
    for person in new:
        update_from_detection(person, number, frame, enlarged, person.box, finder)
    return new


def update_from_detection(
    person: PersonTrack, number: int, frame: GrayImage, enlarged: GrayImage, face: Box, finder: FaceFinder
) -> None:
    """Set box, landmarks and reference appearance of a person from a detection."""
    landmarks = finder.landmarks(enlarged, face)
    person.appearance = appearance_of(frame, landmarks)
    person.place(number, landmarks, face)


MIN_FRAMES = 5
"""A face in fewer frames is a false detection."""
RIVAL_MIN_SIZE, RIVAL_MIN_OVERLAP = 0.6, 0.5
"""Size relative to the presenter, and fraction of the presenter's frames, from which another person might be the presenter."""
MAX_SIZE_RATIO = 2.0
"""Ratio of sizes within which a face may be the presenter's after a cut."""


@dataclass(frozen=True)
class Span:
    """Frames from `first` up to and including `last`."""

    first: int
    last: int

    def __str__(self) -> str:
        """In seconds, as a player shows them."""
        return f"{self.first / FRAME_RATE:.1f}-{(self.last + 1) / FRAME_RATE:.1f} s"


def find_presenter_track(people: Sequence[PersonTrack], size: int) -> tuple[list[PersonTrack], list[Span]]:
    """The presenter's tracks, in order of time, and the spans in which others were seen; `size` of the frame in pixels.

    Raises BadWeights if there is no face, or two that might both be the presenter's.
    """
    steady = [person for person in people if len(person.seen) >= MIN_FRAMES] or list(people)
    if not steady:
        raise BadWeights(
            "footage: no face in any frame; dlib's detector needs one that looks into the camera, a quarter of the picture wide"
        )
    presenter = max(steady, key=lambda person: prominence(person, size))
    for other in steady:
        if other is not presenter and is_rival(other, presenter):
            raise BadWeights(
                f"footage: 2 faces of nearly the same size, together at {shared_span(other, presenter)}; crop it to the presenter"
            )
    appearances = sorted(appearances_of(presenter, steady), key=lambda person: next(iter(person.seen)))
    others = [Span(next(iter(person.seen)), person.last) for person in steady if person not in appearances]
    return appearances, others


def is_rival(other: PersonTrack, presenter: PersonTrack) -> bool:
    shared = sum(number in other.seen for number in presenter.seen)
    return shared >= RIVAL_MIN_OVERLAP * len(presenter.seen) and relative_size(other, presenter) >= RIVAL_MIN_SIZE


def shared_span(other: PersonTrack, presenter: PersonTrack) -> Span:
    shared = [number for number in presenter.seen if number in other.seen]
    return Span(shared[0], shared[-1])


def prominence(person: PersonTrack, size: int) -> float:
    """Score by duration, size and nearness to the middle of the frame."""
    middle = np.median([landmarks.mean(axis=0) for landmarks in person.seen.values()], axis=0)
    offset = float(np.abs(middle - size / 2).max()) / (size / 2)
    return len(person.seen) * median_side(person) * (1 - 0.5 * min(offset, 1.0))


def appearances_of(presenter: PersonTrack, people: Sequence[PersonTrack]) -> Iterator[PersonTrack]:
    """The presenter, and faces of similar size seen only when none of those is: the presenter after a cut."""
    yield presenter
    assigned = set(presenter.seen)
    for person in sorted(people, key=lambda person: -len(person.seen)):
        if person is presenter or not assigned.isdisjoint(person.seen):
            continue
        if 1 / MAX_SIZE_RATIO <= relative_size(person, presenter) <= MAX_SIZE_RATIO:
            assigned |= set(person.seen)
            yield person


def relative_size(person: PersonTrack, presenter: PersonTrack) -> float:
    return median_side(person) / max(median_side(presenter), 1e-9)


def median_side(person: PersonTrack) -> float:
    return float(np.median(person.sides))
