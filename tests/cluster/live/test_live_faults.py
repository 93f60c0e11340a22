"""What goes wrong on living machines: each story is finished elsewhere, or ends with a reason; nothing is left behind."""

import subprocess

import pytest

from tests.cluster.live.faults import HUNGRY, KILLED, SLOW, broken_on
from tests.cluster.live.machines import directories
from tests.cluster.live.program import argo_program
from tests.cluster.live.waiting import nothing_is_left

FAULTS = {
    "broken program": ("animate", "exit 70", "exit code 70"),
    "killed container": ("hibari", KILLED, "exit code 137"),
    "out of memory": ("g2p", HUNGRY, "137"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_fails_on_one_node_is_made_on_another(cluster, name, story, bucket, faulty, what):
    step, fault, words = FAULTS[what]
    bad, *_ = cluster.story_nodes()
    cluster.submit_on(bad, name, faulty(step, broken_on(bad, fault)), **story)
    record = cluster.over(name, 900)
    assert record.phase == "Succeeded", record.message
    failed, made = record.of(step)
    assert failed.host == bad
    assert made.host != bad
    assert words in failed.message
    assert [pod.host for pod in record.of("anchor")] == [failed.host, made.host]
    assert bucket.video(name)
    nothing_is_left(cluster, record)


def test_a_full_disk_is_tried_on_another_node(cluster, name, story, bucket, lab):
    full, *_ = cluster.story_nodes()
    root = cluster.place.settings.ssd_root
    lab.node(full, "exec", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", root)
    try:
        cluster.submit_on(full, name, **story)
        record = cluster.over(name, 900)
    finally:
        lab.node(full, "exec", "umount", "-l", root)
    assert record.phase == "Succeeded", record.message
    assert record.of("anchor")[0].host == full
    assert "5" in {pod.exit_status for pod in record.placed if pod.host == full}
    assert bucket.video(name)
    nothing_is_left(cluster, record)


@pytest.mark.parametrize("end", ["Stop", "Terminate"])
def test_a_story_that_a_person_ends_leaves_nothing(cluster, name, story, bucket, faulty, end):
    cluster.submit(name, faulty("init-story", SLOW), **story)
    working = cluster.until_step(name, "init-story")
    assert working.uid in directories(cluster)[working.of("anchor")[0].host]
    cluster.patch(name, {"spec": {"shutdown": end}})
    record = cluster.over(name, 120)
    assert record.phase == "Failed"
    assert record.status["message"]
    assert [pod.phase for pod in record.of("report")] == (["Succeeded"] if end == "Stop" else [])
    assert bucket.finals(name) == []
    nothing_is_left(cluster, record)


def test_a_story_past_its_deadline_ends_with_that_reason(cluster, name, story, faulty):
    cluster.submit(name, faulty("init-story", SLOW), seconds=60, **story)
    record = cluster.over(name, 180)
    assert record.phase == "Failed"
    assert "deadline" in str(record.workflow["status"]).lower()
    assert [pod.phase for pod in record.of("report")] == ["Succeeded"]
    nothing_is_left(cluster, record)


def test_a_story_past_its_deadline_that_no_node_takes_ends_too(cluster, name, story, reconciler):
    cluster.cordon(*cluster.story_nodes())
    cluster.submit(name, seconds=60, **story)
    record = cluster.over(name, 180)
    assert record.phase == "Failed"
    assert not any(pod.host for pod in record.of("anchor"))
    assert [pod.phase for pod in record.of("report")] == ["Succeeded"]
    nothing_is_left(cluster, record)


def test_a_hung_step_is_ended_at_its_own_deadline(cluster, name, story, faulty):
    template = faulty("animate", SLOW, activeDeadlineSeconds=10)
    cluster.submit(name, template, **story)
    record = cluster.wait(name, lambda record: any(pod.phase == "Failed" for pod in record.of("animate")) or record.over, 300)
    assert "deadline" in record.of("animate")[0].message.lower()


def test_a_controller_that_restarts_in_the_middle_loses_nothing(cluster, name, story, bucket, lab):
    cluster.submit(name, **story)
    cluster.until_step(name, "hibari")
    lab.run("argo", "down")
    subprocess.run(["sleep", "15"], check=True)
    lab.run("argo", "up")
    record = cluster.over(name, 600)
    assert record.phase == "Succeeded", record.message
    assert len(record.of("anchor")) == len(record.of("publish")) == 1
    assert bucket.video(name)
    nothing_is_left(cluster, record)


def test_what_argo_retries_is_made_on_another_node(cluster, name, story, bucket, faulty):
    argo = argo_program()
    bad, *_ = cluster.story_nodes()
    gone = "if [ -e /story/lease.json ]; then exit 2; fi"
    cluster.submit_on(bad, name, faulty("pix2pixhd", broken_on(bad, gone)), **story)
    cluster.wait(name, lambda record: any(pod.phase == "Failed" for pod in record.of("pix2pixhd")), 600)
    cluster.patch(name, {"spec": {"shutdown": "Terminate"}})
    assert cluster.over(name, 120).phase == "Failed"
    subprocess.run([argo, "retry", "-n", cluster.namespace, name], check=True, capture_output=True)
    cluster.wait(name, lambda record: not record.over, 60)
    record = cluster.over(name, 600)
    assert record.phase == "Succeeded", record.message
    lost, *_, made = record.of("pix2pixhd")
    assert "no lease.json" in lost.message
    assert (lost.host == bad) and (made.host != bad)
    assert bucket.video(name)
    # For the retried step the kubelet has made the directory once more, an empty one: the next story there sweeps it.
    following = f"{name}-next"
    cluster.submit_on(bad, following, **bucket.put(following))
    assert cluster.over(following).phase == "Succeeded"
    nothing_is_left(cluster, record)


def test_what_argo_resubmits_is_made(cluster, name, story, bucket):
    argo = argo_program()
    cluster.submit(name, **story)
    cluster.until_step(name, "init-story")
    cluster.patch(name, {"spec": {"shutdown": "Terminate"}})
    cluster.over(name, 120)
    said = subprocess.run(
        [argo, "resubmit", "-n", cluster.namespace, name, "-o", "name"], check=True, capture_output=True, text=True
    )
    again = said.stdout.split()[-1].rpartition("/")[2]
    record = cluster.over(again, 600)
    assert record.phase == "Succeeded", record.message
    assert bucket.video(name)
    nothing_is_left(cluster, record)
