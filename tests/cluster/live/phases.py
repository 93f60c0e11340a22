"""`python -m tests.cluster.live.phases WORKFLOW`: where a story's time went, step by step, as Kubernetes has it on record.

All in seconds. `next` from the end of the step before until Argo has made the pod; `place` until it has a node; `prepare` until
its first container runs (volumes, network, image); `init` Argo's own container, until the step's begins; `start` Python and
imports, models included; `work` what the step itself has measured; `report` until Argo knows that it is over. Kubernetes' times
are whole seconds, so a single row is rough and the sums are good.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta

from kubernetes import client, config

from tests.cluster.live.cluster import Cluster
from tests.cluster.live.place import Place
from tests.cluster.live.records import Pod, Record

__all__ = ["Phases", "Timed", "overhead", "phases"]

MEASURED = re.compile(r" in (\d+\.\d) s$", re.MULTILINE)
"""What `newsreel.runtime.progress` says of each finished unit."""


@dataclass(frozen=True, kw_only=True)
class Phases:
    next: float
    place: float
    prepare: float
    init: float
    start: float
    work: float
    report: float


@dataclass(frozen=True)
class Timed:
    step: str
    phases: Phases
    worked: tuple[datetime, datetime]
    """When the step was at its own work."""


def phases(record: Record, pods: Iterable[client.V1Pod], logs: dict[str, str]) -> Iterator[Timed]:
    """Of each step that ended, in the order of their beginnings; `logs` is what each pod has said, by its name."""
    ends = [pod.ended for pod in record.pods if pod.ended]
    for pod in sorted(pods, key=lambda pod: pod.metadata.creation_timestamp):
        step = pod.metadata.labels["newsreel/system"]
        main, init = ended(pod.status.container_statuses, "main"), ended(pod.status.init_container_statuses, "init")
        if step == "anchor" or not main or not init:
            continue
        known = node_of(record, step, main.finished_at)
        made = pod.metadata.creation_timestamp
        before = max((end for end in ends if end <= made), default=record_began(record))
        placed = next(told.last_transition_time for told in pod.status.conditions if told.type == "PodScheduled")
        ran = seconds(main.started_at, main.finished_at)
        work = min(sum(map(float, MEASURED.findall(logs.get(pod.metadata.name, "")))), ran)
        yield Timed(
            step,
            Phases(
                next=seconds(before, made),
                place=seconds(made, placed),
                prepare=seconds(placed, init.started_at),
                init=seconds(init.started_at, main.started_at),
                start=ran - work,
                work=work,
                report=seconds(main.finished_at, known.ended or main.finished_at),
            ),
            (main.finished_at - timedelta(seconds=work), main.finished_at),
        )


def overhead(record: Record, timed: Iterable[Timed], until: datetime) -> tuple[float, float]:
    """How long the story took up to that moment, and how much of it no step was at its own work; seconds."""
    busy, reached = 0.0, record_began(record)
    for begins, ends in sorted(step.worked for step in timed):
        busy += max(0.0, seconds(max(begins, reached), min(ends, until)))
        reached = max(reached, ends)
    whole = seconds(record_began(record), until)
    return whole, whole - busy


def video_out(timed: Iterable[Timed]) -> datetime | None:
    """When `publish` had written its last file; None where it did not come to that."""
    return max((step.worked[1] for step in timed if step.step == "publish"), default=None)


def ended(statuses: list[client.V1ContainerStatus] | None, name: str) -> client.V1ContainerStateTerminated | None:
    return next((status.state.terminated for status in statuses or [] if status.name == name), None)


def node_of(record: Record, step: str, finished: datetime) -> Pod:
    """Argo's own record of the pod: the step's that ended first after its container did, or with it."""
    known = [pod for pod in record.of(step) if pod.ended]
    return min(known, key=lambda pod: abs(seconds(finished, pod.ended)))


def record_began(record: Record) -> datetime:
    return datetime.fromisoformat(record.workflow["metadata"]["creationTimestamp"])


def seconds(begins: datetime, ends: datetime) -> float:
    return (ends - begins).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.live.phases", description=__doc__)
    parser.add_argument("workflow", help="the name of a story's workflow whose pods are still there")
    name = parser.parse_args().workflow
    config.load_kube_config()
    cluster = Cluster(client.ApiClient(), Place())
    record, pods = cluster.record(name), cluster.pods(name)
    logs = {pod.metadata.name: cluster.said(pod.metadata.name) for pod in pods if pod.status.phase == "Succeeded"}
    timed = list(phases(record, pods, logs))
    columns = [field.name for field in fields(Phases)]
    print("| step | " + " | ".join(columns) + " |\n| --- |" + " ---: |" * len(columns))
    for step in timed:
        print(f"| {step.step} | " + " | ".join(f"{value:.0f}" for value in astuple(step.phases)) + " |")
    sums = [sum(getattr(step.phases, column) for step in timed) for column in columns]
    print("| **all** | " + " | ".join(f"{value:.0f}" for value in sums) + " |")
    if not record.over:
        return
    moments = {
        "its video was out": video_out(timed),
        "Argo's record was closed": datetime.fromisoformat(record.status["finishedAt"]),
    }
    for what, moment in moments.items():
        if moment:
            whole, idle = overhead(record, timed, moment)
            print(f"\n{whole:.0f} s until {what}, in {idle:.0f} s of them no step was at its own work")


if __name__ == "__main__":
    main()
