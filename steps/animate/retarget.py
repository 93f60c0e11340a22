"""Visemes for a presenter without any: those of the reference presenter, scaled to the face.

A viseme is an offset of each point, which is scaled for another face. Four measures relate two faces: width of the mouth,
thickness of each lip, height of the lower face, width of the jaw. Lips that are apart at rest are closed by every viseme that
closes them.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadInput
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from steps.animate.head import complex_points, in_head_frame, real_points
from steps.animate.visemes import JAW, LANDMARKS, Visemes, load_visemes

REFERENCE_VISEMES = BUNDLED_PRESENTERS / "maya" / "visemes.npz"

CORNERS = [48, 54]
OUTER_TOP, OUTER_BOTTOM = [48, 49, 50, 51, 52, 53, 54], [48, 59, 58, 57, 56, 55, 54]
INNER_TOP, INNER_BOTTOM = [60, 61, 62, 63, 64], [60, 67, 66, 65, 64]
LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67]
NOSE_BASE, CHIN, CHEEKS = 33, 8, [2, 14]
REST_QUANTILE = 0.2
"""Fraction of a clip's frames, those with the least open mouth, in which the presenter is at rest."""
MIN_WIDTH = 0.05
"""Eye distances; no face has a smaller mouth or jaw."""


def rest_of(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The face at rest (68, 2) in the head's coordinates, from landmarks (T, 68, 2) in pixels of a clip in which it may speak.

    It is the median of the frames with the least open mouth. Raises BadInput if the landmarks are not those of faces.
    """
    faces = normalize_faces(landmarks)
    opening = mouth_opening(faces)
    calm = faces[opening <= np.quantile(opening, REST_QUANTILE)]
    return np.asarray(np.median(calm, axis=0))


def retarget_visemes(rest: NDArray[np.floating], reference: Path = REFERENCE_VISEMES) -> Visemes:
    """Visemes for the face whose landmarks at rest (68, 2) are given, in pixels or any other unit, upright or not.

    Raises BadInput if they are not those of a face; BadWeights if `reference` cannot be read.
    """
    model = load_visemes(reference)
    face = normalize_faces(np.asarray(rest)[None])[0]
    mouth_scale = width(face, CORNERS) / width(model.rest, CORNERS)
    height_scale = lower_face(face) / lower_face(model.rest)
    offsets = np.zeros_like(model.offsets)
    offsets[:, JAW, 0] = model.offsets[:, JAW, 0] * (width(face, CHEEKS) / width(model.rest, CHEEKS))
    offsets[:, JAW, 1] = model.offsets[:, JAW, 1] * height_scale
    offsets[:, 48:, 0] = model.offsets[:, 48:, 0] * mouth_scale
    for outer, inner in ((OUTER_TOP, INNER_TOP), (OUTER_BOTTOM, INNER_BOTTOM)):
        thicker = thickness(face, outer, inner) / max(thickness(model.rest, outer, inner), 1e-6)
        carried = np.stack([np.interp(model.rest[outer, 0], model.rest[inner, 0], shape[inner, 1]) for shape in model.offsets])
        offsets[:, outer, 1] = height_scale * carried + thicker * (model.offsets[:, outer, 1] - carried)
        offsets[:, inner, 1] = height_scale * model.offsets[:, inner, 1]
    gap = mouth_opening(face[None])[0] - height_scale * mouth_opening(model.rest[None])[0]
    lift = np.zeros(LANDMARKS)
    lift[LOWER_LIP] = max(0.0, float(gap))
    spoken = np.array([name != "rest" for name in model.names])
    offsets[spoken, :, 1] -= lift
    return Visemes(model.names, face, offsets)


def normalize_faces(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Landmarks (T, 68, 2) in the head's coordinates; raises BadInput if they are not those of faces."""
    faces = np.asarray(landmarks, np.float64)
    if faces.ndim != 3 or faces.shape[1:] != (LANDMARKS, 2) or not len(faces) or not np.isfinite(faces).all():
        raise BadInput(f"landmarks of shape {faces.shape[1:]} or not finite: a face has {LANDMARKS} points (x, y)")
    if not np.abs(faces[:, 45] - faces[:, 36]).max(axis=1).all():
        raise BadInput("landmarks whose eyes lie in one point: not a face")
    seen = real_points(in_head_frame(complex_points(faces)))
    usual = np.median(seen, axis=0)
    if min(width(usual, CORNERS), width(usual, CHEEKS), lower_face(usual)) < MIN_WIDTH:
        raise BadInput("landmarks without a mouth and a chin where a face has them: not a face in iBUG's order")
    return seen


def width(face: NDArray[np.float64], ends: list[int]) -> float:
    return float(face[ends[1], 0] - face[ends[0], 0])


def lower_face(face: NDArray[np.float64]) -> float:
    return float(face[CHIN, 1] - face[NOSE_BASE, 1])


def thickness(face: NDArray[np.float64], outer: list[int], inner: list[int]) -> float:
    """Thickness of a lip in its middle third."""
    return float(np.abs(face[outer[2:5], 1].mean() - face[inner[1:4], 1].mean()))


def mouth_opening(faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance (T,) between the inner lips."""
    return np.asarray((faces[:, INNER_BOTTOM[1:4], 1] - faces[:, INNER_TOP[1:4], 1]).mean(axis=1))
