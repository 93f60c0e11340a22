"""A newsroom's own voice on one machine: weights are found where the person says, and what is wrong with them is said once."""

import hashlib

import pytest
import torch
import yaml
from PIL import Image

from cli.main import main
from newsreel.weights.state_dict import save_state
from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2

pytestmark = pytest.mark.slow

STORY = {
    "id": "studio",
    "revision": 1,
    "title": "A story in a newsroom's own voice",
    "presenter": "maya",
    "voice": "linda",
    "scenes": [
        {
            "narration": "It opens on Sundays.",
            "headline": "Open",
            "picture": {"file": "a.png", "credit": "Newsroom", "alt": "A square"},
        }
    ],
}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    Image.new("RGB", (640, 360), (20, 80, 120)).save(tmp_path / "a.png")
    (tmp_path / "story.yaml").write_text(yaml.safe_dump(STORY))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEWSREEL_WEIGHTS", raising=False)
    return tmp_path


def render(monkeypatch):
    monkeypatch.setattr("sys.argv", ["newsreel", "render", "story.yaml", "--to", "out", "--profile", "studio"])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def catalogue_of(folder, **files):
    entry = {
        name: {"address": f"file:{path}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "licence": "none"}
        for name, path in files.items()
    }
    (folder / "weights.yaml").write_text(yaml.safe_dump({name.replace("_", "-"): value for name, value in entry.items()}))


def test_without_weights_it_says_what_to_set(desk, monkeypatch, capsys):
    assert render(monkeypatch) == 2
    assert "set NEWSREEL_WEIGHTS to its address" in capsys.readouterr().err.splitlines()[-1]


def test_bad_weights_end_the_story_once_with_the_reason(desk, monkeypatch, capsys):
    torch.manual_seed(1)
    small = Architecture(
        encoder_embedding_dim=32,
        prenet_dim=16,
        attention_rnn_dim=32,
        decoder_rnn_dim=32,
        attention_dim=16,
        postnet_embedding_dim=32,
    )
    save_state(Tacotron2(small).state_dict(), desk / "untrained.pt")
    catalogue_of(desk, linda_tacotron2=desk / "untrained.pt", linda_waveglow=desk / "untrained.pt")
    monkeypatch.setenv("NEWSREEL_WEIGHTS", "file:weights.yaml")
    assert render(monkeypatch) == 6
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("tacotron2: ")
    assert told.splitlines()[-1].endswith("(exit 6)")
    assert "waveglow: started" not in told
