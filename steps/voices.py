"""The voices a story may name, and the system that speaks each."""

from dataclasses import dataclass

__all__ = ["VOICES", "Voice"]


@dataclass(frozen=True, kw_only=True)
class Voice:
    system: str
    """The step that speaks it: `hibari` or `tacotron2`."""
    language: str
    described: str


VOICES = {
    "heart": Voice(system="hibari", language="en", described="American English, female; ships with hibari-tts"),
    "linda": Voice(system="tacotron2", language="en", described="the newsroom's own tacotron2 and waveglow weights"),
}
