"""gentle: where words and phones lie in a scene's sound, voice/NN.wav and script/NN.json to words/NN.json (its align.json).

GENTLE_URL says where the aligner answers. It is no part of a key: the same server may move.
GENTLE_ALIGNER says who aligns there. It is part of every key: words of one aligner are never taken for another's. It is
`newsreel`, our own server, unless it is set to a name for another, such as `gentle-0.11`. A plan must do without the server,
so the name is told and not asked for; `start` then refuses a server that is not the one named.
"""

from __future__ import annotations

import os
import re
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steps.errors import BadInput, MissingProgram, Unavailable
from steps.gentle.alignment import Alignment, read_alignment
from steps.handover import read_script, scene_file
from steps.progress import Progress
from steps.step import Step, Unit, installed
from steps.workspace import Workspace

if TYPE_CHECKING:
    from steps.gentle.client import Gentle

__all__ = ["STEP"]

SERVER = "http://gentle:8765"
"""The name of the cluster's service; GENTLE_URL says otherwise."""
OURS = "newsreel"
NOT_FOUND_SHARE = 0.3
FEW = 2
"""So many words may always be missing: in a scene of three words that is no sign of a fault."""
BEYOND_SECONDS = 0.25
"""How far a word may reach beyond the end of the sound: an aligner's frames and a resampler's edges."""


def aligner() -> dict[str, str | None]:
    """Who aligns, as the keys have it. Our own server's words depend on its pocketsphinx; of another's we know the name."""
    name = os.environ.get("GENTLE_ALIGNER") or OURS
    if not re.fullmatch(r"[\w.+-]{1,64}", name, re.ASCII):
        raise BadInput(f"GENTLE_ALIGNER is {name[:80]!a}; it must be a plain name such as gentle-0.11")
    return {"aligner": name, "pocketsphinx": installed("pocketsphinx")} if name == OURS else {"aligner": name}


def plan(workspace: Workspace) -> Iterator[Unit]:
    who = aligner()
    for number in range(len(workspace.story.scenes)):
        script = scene_file("script", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(scene_file("voice", number, ".wav"), script),
            writes=(scene_file("words", number, ".json"),),
            settings=who,
            cost=len(read_script(workspace.path(script)).transcript.split()),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[Gentle]:
    try:
        from steps.gentle.client import Gentle
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[gentle]") from fault
    server = Gentle.at(os.environ.get("GENTLE_URL") or SERVER)
    refuse_another(server.aligner(), str(aligner()["aligner"]), server.name)
    yield server


def refuse_another(found: str | None, named: str, address: str) -> None:
    """Raises BadInput where the server is not the one that GENTLE_ALIGNER names."""
    if named == OURS and found != OURS:
        raise BadInput(
            f"{address} is not newsreel's own aligner; name it, GENTLE_ALIGNER=gentle, so that its words are kept apart"
        )
    if named != OURS and found == OURS:
        raise BadInput(f"{address} is newsreel's own aligner, not {named}; leave GENTLE_ALIGNER out")


def work(unit: Unit, workspace: Workspace, server: Gentle, drafts: list[Path], progress: Progress) -> None:
    voice, script = unit.reads
    try:
        alignment = server.align(workspace.path(voice).read_bytes(), read_script(workspace.path(script)).transcript)
    except BadInput as fault:
        raise BadInput(f"{voice}: {fault}") from fault
    found = read_alignment(alignment, server.name)
    missing = refuse_what_was_not_heard(found, voice)
    if missing:
        progress.remark(unit.name, f"words that were not heard, and are timed by their neighbours: {', '.join(missing)}")
    refuse_what_lies_beyond(found, workspace.path(voice), server.name)
    drafts[0].write_bytes(alignment)


def refuse_what_was_not_heard(alignment: Alignment, voice: str) -> list[str]:
    """Lips that follow words which nobody hears would move at the wrong time: the few there are. Raises BadInput for more."""
    written = [word for word in alignment.words if word.case != "not-found-in-transcript"]
    missing = [word.word for word in written if word.case != "success"]
    if len(missing) > max(FEW, NOT_FOUND_SHARE * len(written)):
        named = " ".join(missing[:6])
        raise BadInput(
            f"{voice}: {len(missing)} of {len(written)} words were not heard ({named[:80]!a}); listen to it, then reword "
            "the narration or choose another voice"
        )
    return missing


def refuse_what_lies_beyond(alignment: Alignment, voice: Path, address: str) -> None:
    """Words after the end of the sound are the words of another sound. Raises Unavailable."""
    with wave.open(str(voice)) as sound:
        seconds = float(sound.getnframes()) / sound.getframerate()
    end = alignment.end
    if end > seconds + BEYOND_SECONDS:
        raise Unavailable(f"{address}: has words until {end:.1f} s in a sound of {seconds:.1f} s; check the server")


STEP = Step(name="gentle", version=2, counts="words", plan=plan, start=start, work=work)
