"""The step: one mel per scene, cached by its weights; bad readings are retried; other voices and weights are refused."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from reading_net import SMALL, reading_net, seeded_net

from newsreel.errors import BadInput, BadWeights
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.schema import Story
from newsreel.weights.catalogue import WeightsSheet, weights_file, weights_sheet
from newsreel.weights.state_dict import save_state
from newsreel.workspace import Workspace
from steps.init_story.script import script_of
from steps.tacotron2 import STEP
from steps.tacotron2.model import draw_prenet_dropout
from steps.tacotron2.speaker import ATTEMPTS, Speaker, seed_from_text
from steps.tacotron2.step import WORK
from steps.tacotron2.text_frontend import split_sentence, words_to_read

pytestmark = pytest.mark.slow

NARRATIONS = ["The council has met. It agreed on a budget!", "Rain is expected in the north tonight."]
SHORT = "Go on. Do it. He won. She is in. It is so. So am I. We go up."


def workspace_of(root, narrations, net, voice="linda"):
    workspace = Workspace.lease(root, "test")
    picture = {"file": "a.png", "credit": "c", "alt": "a"}
    scenes = [{"narration": narration, "headline": "h", "picture": picture} for narration in narrations]
    story = {"id": "s", "revision": 1, "title": "t", "presenter": "maya", "voice": voice, "scenes": scenes}
    workspace.set_story(Story.model_validate(story))
    for number, narration in enumerate(narrations):
        write_atomically(workspace.path(f"script/{number:02d}.json"), script_of(narration).model_dump_json())
    write_weights(workspace, net)
    return workspace


def write_weights(workspace, net, sha256="0" * 64):
    save_state(net.state_dict(), workspace.path(weights_file("tacotron2")))
    sheet = WeightsSheet(name="linda-tacotron2", sha256=sha256, licence="test", address="file:/test")
    write_atomically(workspace.path(weights_sheet("tacotron2")), sheet.model_dump_json())


def run_on(workspace):
    run_step(STEP, WORK, workspace, Progress("tacotron2", None))
    return workspace


def mel_file(workspace, scene):
    return dict(np.load(workspace.path(f"speech/{scene:02d}.mel.npz")))


def test_a_scene_becomes_a_mel_with_the_ends_of_its_sentences(tmp_path):
    workspace = run_on(workspace_of(tmp_path, NARRATIONS, reading_net()))
    first, second = mel_file(workspace, 0), mel_file(workspace, 1)
    # The net built by hand speaks a frame a symbol.
    assert first["ends"].tolist() == [len("the council has met."), len("the council has met.it agreed on a budget!")]
    assert second["ends"].tolist() == [len("rain is expected in the north tonight.")]
    for scene in (first, second):
        assert scene["mel"].shape == (scene["ends"][-1], 80) and scene["mel"].dtype == np.float32
        assert scene["ends"].dtype == np.int64
        assert (scene["sample_rate"], scene["hop"]) == (22050, 256)


def test_a_second_run_is_cached_until_the_weights_change(tmp_path, capfd):
    workspace = run_on(workspace_of(tmp_path, NARRATIONS, reading_net()))
    before = workspace.path("speech/00.mel.npz").read_bytes()
    capfd.readouterr()
    run_on(workspace)
    assert capfd.readouterr().err.count("unchanged") == len(NARRATIONS)
    louder = reading_net()
    louder.decoder.linear_projection.linear_layer.bias[0] = 2
    write_weights(workspace, louder, sha256="1" * 64)
    assert "unchanged" not in capfd.readouterr().err
    assert run_on(workspace).path("speech/00.mel.npz").read_bytes() != before


def frames_of_the_unreliable_net(text, attempt):
    """Frames until the net ends: at the last symbol, or with the first frame but one whose dropout keeps unit 0 twice."""
    kept = draw_prenet_dropout(seed_from_text(text, attempt), len(text), SMALL.prenet_dim)[1:, :, 0].all(1)
    return min([len(text), *(int(place) + 2 for place in kept.nonzero()[:1])])


def test_a_bad_reading_is_retried_with_another_seed_and_logged(tmp_path):
    save_state(reading_net(unreliable=True).state_dict(), tmp_path / "unreliable.pt")
    script = script_of(SHORT)
    texts = [part.text for tokens in script.sentences for part in split_sentence(words_to_read(tokens))]
    good = [[frames_of_the_unreliable_net(text, attempt) > len(text) - 5 for attempt in range(ATTEMPTS)] for text in texts]
    retries = []
    speaker = Speaker.load(tmp_path / "unreliable.pt")
    assert all(any(attempts) for attempts in good) and not all(attempts[0] for attempts in good)
    scene = speaker.speak(script, retries.append)
    first_good = [attempts.index(True) for attempts in good]
    assert len(retries) == sum(first_good)
    assert all("ended before the last" in line for line in retries)
    expected = [frames_of_the_unreliable_net(text, attempt) for text, attempt in zip(texts, first_good, strict=True)]
    assert np.diff(scene.ends, prepend=0).tolist() == expected


def test_a_sentence_that_fails_every_attempt_is_named(tmp_path):
    save_state(reading_net(unreliable=True).state_dict(), tmp_path / "unreliable.pt")
    retries = []
    with pytest.raises(BadInput, match=r"'the sentence is much too long.*ended before the last .* 5 times"):
        Speaker.load(tmp_path / "unreliable.pt").speak(
            script_of("The sentence is much too long for nets like these."), retries.append
        )
    assert len(retries) == ATTEMPTS


def test_untrained_weights_are_bad_weights(tmp_path):
    save_state(seeded_net().state_dict(), tmp_path / "random.pt")
    with pytest.raises(BadWeights, match="scattered"):
        Speaker.load(tmp_path / "random.pt").speak(script_of(NARRATIONS[1]), lambda line: None)


def test_a_sentence_is_the_same_in_another_scene(tmp_path):
    save_state(reading_net().state_dict(), tmp_path / "t.pt")
    speaker = Speaker.load(tmp_path / "t.pt")
    alone = speaker.speak(script_of("It agreed on a budget!"), print)
    among = speaker.speak(script_of(NARRATIONS[0]), print)
    assert np.array_equal(among.mel[among.ends[0] :], alone.mel)


def test_a_long_sentence_is_synthesized_in_parts(tmp_path):
    words = " ".join(["word"] * 70)
    workspace = run_on(workspace_of(tmp_path, [f"{words}."], reading_net()))
    # A comma more, and a blank less, wherever it was split.
    assert mel_file(workspace, 0)["ends"].tolist() == [len(words) + 1]


def test_another_systems_voice_and_missing_weights_are_refused(tmp_path):
    with pytest.raises(BadInput, match="hibari"):
        run_on(workspace_of(tmp_path / "hibari", NARRATIONS, reading_net(), voice="heart"))
    workspace = workspace_of(tmp_path / "none", NARRATIONS, reading_net())
    workspace.path(weights_file("tacotron2")).unlink()
    with pytest.raises(BadWeights, match="no weights"):
        run_on(workspace)


def test_weights_for_other_symbols_are_refused(tmp_path):
    state = reading_net().state_dict()
    save_state({**state, "embedding.weight": torch.zeros(70, 8)}, tmp_path / "t.pt")
    with pytest.raises(BadWeights, match="speaks 70 symbols"):
        Speaker.load(tmp_path / "t.pt")


def test_the_step_is_imported_without_torch():
    code = "import sys, steps.tacotron2.step; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
