"""gentle: where words and phones lie in a scene's sound, voice/NN.wav and script/NN.json to words/NN.json (its align.json)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steps.errors import BadInput, MissingProgram
from steps.handover import read_script, scene_file
from steps.progress import Progress
from steps.step import Step, Unit
from steps.workspace import Workspace

if TYPE_CHECKING:
    from steps.gentle.client import Gentle

__all__ = ["STEP"]

SERVER = "http://gentle:8765"
"""The name of the cluster's service; GENTLE_URL says otherwise."""
NOT_FOUND_SHARE = 0.3
FEW = 2
"""So many words may always be missing: in a scene of three words that is no sign of a fault."""


def plan(workspace: Workspace) -> Iterator[Unit]:
    for number in range(len(workspace.story.scenes)):
        script = scene_file("script", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(scene_file("voice", number, ".wav"), script),
            writes=(scene_file("words", number, ".json"),),
            cost=len(read_script(workspace.path(script)).transcript.split()),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Gentle]:
    try:
        from steps.gentle.client import Gentle
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[gentle]") from fault
    yield Gentle(os.environ.get("GENTLE_URL") or SERVER)


def work(unit: Unit, workspace: Workspace, server: Gentle, drafts: list[Path], progress: Progress) -> None:
    voice, script = unit.reads
    alignment = server.align(workspace.path(voice).read_bytes(), read_script(workspace.path(script)).transcript)
    refuse_what_was_not_heard(alignment, voice)
    drafts[0].write_bytes(alignment)


def refuse_what_was_not_heard(alignment: bytes, voice: str) -> None:
    """Lips that follow words which nobody hears would move at the wrong time. Raises BadInput."""
    words = [word for word in json.loads(alignment).get("words", []) if word["case"] != "not-found-in-transcript"]
    missing = [word.get("word", "") for word in words if word["case"] != "success"]
    if len(missing) > max(FEW, NOT_FOUND_SHARE * len(words)):
        named = " ".join(missing[:6])
        raise BadInput(
            f"{voice}: {len(missing)} of {len(words)} words were not heard ({named[:80]!a}); listen to it, then reword "
            "the narration or choose another voice"
        )


STEP = Step(name="gentle", version=1, counts="words", plan=plan, start=start, work=work)
