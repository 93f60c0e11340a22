"""Sound stories and wrong ones: one node a story, never two on one; what cannot be made wakes no node, or is tried once."""

import itertools
import re
import subprocess

import pytest

from tests.cluster.live.bucket import SHORT
from tests.cluster.live.faults import DAMAGED_GENERATOR
from tests.cluster.live.machines import directories
from tests.cluster.live.program import argo_program
from tests.cluster.live.waiting import nothing_is_left

ON_SCENES = ("hibari", "dlib", "gentle", "g2p", "animate", "pix2pixhd", "compose")
STEPS = ("init-story", *ON_SCENES, "publish")


def test_a_story_is_made_on_one_node_and_leaves_nothing_there(cluster, name, story, bucket):
    cluster.submit(name, **story)
    working = cluster.until_step(name, "init-story")
    assert [working.uid] == directories(cluster)[working.of("anchor")[0].host]

    record = cluster.over(name)

    assert record.phase == "Succeeded", record.message
    assert len(record.hosts) == 1
    assert {pod.step for pod in record.placed} == {*STEPS, "anchor"}
    assert bucket.video(name)[4:8] == b"ftyp"
    nothing_is_left(cluster, record)


def test_a_revision_is_made_of_what_changed_alone(cluster, name, bucket):
    scenes = [scene | {"headline": f"Open {number}"} for number, scene in enumerate(SHORT["scenes"] * 2)]
    for revision in (1, 2):
        cluster.submit(f"{name}-r{revision}", **bucket.put(name, revision=revision, scenes=scenes))
        record = cluster.over(f"{name}-r{revision}")
        assert record.phase == "Succeeded", record.message
        scenes[1]["headline"] = "Mended"
    logs = {step: cluster.log(f"{name}-r2", step) for step in ON_SCENES}
    for step, log in logs.items():
        redone = re.findall(r"(\w[\w ]*): \d+ [a-z ]+ in ", log)
        assert redone == (["scene 01", "the whole"] if step == "compose" else []), log
    assert len([found for found in bucket.finals(name) if found.endswith("manifest.json")]) == 2
    nothing_is_left(cluster, record)


def test_three_stories_queue_for_two_nodes_and_all_are_made(cluster, name, bucket):
    names = [f"{name}-{letter}" for letter in "abc"]
    cluster.cordon(*cluster.story_nodes()[2:])
    for told in names:
        cluster.submit(told, **bucket.put(told))
    records = [cluster.over(told, 900) for told in names]

    assert [record.phase for record in records] == ["Succeeded"] * 3
    assert all(len(record.hosts) == 1 for record in records)
    for one, other in itertools.combinations(records, 2):
        assert one.hosts != other.hosts or not at_the_same_time(cluster, one, other)
    for record in records:
        assert bucket.video(record.name)
        nothing_is_left(cluster, record)


def test_breaking_news_takes_the_next_free_node(cluster, name, bucket, faulty):
    first, *others = cluster.story_nodes()
    cluster.cordon(*others)
    slow = faulty("init-story", "sleep 5; exit 2")
    queue = {"busy": "normal", "waits": "normal", "breaking": "breaking"}
    for letter, priority in queue.items():
        told = f"{name}-{letter}"
        cluster.submit(told, slow, priority=priority, **bucket.put(told))
        if letter == "busy":
            cluster.until_step(told, "anchor")
        else:
            cluster.wait(told, lambda record: bool(record.of("anchor")), 120)
    began = {letter: cluster.wait(f"{name}-{letter}", anchored, 300).of("anchor")[0] for letter in queue}
    records = {letter: cluster.wait(f"{name}-{letter}", working, 300) for letter in queue}
    assert began["breaking"].host == first
    assert records["breaking"].of("init-story")[0].began < records["waits"].of("init-story")[0].began


@pytest.mark.parametrize(
    ("what", "changed", "words"),
    [
        ("presenter", {"presenter": "nobody"}, "unknown presenter 'nobody'"),
        ("words", {"scenes": [{"narration": "", "headline": "Nothing"}]}, "scenes[0].narration"),
        ("quotes", {"title": "x\n{{workflow.name}}", "presenter": '"; rm -rf / #'}, "presenter"),
    ],
)
def test_a_wrong_story_is_refused_without_waking_a_node(cluster, name, bucket, what, changed, words):
    cluster.submit(name, **bucket.put(name, **changed))
    record = cluster.over(name, 120)
    assert record.phase == "Failed"
    assert [(pod.step, pod.exit_status) for pod in record.pods if pod.step != "report"] == [("check", "2")]
    assert words in cluster.log(name, "check")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("gs://newsreel-stories/absent/story.json", "absent"),
        ("gs://elsewhere/story.json", "gs://elsewhere/story.json"),
        ("file:/etc/passwd", "file:/etc/passwd"),
        ('gs://newsreel-stories/"{}\n$(id)', "newsreel-stories"),
    ],
)
def test_a_wrong_address_is_refused_without_waking_a_node(cluster, name, bucket, address, words):
    cluster.submit(name, story=address, finals="gs://newsreel-finals")
    record = cluster.over(name, 180)
    assert record.phase == "Failed"
    assert [(pod.step, pod.exit_status) for pod in record.pods if pod.step != "report"] == [("check", "2")]
    assert words in cluster.log(name, "check")


def test_the_plain_argo_line_is_enough(cluster, name, story, bucket):
    line = [
        "submit",
        "-n",
        cluster.namespace,
        "--from",
        "workflowtemplate/story",
        "--name",
        name,
        "-p",
        f"story={story['story']}",
    ]
    subprocess.run([argo_program(), *line], check=True, capture_output=True)
    assert cluster.over(name).phase == "Succeeded"
    assert bucket.video(name)


def test_a_story_that_is_published_wakes_no_node_again(cluster, name, story, bucket):
    cluster.submit(name, **story)
    assert cluster.over(name).phase == "Succeeded"
    before = bucket.finals(name)
    cluster.submit(f"{name}-again", **story)
    record = cluster.over(f"{name}-again", 120)
    assert record.phase == "Succeeded"
    assert {pod.step for pod in record.pods} == {"check", "report"}
    assert bucket.finals(name) == before


def test_damaged_weights_end_a_story_with_the_steps_message(cluster, name, story, faulty):
    cluster.submit(name, faulty("pix2pixhd", DAMAGED_GENERATOR), **story)
    record = cluster.over(name)
    assert record.phase == "Failed"
    assert len(record.of("anchor")) == 1
    assert [pod.exit_status for pod in record.of("pix2pixhd", "refuse")] == ["6", "6"]
    assert "generator.pth" in cluster.log(name, "refuse")
    nothing_is_left(cluster, record)


def anchored(record):
    return any(pod.host for pod in record.of("anchor")) or record.over


def working(record):
    return any(pod.began for pod in record.of("init-story")) or record.over


def at_the_same_time(cluster, one, other):
    (begins, ends), (also_begins, also_ends) = span(cluster, one), span(cluster, other)
    return begins < also_ends and also_begins < ends


def span(cluster, record):
    """When the story's node was its own: from the first of its pods that the kubelet took on to the last that ended there."""
    (host,) = record.hosts
    pods = [pod for pod in cluster.pods(record.name) if pod.spec.node_name == host]
    ends = [status.state.terminated.finished_at for pod in pods for status in pod.status.container_statuses]
    return min(pod.status.start_time for pod in pods), max(ends)
