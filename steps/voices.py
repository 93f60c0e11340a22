"""The voices a story may name, the system that speaks each, and the weights each needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PROFILE_OF", "VOICES", "Voice"]


@dataclass(frozen=True, kw_only=True)
class Voice:
    system: str
    """The step that speaks it: `hibari` or `tacotron2`."""
    language: str
    described: str
    weights: Mapping[str, str] = field(default_factory=dict)
    """What each system is to load, by its name in the installation's catalogue (`steps.catalogue`); empty where the voice
    comes with the system's package."""


VOICES = {
    "heart": Voice(system="hibari", language="en", described="American English, female; ships with hibari-tts"),
    "linda": Voice(
        system="tacotron2",
        language="en",
        described="the newsroom's own tacotron2 and waveglow weights",
        weights={"tacotron2": "linda-tacotron2", "waveglow": "linda-waveglow"},
    ),
}

PROFILE_OF = {"hibari": "embedded", "tacotron2": "studio"}
"""The profile that each system speaks in (workflows/systems.py), by its name on the command line."""
