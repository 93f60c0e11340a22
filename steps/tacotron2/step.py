"""tacotron2: a scene's script to a mel spectrogram, script/NN.json -> speech/NN.mel.npz, with the weights of the story's voice.

`mel` (frames, 80) float32 is log magnitude, natural logarithm; `ends` (sentences,) int64 is the frame at which each sentence
ends, with hardly a quiet frame before or after: the vocoder makes the pauses; `sample_rate` is 22050, `hop` 256 samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.artifacts import read_script, scene_file
from newsreel.errors import BadInput, MissingProgram
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.story.schema import VOICES
from newsreel.weights.catalogue import voice_weights, weights_sheet
from newsreel.workspace import Workspace

if TYPE_CHECKING:  # importing torch takes longer than a whole run with nothing to do
    from steps.tacotron2.speaker import Speaker


def plan(workspace: Workspace) -> Iterator[Unit]:
    """One unit per scene; its cost is the number of sentences."""
    story = workspace.story
    system = VOICES[story.voice].system
    if system != "tacotron2":
        raise BadInput(f"voice {story.voice!r} is spoken by {system}, not by tacotron2; choose another voice or profile")
    voice_weights(workspace, "tacotron2")
    for number in range(len(story.scenes)):
        script = scene_file("script", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(script, weights_sheet("tacotron2")),
            writes=(scene_file("speech", number, ".mel.npz"),),
            cost=len(read_script(workspace.path(script)).sentences),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Speaker]:
    """Load the voice, on one core: its matrix products are small, and threads that wait for each other after every one are slower
    while another step runs (15 ms a frame of eight sentences with one thread, 55 with two, on two busy cores)."""
    try:
        import torch

        from steps.tacotron2.speaker import Speaker
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[tacotron2]") from fault
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield Speaker.load(voice_weights(workspace, "tacotron2"))
    finally:
        torch.set_num_threads(threads)


def work(unit: Unit, workspace: Workspace, speaker: Speaker, drafts: list[Path], progress: Progress) -> None:
    script = read_script(workspace.path(unit.reads[0]))
    speaker.speak(script, lambda line: progress.add_remark(unit.name, line)).save(drafts[0])


WORK = UnitWork(version=1, plan=plan, start=start, work=work)
