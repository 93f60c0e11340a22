"""waveglow: a scene's mel spectrogram to audio, speech/NN.mel.npz -> voice/NN.wav (22,050 Hz, 16-bit mono), whole frames long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.artifacts import scene_file
from newsreel.errors import BadInput, MissingProgram
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.story.schema import VOICES
from newsreel.weights.catalogue import voice_weights, weights_sheet
from newsreel.workspace import Workspace
from steps.waveglow.mel import count_frames, read_mel

if TYPE_CHECKING:
    from steps.waveglow.vocoder import Vocoder


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit per scene; its cost is the number of mel frames."""
    story = workspace.story
    system = VOICES[story.voice].system
    if system != "tacotron2":
        raise BadInput(f"voice {story.voice!r} is spoken by {system}; waveglow only follows tacotron2: choose another voice")
    for number in range(len(story.scenes)):
        mel = scene_file("speech", number, ".mel.npz")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(mel, weights_sheet("waveglow")),
            writes=(scene_file("voice", number, ".wav"),),
            cost=count_frames(workspace.path(mel)),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Vocoder]:
    try:
        from steps.waveglow.vocoder import open_vocoder
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[waveglow]") from fault
    with open_vocoder(voice_weights(workspace, "waveglow")) as vocoder:
        yield vocoder


def work(unit: Unit, workspace: Workspace, vocoder: Vocoder, drafts: list[Path], progress: Progress) -> None:
    vocoder.write_scene_audio(read_mel(workspace.path(unit.reads[0])), drafts[0], progress.advance)


WORK = UnitWork(version=1, plan=plan, start=start, work=work)
