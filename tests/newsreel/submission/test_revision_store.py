"""The desk: what is saved, what was ordered and how it ended are found again by their names."""

import json
from datetime import UTC, datetime

import pytest

from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Failure, Revision, RevisionStore

ONE = Revision("budget", 1)
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def put(desk, name, content=b"{}", below="stories"):
    address = getattr(desk, below).child(name)
    desk.storage.create(address, content, "application/json")
    return address


def ordered(desk, **changed):
    story = str(desk.stories.child("budget/r1.json"))
    return Message(**{"story": story, "id": "budget", "revision": 1, "priority": "breaking"} | changed)


def test_store_lists_revisions_only(desk):
    wanted = put(desk, "budget/r1.json")
    for name in (
        "budget/draft.json",
        "budget/pictures/0123.jpg",
        "budget/r1.order.json",
        "budget/r0.json",
        "r1.json",
        "Budget/r1.json",
    ):
        put(desk, name)
    put(desk, "tram/r12.yaml")
    assert desk.saved() == {ONE: wanted, Revision("tram", 12): desk.stories.child("tram/r12.yaml")}


def test_a_kept_message_says_the_priority_and_may_be_kept_twice(desk):
    story = put(desk, "budget/r1.json")
    assert desk.order(ONE, story).priority == "normal"
    for _ in range(2):
        desk.save_order(ordered(desk))
    assert desk.order(ONE, story) == ordered(desk)
    with pytest.raises(Conflict, match="budget-r1: was submitted as breaking before; raise the revision"):
        desk.save_order(ordered(desk, priority="normal"))
    desk.save_order(ordered(desk, story=f"{story}#17"))


@pytest.mark.parametrize("home", ["file:stories", "gs://newsreel-stories/_hidden"])
def test_an_address_that_fits_no_message_is_reported(desk, home):
    elsewhere = RevisionStore(desk.storage, Address.parse(home), desk.finals)
    with pytest.raises(BadInput, match="save stories below gs://bucket/prefix"):
        elsewhere.message(ONE)


@pytest.mark.parametrize("content", [b"", b"{", b'{"story": "gs://elsewhere/x", "id": "budget", "revision": 1}', b"x" * 10_000])
def test_unreadable_order_gives_normal_priority(desk, content):
    story = put(desk, "budget/r1.json")
    put(desk, "budget/r1.order.json", content)
    assert desk.order(ONE, story) == Message(story=str(story), id="budget", revision=1)


def test_a_kept_message_cannot_speak_for_another_story(desk):
    story = put(desk, "budget/r1.json")
    put(desk, "budget/r1.order.json", ordered(desk, id="tram", story=str(desk.stories.child("tram/r1.json"))).content())
    assert desk.order(ONE, story) == ordered(desk)


def test_a_failure_is_said_once_and_for_all_to_see(desk):
    failure = Failure(why="the disk is full", time=NOW, run="uid-1", status="Error")
    assert desk.fail(ONE, failure)
    assert not desk.fail(ONE, Failure(why="something else", time=NOW))
    told = json.loads(desk.storage.read(desk.finals.child("budget/r1/failed.json"), at_most=1000))
    whose = {"id": "budget", "revision": 1, "run": "uid-1", "status": "Error"}
    assert told == whose | {"why": "the disk is full", "time": "2026-05-03T12:00:00Z"}
    assert desk.outcomes() == {ONE: "failed"}
    assert desk.failure(ONE) == failure
    assert desk.failure(Revision("budget", 2)) is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"why": 7, "time": "now"}', b"\xff"])
def test_a_foreign_failure_record_is_ignored(desk, content):
    put(desk, "budget/r1/failed.json", content, below="finals")
    with pytest.raises(BadInput, match="says nothing of a failure"):
        desk.failure(ONE)


def test_failed_then_published_story_is_published(desk):
    desk.fail(ONE, Failure(why="the disk is full", time=NOW))
    put(desk, "budget/r1/manifest.json", below="finals")
    put(desk, "budget/r1/0123456789abcdef/landscape.mp4", below="finals")
    assert desk.outcomes() == {ONE: "published"}
