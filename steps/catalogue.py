"""The weights a story's voice is spoken with, as they lie in its workspace.

weights/SYSTEM.weights   the file, verified, in whatever format its catalogue names
weights/SYSTEM.json      a small sheet that says which file it is                          `Sheet`

A step's units read the sheet, so that their keys change with the weights and no 400 MB are hashed to find that nothing has.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from steps.errors import BadWeights
from steps.workspace import Workspace

__all__ = ["Sheet", "voice_weights", "weights_file", "weights_sheet"]


class Sheet(BaseModel):
    """Which file a system's weights are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """In the catalogue: `linda-tacotron2`."""
    sha256: str
    licence: str
    address: str
    """Where it was fetched from."""


def weights_sheet(system: str) -> str:
    """The workspace's name of the sheet: what a unit `reads`. `weights_sheet("waveglow")` is `weights/waveglow.json`."""
    return f"weights/{system}.json"


def weights_file(system: str) -> str:
    """The workspace's name of the weights themselves."""
    return f"weights/{system}.weights"


def voice_weights(workspace: Workspace, system: str) -> Path:
    """The weights that the story's voice gives a system, verified when they came in. Raises BadWeights where there are none."""
    path = workspace.path(weights_file(system))
    if not path.is_file() or not workspace.path(weights_sheet(system)).is_file():
        raise BadWeights(
            f"{path}: no weights for {system}; name them in the catalogue that NEWSREEL_WEIGHTS points to and run init-story again"
        )
    return path
