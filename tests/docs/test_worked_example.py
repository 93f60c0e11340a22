"""The worked example of docs/steps.md is a step: it fits into a profile and works through a story."""

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from newsreel.artifacts import PronouncedWords
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.workspace import Workspace
from tests.made_stories import Newsroom, newsroom  # noqa: F401 - a fixture
from workflows.profiles import EMBEDDED, predecessors

PAGE = Path(__file__).parents[2] / "docs/steps.md"


def module(beginning: str) -> ModuleType:
    """A fenced module of the page, by the beginning of its docstring."""
    [text] = [
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if block.startswith(f'"""{beginning}')
    ]
    made = ModuleType("example")
    exec(compile(text, str(PAGE), "exec"), made.__dict__)  # noqa: S102 - our own page
    return made


def test_example_fits_into_the_dag() -> None:
    step = module("dictionary: the phones of every word of a scene from").STEP
    before = predecessors(EMBEDDED.exchanged("phonemes", step).work)
    assert [one.name for one in before["dictionary"]] == ["init-story"]
    assert {one.name for one in before["gentle"]} == {"hibari", "dictionary"}


@pytest.mark.usefixtures("newsroom")
def test_example_works_through_a_story_once(newsroom: Newsroom) -> None:  # noqa: F811
    root = newsroom.finished_workspace()
    step, work = (
        module("dictionary: the phones of every word of a scene from").STEP,
        module("dictionary: the phones of every word of a scene, "),
    )
    run_step(step, work.WORK, Workspace(root), Progress("dictionary", None))
    words = PronouncedWords.model_validate_json((root / "pronounced/00.json").read_bytes()).words
    assert words[:2] == (("DH", "AH"), ("K", "AW", "N", "S", "AH", "L"))
    again = replace(work.WORK, work=None)
    run_step(step, again, Workspace(root), Progress("dictionary", None))
