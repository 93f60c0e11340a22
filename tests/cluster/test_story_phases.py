"""Where a story's time went: each second is counted once, and work side by side is no overhead."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Told

import pytest

from tests.cluster.live.phases import overhead, phases, video_out
from tests.cluster.live.records import Record

BEGAN = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)


def at(second):
    return BEGAN + timedelta(seconds=second)


def pod(step, made, placed, first, began, ended):
    def status(name, *times):
        return Told(name=name, state=Told(terminated=Told(started_at=at(times[0]), finished_at=at(times[1]))))

    return Told(
        metadata=Told(name=f"story-{step}", labels={"newsreel/system": step}, creation_timestamp=at(made)),
        status=Told(
            conditions=[Told(type="PodScheduled", last_transition_time=at(placed))],
            init_container_statuses=[status("init", first, began)],
            container_statuses=[status("main", began, ended), status("wait", began, ended)],
        ),
    )


def story(finished, **ended):
    nodes = {
        step: {
            "type": "Pod",
            "templateName": step,
            "phase": "Succeeded",
            "startedAt": at(0).isoformat(),
            "finishedAt": at(end).isoformat(),
        }
        for step, end in ended.items()
    }
    metadata = {"name": "story", "uid": "u", "creationTimestamp": BEGAN.isoformat()}
    return Record(
        {"metadata": metadata, "status": {"phase": "Succeeded", "finishedAt": at(finished).isoformat(), "nodes": nodes}}
    )


@pytest.fixture
def timed():
    record = story(60, hibari=21, dlib=31)
    pods = [pod("hibari", 1, 2, 4, 5, 20), pod("dlib", 1, 2, 4, 6, 30)]
    logs = {
        "story-hibari": "hibari: 0: 9 seconds of speech in 10.0 s\n",
        "story-dlib": "x in 99.0 s!\ndlib: 0: 30 frames in 20.0 s\n",
    }
    return record, list(phases(record, pods, logs))


def test_each_phase_begins_where_the_one_before_ended(timed):
    told = {step.step: step.phases for step in timed[1]}["hibari"]
    assert (told.next, told.place, told.prepare, told.init, told.start, told.work, told.report) == (1, 1, 2, 1, 5, 10, 1)


def test_work_side_by_side_is_counted_once(timed):
    # hibari works from 10 to 20, dlib from 10 to 30.
    assert overhead(*timed, at(60)) == (60, 40)
    assert overhead(*timed, at(25)) == (25, 10)


def test_the_video_is_out_when_publish_is_done():
    record = story(60, publish=21)
    out = list(phases(record, [pod("publish", 1, 2, 4, 5, 20)], {}))
    assert video_out(out) == at(20)
    assert video_out([]) is None
