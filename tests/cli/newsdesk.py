"""What `newsreel submit`, `status` and `logs` are tried on: a desk with a story, a bucket, an API server without a cluster."""

import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from cli.main import main
from tests.cluster.api_server import ApiServer

EDITORS = "newsroom@example.com"
"""The group that is bound to the Role `newsreel-editor`; a caller of its name has its rights."""
STORY = """\
id: budget
revision: 1
title: The budget
presenter: maya
voice: heart
scenes:
  - narration: The council agreed on its budget.
    headline: Agreed
    picture: {file: pictures/one.png, credit: Newsroom, alt: Teal}
  - narration: It was late at night.
    headline: Late
    picture: {file: pictures/two.jpg, credit: Newsroom, alt: Red}
"""


@dataclass
class Desk:
    folder: Path
    server: ApiServer
    bucket: str
    environment: dict[str, str]
    capsys: pytest.CaptureFixture[str]

    @property
    def story(self) -> Path:
        return self.folder / "story.yaml"

    def newsreel(self, *arguments: object, **environment: str) -> tuple[int, str, str]:
        """As a shell would run it in the desk's folder: status, output, errors."""
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as shell, pytest.raises(SystemExit) as ended:
            shell.chdir(self.folder)
            for name in ("NEWSREEL_ADDRESSES", "NEWSREEL_TOPIC"):
                shell.delenv(name, raising=False)
            for name, value in (self.environment | environment).items():
                shell.setenv(name, value)
            shell.setattr(sys, "argv", ["newsreel", *map(str, arguments)])
            main()
        return int(ended.value.code or 0), *self.capsys.readouterr()

    def submit(self, *options: object, **environment: str) -> tuple[int, str, str]:
        return self.newsreel("submit", "story.yaml", *options, **environment)

    def lay_out(self) -> None:
        (self.folder / "pictures").mkdir()
        Image.new("RGB", (400, 320), "teal").save(self.folder / "pictures" / "one.png")
        Image.new("RGB", (400, 320), "red").save(self.folder / "pictures" / "two.jpg")
        self.story.write_text(textwrap.dedent(STORY))
