"""report.html: one file, whatever the story says; nothing of it runs, asks for anything or breaks out of its place."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.artifacts import Script, Token
from newsreel.files import write_atomically
from newsreel.runtime.usage import Usage
from newsreel.storage.publication import Origin
from newsreel.workspace import UnitMetadata, Workspace, metadata_file
from steps.publish.report import clock, remarks_of, report_page, spelled_words

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y> $title ${sheet} {{workflow.name}} & \u00a3"
WHEN = "2026-03-01T10:20:30Z"
TAKEN = Usage(node_seconds=1234.5, gpu_seconds=61.25, bytes=4_200_000, cost=0.0123, currency="USD")
ORIGIN = Origin(story_digest="a" * 64, software_digest="b" * 64, release="0.1.0")


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, and the text outside the style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.inside = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self.inside:
            self.text.append(data)

    @property
    def said(self):
        return " ".join(" ".join(self.text).split())


def record(step="dlib", unit="scene 01", seconds=2.0, cost=90, counts="frames", remarks=()):
    return UnitMetadata(
        step=step, unit=unit, key="0" * 40, seconds=seconds, cost=cost, counts=counts, ended=WHEN, remarks=remarks
    )


@pytest.fixture
def finished(newsroom):
    def make(records=()):
        workspace = Workspace(newsroom.finished_workspace())
        for one in records:
            write_atomically(workspace.path(metadata_file(one.step, one.unit)), one.model_dump_json())
        return workspace

    return make


def page_of(workspace, usage=TAKEN):
    files = {"captions.vtt": workspace.path("final/captions.vtt")}
    return report_page(workspace, ORIGIN, "gs://finals/budget/r1", files, usage)


def test_it_tells_scenes_with_their_times_sound_work_and_files(finished):
    page = Page(page_of(finished([record("pix2pixhd", "scene 00", 12.25), record("pix2pixhd", "scene 01", 2.0)])))
    for told in (
        "The budget",
        "budget, revision 1 \u00b7 11.0 s \u00b7 2 scenes",
        "gs://finals/budget/r1",
        "Scene 01 \u00b7 0:05.5 to 0:08.5",
        "The council agreed on part 1 of its budget.",
        "-16.1 LUFS",
        "-2.3 dBTP",
        "pix2pixhd 180 frames 14.2",
        "captions.vtt",
        "Made 2026-03-01 10:20 UTC, newsreel 0.1.0",
        "Nothing was guessed, bridged or tried twice.",
    ):
        assert told in page.said
    stills = [attributes["style"] for _, attributes in page.elements if attributes.get("class") == "still"]
    assert stills == ["background-position: 0% 0%", "background-position: 100% 0%"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "Node 1,234.5 s GPU 61.2 s Published 4.2 MB Node's cost, estimated USD 0.0123"),
        ({"gpu_seconds": None, "cost": None}, "Node 1,234.5 s GPU unknown Published 4.2 MB Node's cost, estimated unknown"),
        ({"cost": None, "currency": None}, "Node 1,234.5 s GPU 61.2 s Published 4.2 MB Files"),
    ],
)
def test_it_tells_what_was_taken_and_of_what_is_unknown_that_it_is(finished, changed, told):
    assert told in Page(page_of(finished(), TAKEN.model_copy(update=changed))).said


def test_what_the_steps_remarked_stands_there_with_its_scene(finished):
    page = Page(page_of(finished([record(remarks=("no face in 3 frames (1.0 s)",))])))
    assert "dlib, scene 01: no face in 3 frames (1.0 s)" in page.said


def test_no_text_becomes_markup_and_nothing_is_asked_of_anybody(newsroom, finished):
    newsroom.document["title"] = HOSTILE[:80]
    for scene in newsroom.document["scenes"]:
        scene["headline"] = HOSTILE[:70]
        scene["picture"] |= {"credit": HOSTILE[:80], "alt": HOSTILE}
    page = Page(page_of(finished([record(remarks=(HOSTILE,))])))
    assert not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert all(not name.startswith("on") and name not in ("src", "href") for _, told in page.elements for name in told)
    assert page.said.count(HOSTILE[:70]) >= 4


def test_the_only_address_in_it_is_the_picture_it_brings(finished):
    assert re.findall(r"url\((.{22})", page_of(finished())) == ["data:image/jpeg;base64"]
    assert "http" not in page_of(finished())


def test_the_same_work_gives_the_same_page(finished):
    workspace = finished([record()])
    assert page_of(workspace) == page_of(workspace)


@given(seconds=st.floats(0, 5000))
def test_a_clock_never_shows_sixty_seconds(seconds):
    minutes, rest = clock(seconds).split(":")
    assert float(rest) < 60
    assert int(minutes) * 60 + float(rest) == pytest.approx(seconds, abs=0.051)


def test_words_that_are_spelled_are_told_once_and_others_not():
    tokens = [
        Token(shown="NHS,", spoken=("n", "h", "s")),
        Token(shown="NATO", spoken=("nato",)),
        Token(shown="I", spoken=("i",)),
        Token(shown="NHS", spoken=("n", "h", "s")),
        Token(shown="\u2013", spoken=()),
    ]
    assert spelled_words(Script(sentences=(tuple(tokens),))) == ["NHS"]
    assert "<li>scene 00: spelled out: NHS</li>" in remarks_of([], [Script(sentences=(tuple(tokens),))])
