"""gentle: where words and phones lie in a scene's sound, voice/NN.wav and script/NN.json to words/NN.json (its align.json).

Words that it does not know or does not hear get their phones from pronounced/NN.json, so that phones/NN.json (`Speech`) has every
word and phone with its time.

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

from pydantic import ValidationError

from newsreel.artifacts import PronouncedWords, read_script, scene_file
from newsreel.errors import BadInput, MissingProgram, Unavailable
from newsreel.runtime.progress import Progress
from newsreel.step import Unit, UnitWork, installed_version
from newsreel.workspace import Workspace
from steps.gentle.alignment import Alignment, read_alignment

if TYPE_CHECKING:
    from steps.gentle.client import Gentle

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
    return {"aligner": name, "pocketsphinx": installed_version("pocketsphinx")} if name == OURS else {"aligner": name}


def plan(workspace: Workspace) -> Iterator[Unit]:
    who = aligner()
    for number in range(len(workspace.story.scenes)):
        script = scene_file("script", number, ".json")
        pronounced = scene_file("pronounced", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(scene_file("voice", number, ".wav"), script, pronounced),
            writes=(scene_file("words", number, ".json"), scene_file("phones", number, ".json")),
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
    from steps.gentle.timing import speech_of

    voice, written, pronounced = unit.reads
    script = read_script(workspace.path(written))
    try:
        alignment = server.align(workspace.path(voice).read_bytes(), script.transcript)
    except BadInput as fault:
        raise BadInput(f"{voice}: {fault}") from fault
    found = read_alignment(alignment, server.name)
    missing = refuse_what_was_not_heard(found, voice)
    if missing:
        progress.add_remark(unit.name, f"words that were not heard, and are timed by their neighbours: {', '.join(missing)}")
    seconds = seconds_of(workspace.path(voice))
    refuse_what_lies_beyond(found, seconds, server.name)
    said = read_pronounced(workspace.path(pronounced), words=len(script.transcript.split()))
    drafts[0].write_bytes(alignment)
    drafts[1].write_text(speech_of(script, found.found(), seconds, said).model_dump_json() + "\n")


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


def refuse_what_lies_beyond(alignment: Alignment, seconds: float, address: str) -> None:
    """Words after the end of the sound are the words of another sound. Raises Unavailable."""
    end = alignment.end
    if end > seconds + BEYOND_SECONDS:
        raise Unavailable(f"{address}: has words until {end:.1f} s in a sound of {seconds:.1f} s; check the server")


def seconds_of(voice: Path) -> float:
    with wave.open(str(voice)) as sound:
        return float(sound.getnframes()) / float(sound.getframerate())


def read_pronounced(path: Path, words: int) -> PronouncedWords:
    """Raises BadInput for anything but the phones of so many words."""
    try:
        pronounced = PronouncedWords.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise BadInput(f"{path}: not a scene's pronunciations: {fault.errors()[0]['msg']}; run g2p again") from fault
    if len(pronounced.words) != words:
        raise BadInput(f"{path}: has {len(pronounced.words)} words, the script {words}; run g2p again")
    return pronounced


WORK = UnitWork(version=3, plan=plan, start=start, work=work)
