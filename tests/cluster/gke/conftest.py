"""gcloud, terraform and kubectl as capture programs on PATH, and a newsreel.yaml in a folder of its own."""

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from newsreel.config.file import DEFAULT, changed, read_gke_config

NAMES = ("gcloud", "terraform", "kubectl")
REGION = {"quotas": [{"metric": "NVIDIA_L4_GPUS", "limit": 60.0}, {"metric": "PREEMPTIBLE_NVIDIA_L4_GPUS", "limit": 120.0}]}
USUAL = [
    ("gcloud auth list", "editor@example.org\n"),
    ("gcloud projects describe", "123456789\n"),
    ("gcloud compute regions describe", json.dumps(REGION)),
    ("gcloud container clusters list .*value", "newsreel\n"),
    ("gcloud container clusters list", json.dumps([{"status": "RUNNING", "currentMasterVersion": "1.34.4-gke.1"}])),
]


class Programs:
    """What they have been asked, and what they are to answer: the newest word first, then the usual ones."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, [(pattern, output, "", 0) for pattern, output in USUAL]
        folder.mkdir()
        code = Path(__file__).with_name("capture.bash").read_text()
        for name in NAMES:
            program = folder / name
            program.write_text(f"#!{shutil.which('bash')}\n{code}")
            program.chmod(0o755)
        self.write()

    def answer(self, pattern: str, output: str = "", errors: str = "", status: int = 0) -> None:
        self.told.insert(0, (pattern, output, errors, status))
        self.write()

    def write(self) -> None:
        told = shlex.join(str(part) for answer in self.told for part in answer)
        (self.folder / "answers").write_text(f"answers=({told})\n")

    @property
    def captured(self) -> list[list[str]]:
        """Each call's words, and last what it was given."""
        file = self.folder / "calls"
        return [call.split("\x1f") for call in file.read_text().split("\x1e")[:-1]] if file.exists() else []

    @property
    def calls(self) -> list[str]:
        """Each as a line, in order; without what was given."""
        return [" ".join(words) for *words, _ in self.captured]

    def given(self, part: str) -> str:
        """What the one call was given whose words, or what it was given, have this in them."""
        [content] = [call[-1] for call in self.captured if part in " ".join(call)]
        return content

    def place(self, part: str) -> int:
        return next(number for number, call in enumerate(self.calls) if part in call)

    def asked(self, part: str) -> list[str]:
        return [call for call in self.calls if part in call]


@pytest.fixture
def programs(tmp_path, monkeypatch):
    captured = Programs(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{captured.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return captured


@pytest.fixture
def parameters():
    return read_gke_config()


@pytest.fixture
def with_newsroom():
    newsroom = {
        "host": "newsroom.example.org",
        "client": "1-a.apps.googleusercontent.com",
        "admits": ["domain:example.org"],
        "writers": ["@example.org"],
    }
    return changed(read_gke_config(), newsroom=newsroom, cluster={"editors": ["desk@example.org"]})


@pytest.fixture
def answers(monkeypatch):
    """What a person types."""

    def type_in(*lines):
        typed = iter(lines)
        monkeypatch.setattr("builtins.input", lambda _: next(typed))

    return type_in


POOL = DEFAULT.read_text()
