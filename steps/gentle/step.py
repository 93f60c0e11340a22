"""gentle: when words and phones are spoken in a scene, voice/NN.wav and script/NN.json -> words/NN.json (gentle's align.json).

Words that gentle does not know or find get their phones from pronounced/NN.json, so that phones/NN.json (`Speech`) has every
word and phone with its time.

GENTLE_URL is the address of the aligner. It is not part of the cache keys: the same server may move.
GENTLE_ALIGNER names the aligner. It is part of every key, so that results of different aligners are never mixed. It is
`newsreel`, our own server, unless it is set to the name of another, such as `gentle-0.11`. Planning works without the server, so
the name is configured and not requested; `start` then refuses a server that is not the named one.
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
from steps.gentle.alignment import Alignment, build_speech, read_alignment

if TYPE_CHECKING:
    from steps.gentle.client import GentleClient


DEFAULT_URL = "http://gentle:8765"
"""The cluster's service, if GENTLE_URL is not set."""
OWN_ALIGNER = "newsreel"
MAX_MISSING_SHARE = 0.3
ALWAYS_ALLOWED_MISSING = 2
"""So many words may be missing in any scene: of three words that is no sign of a fault."""
END_TOLERANCE_SECONDS = 0.25
"""How far a word may reach beyond the end of the audio: an aligner's frames and a resampler's edges."""


def aligner_settings() -> dict[str, str | None]:
    """Identity of the aligner, for the cache keys: its name; of our own server also the version of pocketsphinx."""
    name = os.environ.get("GENTLE_ALIGNER") or OWN_ALIGNER
    if not re.fullmatch(r"[\w.+-]{1,64}", name, re.ASCII):
        raise BadInput(f"GENTLE_ALIGNER is {name[:80]!a}; it must be a plain name such as gentle-0.11")
    return {"aligner": name, "pocketsphinx": installed_version("pocketsphinx")} if name == OWN_ALIGNER else {"aligner": name}


def plan(workspace: Workspace) -> Iterator[Unit]:
    settings = aligner_settings()
    for number in range(len(workspace.story.scenes)):
        script = scene_file("script", number, ".json")
        pronounced = scene_file("pronounced", number, ".json")
        yield Unit(
            name=f"scene {number:02d}",
            reads=(scene_file("voice", number, ".wav"), script, pronounced),
            writes=(scene_file("words", number, ".json"), scene_file("phones", number, ".json")),
            settings=settings,
            cost=len(read_script(workspace.path(script)).transcript.split()),
        )


@contextmanager
def start(workspace: Workspace) -> Iterator[GentleClient]:
    try:
        from steps.gentle.client import GentleClient
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[gentle]") from fault
    server = GentleClient.at(os.environ.get("GENTLE_URL") or DEFAULT_URL)
    require_aligner(server.aligner(), str(aligner_settings()["aligner"]), server.address)
    yield server


def require_aligner(found: str | None, named: str, address: str) -> None:
    """Raises BadInput where the server's aligner is not the one that GENTLE_ALIGNER names."""
    if named == OWN_ALIGNER and found != OWN_ALIGNER:
        raise BadInput(
            f"{address} is not newsreel's own aligner; name it, GENTLE_ALIGNER=gentle, so that its results are cached separately"
        )
    if named != OWN_ALIGNER and found == OWN_ALIGNER:
        raise BadInput(f"{address} is newsreel's own aligner, not {named}; leave GENTLE_ALIGNER out")


def work(unit: Unit, workspace: Workspace, server: GentleClient, drafts: list[Path], progress: Progress) -> None:

    voice, script_file, pronounced_file = unit.reads
    script = read_script(workspace.path(script_file))
    try:
        alignment = server.align(workspace.path(voice).read_bytes(), script.transcript)
    except BadInput as fault:
        raise BadInput(f"{voice}: {fault}") from fault
    parsed = read_alignment(alignment, server.address)
    missing = check_missing_words(parsed, voice)
    if missing:
        progress.add_remark(unit.name, f"words not found in the audio, timed by their neighbours: {', '.join(missing)}")
    seconds = wav_seconds(workspace.path(voice))
    check_end_time(parsed, seconds, server.address)
    pronounced = read_pronounced(workspace.path(pronounced_file), words=len(script.transcript.split()))
    drafts[0].write_bytes(alignment)
    drafts[1].write_text(build_speech(script, parsed.found(), seconds, pronounced).model_dump_json() + "\n")


def check_missing_words(alignment: Alignment, voice: str) -> list[str]:
    """Return the few words that were not found. Raises BadInput for many: the lips would move at the wrong times."""
    written = [word for word in alignment.words if word.case != "not-found-in-transcript"]
    missing = [word.word for word in written if word.case != "success"]
    if len(missing) > max(ALWAYS_ALLOWED_MISSING, MAX_MISSING_SHARE * len(written)):
        named = " ".join(missing[:6])
        raise BadInput(
            f"{voice}: {len(missing)} of {len(written)} words were not found in the audio ({named[:80]!a}); listen to it, "
            "then reword the narration or choose another voice"
        )
    return missing


def check_end_time(alignment: Alignment, seconds: float, address: str) -> None:
    """Raises Unavailable where words lie after the end of the audio: they belong to another recording."""
    end = alignment.end
    if end > seconds + END_TOLERANCE_SECONDS:
        raise Unavailable(f"{address}: has words until {end:.1f} s in a sound of {seconds:.1f} s; check the server")


def wav_seconds(voice: Path) -> float:
    with wave.open(str(voice)) as sound:
        return float(sound.getnframes()) / float(sound.getframerate())


def read_pronounced(path: Path, words: int) -> PronouncedWords:
    """Read pronounced/NN.json. Raises BadInput unless it has the phones of `words` words."""
    try:
        pronounced = PronouncedWords.model_validate_json(path.read_bytes())
    except ValidationError as fault:
        raise BadInput(f"{path}: not a scene's pronunciations: {fault.errors()[0]['msg']}; run g2p again") from fault
    if len(pronounced.words) != words:
        raise BadInput(f"{path}: has {len(pronounced.words)} words, the script {words}; run g2p again")
    return pronounced


WORK = UnitWork(version=3, plan=plan, start=start, work=work)
