"""Machines that vanish: the story's successor runs on another within a minute, and one video is published, once."""

import time
from datetime import UTC, datetime

import pytest

from tests.cluster.live.waiting import await_truth, nothing_is_left


@pytest.mark.parametrize("step", ["init-story", "hibari"])
def test_a_killed_nodes_story_is_made_on_another_in_time(cluster, name, story, bucket, lab, reconciler, step):
    begun_elsewhere(cluster, name, story, bucket, lab, "kill", step)


def test_a_cut_off_nodes_story_is_published_once(cluster, name, story, bucket, lab, reconciler):
    lost = begun_elsewhere(cluster, name, story, bucket, lab, "netcut", "init-story")
    before = bucket.finals(name)
    lab.node(lost, "netjoin")
    time.sleep(30)  # what was cut off goes on, if it can
    assert bucket.finals(name) == before


def begun_elsewhere(cluster, name, story, bucket, lab, fault, step):
    cluster.submit(name, **story)
    working = cluster.until_step(name, step)
    lost = working.of("anchor")[0].host
    lab.node(lost, fault)
    at = datetime.now(UTC)
    second = f"{name}-t2"
    await_truth(lambda: any(record.name == second for record in cluster.records()), 60)
    taken = cluster.wait(second, lambda record: any(pod.host for pod in record.of("anchor")), 60)
    seconds = (datetime.now(UTC) - at).total_seconds()
    print(f"{fault} at {step}: the successor's anchor was on {taken.hosts} after {seconds:.0f} s")
    assert seconds <= 60
    assert lost not in taken.hosts

    made = cluster.over(second, 600)
    assert made.phase == "Succeeded", made.message
    assert bucket.video(name)
    ended = cluster.over(name, 120)
    assert ended.phase == "Failed"
    assert len([record for record in cluster.records() if record.name.startswith(name)]) == 2
    nothing_is_left(cluster, made)
    assert cluster.living(name) == []
    return lost
