"""Where a step finds the weights that the story's voice gives it; `steps.catalogue` brings them there."""

from pathlib import Path

from steps.errors import BadWeights
from steps.workspace import Workspace

__all__ = ["VARIABLE", "voice_weights", "weights_file", "weights_sheet"]

VARIABLE = "NEWSREEL_WEIGHTS"
"""Of the environment: the address of the installation's catalogue."""


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
        raise BadWeights(f"{path}: no weights for {system}; set {VARIABLE} to a catalogue that names them, run init-story again")
    return path
