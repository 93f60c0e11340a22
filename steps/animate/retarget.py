"""Mouth shapes for a presenter who has none: those of a drawn one, made to measure.

A mouth shape is how far each point moves, so another face asks for another length of the same way. Four measures carry one face
over to another: how wide the mouth is, how thick each lip is, how long the lower face is, how wide the jaw. Lips that stand apart
at rest are closed by every shape that closes them.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadInput
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from steps.animate.head import complex_points, in_head_frame, real_points
from steps.animate.visemes import JAW, POINTS, Visemes, load_visemes

__all__ = ["rest_of", "visemes_for"]

DRAWN = BUNDLED_PRESENTERS / "maya" / "visemes.npz"

CORNERS = [48, 54]
OUTER_TOP, OUTER_BOTTOM = [48, 49, 50, 51, 52, 53, 54], [48, 59, 58, 57, 56, 55, 54]
INNER_TOP, INNER_BOTTOM = [60, 61, 62, 63, 64], [60, 67, 66, 65, 64]
LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67]
NOSE_BASE, CHIN, CHEEKS = 33, 8, [2, 14]
CALMEST = 0.2
"""The part of a clip's frames in which the mouth is least open: there the presenter is at rest."""
NARROWEST = 0.05
"""Eye distances; a mouth or jaw smaller than this is no face's."""


def rest_of(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The face at rest (68, 2) in the head's frame, from landmarks (T, 68, 2) in pixels of a clip in which it may speak.

    The median of the frames in which the mouth is least open. Raises BadInput where the landmarks are not those of faces.
    """
    faces = upright(landmarks)
    opening = apart(faces)
    calm = faces[opening <= np.quantile(opening, CALMEST)]
    return np.asarray(np.median(calm, axis=0))


def visemes_for(rest: NDArray[np.floating], drawn: Path = DRAWN) -> Visemes:
    """Mouth shapes for the face whose landmarks at rest (68, 2) are given, in pixels or any other unit, upright or not.

    Raises BadInput where they are not those of a face; BadWeights where the shapes in `drawn` cannot be read.
    """
    model = load_visemes(drawn)
    own = upright(np.asarray(rest)[None])[0]
    across = width(own, CORNERS) / width(model.rest, CORNERS)
    along = lower_face(own) / lower_face(model.rest)
    offsets = np.zeros_like(model.offsets)
    offsets[:, JAW, 0] = model.offsets[:, JAW, 0] * (width(own, CHEEKS) / width(model.rest, CHEEKS))
    offsets[:, JAW, 1] = model.offsets[:, JAW, 1] * along
    offsets[:, 48:, 0] = model.offsets[:, 48:, 0] * across
    for outer, inner in ((OUTER_TOP, INNER_TOP), (OUTER_BOTTOM, INNER_BOTTOM)):
        thicker = thickness(own, outer, inner) / max(thickness(model.rest, outer, inner), 1e-6)
        carried = np.stack([np.interp(model.rest[outer, 0], model.rest[inner, 0], shape[inner, 1]) for shape in model.offsets])
        offsets[:, outer, 1] = along * carried + thicker * (model.offsets[:, outer, 1] - carried)
        offsets[:, inner, 1] = along * model.offsets[:, inner, 1]
    too_far = apart(own[None])[0] - along * apart(model.rest[None])[0]
    raised = np.zeros(POINTS)
    raised[LOWER_LIP] = max(0.0, float(too_far))
    spoken = np.array([name != "rest" for name in model.names])
    offsets[spoken, :, 1] -= raised
    return Visemes(model.names, own, offsets)


def upright(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Landmarks (T, 68, 2) in the head's frame; raises BadInput where they are not those of faces."""
    faces = np.asarray(landmarks, np.float64)
    if faces.ndim != 3 or faces.shape[1:] != (POINTS, 2) or not len(faces) or not np.isfinite(faces).all():
        raise BadInput(f"landmarks of shape {faces.shape[1:]} or not finite: a face has {POINTS} points (x, y)")
    if not np.abs(faces[:, 45] - faces[:, 36]).max(axis=1).all():
        raise BadInput("landmarks whose eyes lie in one point: not a face")
    seen = real_points(in_head_frame(complex_points(faces)))
    usual = np.median(seen, axis=0)
    if min(width(usual, CORNERS), width(usual, CHEEKS), lower_face(usual)) < NARROWEST:
        raise BadInput("landmarks without a mouth and a chin where a face has them: not a face in iBUG's order")
    return seen


def width(face: NDArray[np.float64], ends: list[int]) -> float:
    return float(face[ends[1], 0] - face[ends[0], 0])


def lower_face(face: NDArray[np.float64]) -> float:
    return float(face[CHIN, 1] - face[NOSE_BASE, 1])


def thickness(face: NDArray[np.float64], outer: list[int], inner: list[int]) -> float:
    """Of a lip in its middle third."""
    return float(np.abs(face[outer[2:5], 1].mean() - face[inner[1:4], 1].mean()))


def apart(faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the inner lips stand apart (T,)."""
    return np.asarray((faces[:, INNER_BOTTOM[1:4], 1] - faces[:, INNER_TOP[1:4], 1]).mean(axis=1))
