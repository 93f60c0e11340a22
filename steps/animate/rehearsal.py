"""The step `animate-visemes`: a presenter's face at rest -> the mouth shapes it speaks with, where none were given."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from steps.presenters import HOME
from steps.progress import Progress
from steps.rehearsal import GIVEN_VISEMES, LANDMARKS, bundle_file
from steps.step import Step, Unit
from steps.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steps.animate.visemes import Visemes

__all__ = ["STEP", "face_at_rest", "fitted_to"]

MODEL = HOME / "maya" / "visemes.npz"
"""The mouth shapes that others are fitted from."""

CLOSED_SHARE = 0.1
"""Of the frames: those in which the mouth is least open show the face at rest."""


def plan(workspace: Workspace) -> Iterator[Unit]:
    given = workspace.path(GIVEN_VISEMES).is_file()
    yield Unit(
        name="mouth shapes that were given" if given else "mouth shapes",
        reads=(GIVEN_VISEMES if given else LANDMARKS,),
        writes=(bundle_file("visemes.npz"),),
        settings={"given": given},
        cost=1,
    )


def start(workspace: Workspace) -> AbstractContextManager[None]:
    return nullcontext()


def work(unit: Unit, workspace: Workspace, _: None, drafts: list[Path], progress: Progress) -> None:
    import numpy as np

    from steps.animate.visemes import load_visemes

    source = workspace.path(unit.reads[0])
    if unit.settings["given"]:
        load_visemes(source)
        drafts[0].write_bytes(source.read_bytes())
        return
    with np.load(source, allow_pickle=False) as file:
        rest = face_at_rest(file["landmarks"].astype(np.float64))
    fitted = fitted_to(rest, load_visemes(MODEL))
    np.savez(drafts[0], names=np.array(fitted.names), rest=rest.astype(np.float32), offsets=fitted.offsets.astype(np.float32))


def face_at_rest(landmarks: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """The face with its mouth closed: landmarks (T, 68, 2), pixels -> (68, 2) in the head's frame.

    Origin midway between the outer corners of the eyes, unit the distance between them, eyes level. The median over the frames in
    which the lips' inner edges are nearest to each other, so that no single frame's tremble or blink remains.
    """
    import numpy as np

    left, right = landmarks[:, 36], landmarks[:, 45]
    middle, across = ((left + right) / 2)[:, None], right - left
    unit = np.maximum(np.linalg.norm(across, axis=1), 1e-6)[:, None, None]
    cosine, sine = (across / unit[:, :, 0]).T
    level = np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)
    faces = np.einsum("tij,tpj->tpi", level, (landmarks - middle) / unit)
    opening = np.linalg.norm(faces[:, [61, 62, 63]] - faces[:, [67, 66, 65]], axis=2).mean(1)
    count = max(1, round(CLOSED_SHARE * len(faces)))
    rest: NDArray[np.float64] = np.median(faces[np.argsort(opening, kind="stable")[:count]], axis=0)
    return rest


def fitted_to(rest: "NDArray[np.float64]", model: "Visemes") -> "Visemes":
    """Another's mouth shapes for a face (68, 2) at rest: as wide as its mouth asks for, as high as its lower face does."""
    import numpy as np

    from steps.animate.visemes import Visemes

    def reach(face: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Width of the mouth, and height from the base of the nose to the chin."""
        width_and_height: NDArray[np.float64] = np.abs(face[[54, 8], [0, 1]] - face[[48, 33], [0, 1]])
        return width_and_height

    return Visemes(model.names, rest, model.offsets * reach(rest) / reach(model.rest))


STEP = Step(name="animate-visemes", version=1, counts="faces", plan=plan, start=start, work=work)
