"""hibari: a scene's script to audio, script/NN.json -> voice/NN.wav (24 kHz, 16-bit mono), a whole number of frames long."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.artifacts import read_script, scene_file
from newsreel.errors import BadInput, MissingProgram
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.story.schema import VOICES
from newsreel.workspace import Workspace

if TYPE_CHECKING:
    from steps.hibari.speaker import Speaker


WORDS_PER_SECOND = 2.6


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit per scene; its cost is the expected seconds of speech."""
    story = workspace.story
    system = VOICES[story.voice].system
    if system != "hibari":
        raise BadInput(f"voice {story.voice!r} is spoken by {system}, not by hibari; choose another voice or the studio profile")
    for number in range(len(story.scenes)):
        script = scene_file("script", number, ".json")
        words = read_script(workspace.path(script)).transcript.split()
        yield Unit(
            name=f"scene {number:02d}",
            reads=(script,),
            writes=(scene_file("voice", number, ".wav"),),
            settings={"voice": story.voice},
            cost=math.ceil(len(words) / WORDS_PER_SECOND),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Speaker]:
    try:
        from steps.hibari.speaker import Speaker
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[hibari]") from fault
    yield Speaker.load(workspace.story.voice)


def work(unit: Unit, workspace: Workspace, speaker: Speaker, drafts: list[Path], progress: Progress) -> None:
    speaker.speak(read_script(workspace.path(unit.reads[0])), drafts[0])


WORK = UnitWork(version=1, packages=("hibari-tts",), plan=plan, start=start, work=work)
