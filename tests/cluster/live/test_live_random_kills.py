"""Stories in a row while machines, containers, pods and the controller die at random: every video is right, and there is one.

NEWSREEL_LIVE_SEED      the seed; without it this test is skipped, since it takes four minutes a story
NEWSREEL_LIVE_STORIES   how many stories (10)
"""

import random
import time
from collections.abc import Callable

import pytest
from kubernetes import client
from kubernetes.stream import stream

from steps.publish.program import require_streamable
from tests.cluster.live.machines import directories, repaired
from tests.cluster.live.waiting import await_truth

LATEST = 60.0
"""Seconds after a story's first step began until something dies."""


def test_stories_under_random_kills_become_the_right_videos(cluster, name, bucket, lab, reconciler, tmp_path):
    seed = cluster.place.told("SEED", "")
    if not seed:
        pytest.skip("set NEWSREEL_LIVE_SEED to a number: stories in a row under random kills")
    chance = random.Random(int(seed))  # noqa: S311
    for number in range(int(cluster.place.told("STORIES", "10"))):
        story = f"{name}-{number}"
        cluster.submit(story, **bucket.put(story))
        working = cluster.until_step(story, "init-story")
        mend, after = lambda: None, chance.uniform(0, LATEST)
        time.sleep(after)
        if not cluster.record(story).over:
            fault = chance.choice([node, container, pod, controller])
            print(f"{story}: {fault.__name__} dies {after:.0f} s after the first step began")
            mend = fault(cluster, lab, story, working.of("anchor")[-1].host, chance)
        await_truth(lambda told=story: any(record.phase == "Succeeded" for record in runs(cluster, told)), 900)
        mend()
        video = tmp_path / f"{story}.mp4"
        video.write_bytes(bucket.video(story))
        require_streamable(video)
        await_truth(lambda told=story: all(record.over for record in runs(cluster, told)), 180)
        await_truth(lambda told=story: not any(cluster.living(record.name) for record in runs(cluster, told)), 60)
    await_truth(lambda: repaired(cluster, lab), 180)
    for host in cluster.story_nodes():
        # An anchor that was killed leaves its directory to the next one there, to be swept.
        story = f"{name}-{host}"
        cluster.submit_on(host, story, **bucket.put(story))
        assert cluster.over(story).phase == "Succeeded"
    await_truth(lambda: not any(directories(cluster).values()), 60)


def runs(cluster, story):
    """The story's own workflow, and its successors'."""
    return [record for record in cluster.records() if record.name == story or record.name.startswith(f"{story}-t")]


def node(cluster, lab, story, host, chance) -> Callable[[], object]:
    lab.node(host, "kill")
    return lambda: lab.node(host, "up")


def container(cluster, lab, story, host, chance) -> Callable[[], object]:
    """All of a step's processes at once, as the kernel does when memory is short."""
    api = client.CoreV1Api(client.ApiClient(cluster.api.configuration))
    victim = a_step(cluster, story, chance)
    kill = ["sh", "-c", "kill -KILL -1"]
    if victim:
        stream(api.connect_get_namespaced_pod_exec, victim, cluster.namespace, command=kill, container="main", stderr=True)
    return lambda: None


def pod(cluster, lab, story, host, chance) -> Callable[[], object]:
    victim = a_step(cluster, story, chance)
    if victim:
        cluster.core.delete_namespaced_pod(victim, cluster.namespace, grace_period_seconds=0)
    return lambda: None


def controller(cluster, lab, story, host, chance) -> Callable[[], object]:
    lab.run("argo", "down")
    time.sleep(chance.uniform(0, 20))
    lab.run("argo", "up")
    return lambda: None


def a_step(cluster, story, chance):
    """One of the pods at work, the anchor included."""
    at_work = [pod.metadata.name for pod in cluster.pods(story) if pod.status.phase == "Running"]
    return chance.choice(sorted(at_work)) if at_work else None
