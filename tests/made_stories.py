"""What the tests at the door share: a newsroom with a sound story, a finished workspace, a bucket."""

import copy
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from PIL import Image

import newsreel.presenters.bundle
from newsreel.artifacts import ContactSheetTile, VideoContents
from newsreel.files import write_atomically
from newsreel.workspace import Workspace
from steps.__main__ import main


def box(kind, content=b""):
    return (8 + len(content)).to_bytes(4, "big") + kind + content


SMALL_MP4 = box(b"ftyp", b"isom") + box(b"moov", b"m" * 40) + box(b"mdat", b"d" * 4000)
CONTENTS = VideoContents(
    seconds=11.0,
    scenes=(ContactSheetTile(start=2.5, end=5.5, column=0, row=0), ContactSheetTile(start=5.5, end=8.5, column=1, row=0)),
    columns=2,
    rows=1,
    loudness=-16.1,
    true_peak=-2.3,
)
STORY = {
    "id": "budget",
    "revision": 1,
    "title": "The budget",
    "presenter": "maya",
    "voice": "heart",
    "scenes": [
        {
            "narration": f"The council agreed on part {number} of its budget.",
            "headline": f"Part {number}",
            "picture": {"file": f"pictures/{number}.png", "credit": "Newsroom", "alt": "A plain square"},
        }
        for number in range(2)
    ],
}


@dataclass
class Newsroom:
    """A folder with stories and pictures, and all that a person would do with it from the command line."""

    folder: Path
    document: dict = field(default_factory=lambda: copy.deepcopy(STORY))

    @property
    def story(self):
        return f"file:{self.folder}/budget.yaml"

    @property
    def finals(self):
        return f"file:{self.folder}/out"

    @property
    def out(self):
        return self.folder / "out" / "budget"

    @property
    def state(self):
        return (self.folder / "state").read_text()

    def picture(self, name):
        return self.folder / "pictures" / name

    def save(self):
        text = yaml.safe_dump(self.document, sort_keys=False, allow_unicode=True)
        (self.folder / "budget.yaml").write_text(text)

    def check(self, **changed):
        """The exit status of `python -m steps check`, on the document as it is now."""
        self.save()
        options = {"story": self.story, "finals": self.finals, "voice-system": "hibari", "outputs": self.folder}
        options |= {name.replace("_", "-"): value for name, value in changed.items()}
        return main(["check", *(word for name, value in options.items() for word in (f"--{name}", str(value)))])

    def init_story(self, workspace, shards=1):
        self.save()
        shards_file = self.folder / "shards.json"
        arguments = ["--story", self.story, "--workspace", workspace, "--shards", shards, "--shards-file", shards_file]
        return main(["init-story", *map(str, arguments)])

    def publish(self, workspace, finals=None, options=()):
        return main(["publish", "--workspace", str(workspace), "--finals", finals or self.finals, *options])

    def finished_workspace(self, name="work", poster=b"poster"):
        """A workspace as it is when all steps before `publish` are done; the video is whole as a container."""
        root = self.folder / name / "budget"
        Workspace.lease(root, "test")
        assert self.init_story(root) == 0
        final = {"landscape.mp4": SMALL_MP4, "poster.jpg": poster, "captions.vtt": b"WEBVTT\n", "sheet.jpg": b"sheet"}
        for file, content in {**final, "contents.json": CONTENTS.model_dump_json()}.items():
            write_atomically(root / "final" / file, content)
        return root


@pytest.fixture
def newsroom(tmp_path, monkeypatch):
    """A sound story, a presenter whose bundle is complete, and leave to read and write below the folder."""
    bundles = tmp_path / "presenters"
    shutil.copytree(newsreel.presenters.bundle.BUNDLED_PRESENTERS / "maya", bundles / "maya")
    for name in ("footage.mp4", "landmarks.dat", "visemes.npz", "generator.pth"):
        (bundles / "maya" / name).touch()
    monkeypatch.setenv("NEWSREEL_PRESENTERS", str(bundles))
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{tmp_path / 'desk'}")
    room = Newsroom(tmp_path / "desk")
    for number in range(2):
        room.picture(f"{number}.png").parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (400, 320), (80 * number, 90, 120)).save(room.picture(f"{number}.png"))
    room.save()
    return room
