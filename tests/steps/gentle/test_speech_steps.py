"""From a narration to phones in time, by the steps hibari, g2p and gentle."""

import json
from itertools import pairwise

import numpy as np
import pytest

from newsreel.artifacts import Speech, count_video_frames
from newsreel.errors import BadInput
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import run_step, unit_key
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.g2p import STEP as G2P
from steps.g2p.step import WORK as G2P_WORK
from steps.gentle import STEP as GENTLE
from steps.gentle.step import WORK as GENTLE_WORK
from steps.hibari import STEP as HIBARI
from steps.hibari.step import WORK as HIBARI_WORK
from steps.init_story.script import script_of
from tests.steps.gentle.recorded import wav_of

pytestmark = pytest.mark.slow

NARRATIONS = [
    "Dr. Smith of the NHS won \u00a31,200 \u2014 up 3.5% \u2014 on Monday. Zelenskyi\u2019s office thanked him.",
    "Rain is expected across the north tonight.",
]


def write_story(workspace, narrations):
    picture = {"file": "a.png", "credit": "c", "alt": "a"}
    scenes = [{"narration": narration, "headline": "h", "picture": picture} for narration in narrations]
    story = {"id": "speech", "revision": 1, "title": "t", "presenter": "maya", "voice": "heart", "scenes": scenes}
    workspace.set_story(Story.model_validate(story))
    for number, narration in enumerate(narrations):
        write_atomically(workspace.path(f"script/{number:02d}.json"), script_of(narration).model_dump_json())


def run_all(workspace):
    for step, work in ((HIBARI, HIBARI_WORK), (G2P, G2P_WORK), (GENTLE, GENTLE_WORK)):
        run_step(step, work, workspace, Progress(step.name, None))


@pytest.fixture(scope="module")
def aligned(tmp_path_factory, server):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENTLE_URL", server.address)
        workspace = Workspace.lease(tmp_path_factory.mktemp("aligned"), "test")
        write_story(workspace, NARRATIONS)
        run_all(workspace)
        yield workspace


@pytest.mark.parametrize("scene", [0, 1])
def test_every_token_has_its_time_and_phones(aligned, scene):
    speech = Speech.model_validate_json(aligned.path(f"phones/{scene:02d}.json").read_bytes())
    assert " ".join(word.shown for word in speech.words) == NARRATIONS[scene]
    assert speech.duration * 30 == pytest.approx(count_video_frames(aligned.path(f"voice/{scene:02d}.wav")))
    spoken = [word for word in speech.words if word.phones]
    assert 0.25 < spoken[0].start < 0.45
    assert 0.4 < speech.duration - spoken[-1].end < 0.8
    assert all(one.end <= two.start for one, two in pairwise(spoken))
    assert all(0.05 < word.end - word.start < 2.5 for word in spoken)


def test_a_word_unknown_to_gentle_has_the_phones_of_g2p(aligned):
    words = json.loads(aligned.path("words/00.json").read_bytes())["words"]
    assert [word["word"] for word in words if word.get("alignedWord") == "<unk>"] == ["zelenskyi's"]
    speech = Speech.model_validate_json(aligned.path("phones/00.json").read_bytes())
    name = next(word for word in speech.words if word.shown.startswith("Zelenskyi"))
    assert " ".join(phone.phone for phone in name.phones) == "Z IH L EH N S K IY Z"
    assert name.sentence == 1


def test_a_second_run_is_cached_and_needs_no_server(aligned, monkeypatch, capsys):
    monkeypatch.setenv("GENTLE_URL", "http://127.0.0.1:9")
    run_all(aligned)
    assert capsys.readouterr().err.count("unchanged") == 3 * len(NARRATIONS)


def test_another_aligner_changes_the_unit_keys(aligned, monkeypatch):
    monkeypatch.setenv("GENTLE_ALIGNER", "gentle-0.11")
    keys = [unit_key(GENTLE, GENTLE_WORK.version, {}, unit, aligned) for unit in GENTLE_WORK.plan(aligned)]
    monkeypatch.delenv("GENTLE_ALIGNER")
    assert not {*keys} & {unit_key(GENTLE, GENTLE_WORK.version, {}, unit, aligned) for unit in GENTLE_WORK.plan(aligned)}


def test_an_aligner_name_must_be_plain(aligned, monkeypatch):
    monkeypatch.setenv("GENTLE_ALIGNER", "gentle\n{{workflow}}")
    with pytest.raises(BadInput, match="GENTLE_ALIGNER"):
        list(GENTLE_WORK.plan(aligned))


@pytest.mark.parametrize("sound", ["silence", "noise", "another", "cut off"])
def test_a_voice_without_the_words_fails_in_one_line(server, tmp_path, monkeypatch, recording, sound):
    monkeypatch.setenv("GENTLE_URL", server.address)
    samples = {
        "silence": np.zeros(48_000),
        "noise": np.random.default_rng(3).normal(size=48_000).clip(-4, 4) / 8,
        "another": recording.samples,
        "cut off": recording.samples[:4_000],
    }[sound]
    workspace = Workspace.lease(tmp_path, "test")
    write_story(workspace, ["Drivers should leave early and check the roads before they travel."])
    write_atomically(workspace.path("voice/00.wav"), wav_of(samples))
    run_step(G2P, G2P_WORK, workspace, Progress("g2p", None))
    with pytest.raises(BadInput, match=r"^voice/00\.wav: 11 of 11 words were not found") as caught:
        run_step(GENTLE, GENTLE_WORK, workspace, Progress("gentle", None))
    assert "\n" not in str(caught.value)
    assert not workspace.path("words/00.json").exists()


def test_a_voice_that_is_no_recording_fails_with_its_name(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GENTLE_URL", server.address)
    workspace = Workspace.lease(tmp_path, "test")
    write_story(workspace, NARRATIONS[1:])
    write_atomically(workspace.path("voice/00.wav"), b"RIFF, but no recording")
    run_step(G2P, G2P_WORK, workspace, Progress("g2p", None))
    with pytest.raises(BadInput, match=r"^voice/00\.wav: http.* 400 audio: this is no recording"):
        run_step(GENTLE, GENTLE_WORK, workspace, Progress("gentle", None))


def test_only_a_changed_scene_is_processed_again(aligned, capsys):
    write_story(aligned, [NARRATIONS[0], "Snow is expected across the south tomorrow."])
    run_all(aligned)
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "scene 00" in line and "unchanged" not in line] == []
    assert len([line for line in lines if "scene 01" in line and "unchanged" not in line]) == 3
