"""Prometheus alert rules, each with its effect on stories and the first thing to do."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

MOST_MINUTES_QUEUED = 15
MOST_MINUTES_IN_ALL = 60
ENDED = "argo_workflows_newsreel_workflow_seconds_count"
"""Completed workflows by status (`workflows.metrics`)."""


Part = Literal["stories", "messages", "manager"]


@dataclass(frozen=True, kw_only=True)
class Alert:
    name: str
    expression: str
    """PromQL; the alert fires for each result."""
    minutes: int
    """Time that the expression must hold."""
    page: bool
    """Severity: page a person now, or open a ticket."""
    summary: str
    action: str
    part: Part = "stories"
    """The alert is emitted only if this part is installed."""


ALERTS = (
    Alert(
        name="StoryWaitsTooLong",
        expression=f"newsreel_longest_queued_seconds > {MOST_MINUTES_QUEUED} * 60",
        minutes=1,
        page=True,
        summary="A story has been queued for longer than the service level objective.",
        action="newsreel status; a Pending anchor waits for a node: is the pool at its maximum, or is Google out of stock?",
    ),
    Alert(
        name="StoryTakesTooLong",
        expression=f"newsreel_longest_under_way_seconds > {MOST_MINUTES_IN_ALL} * 60",
        minutes=1,
        page=True,
        summary="A story has been running for longer than the service level objective.",
        action="argo list --running, and argo get the oldest: which step is running, on which node?",
    ),
    Alert(
        name="StoriesFail",
        expression=(
            f'sum(increase({ENDED}{{workflow="story",status!="Succeeded"}}[1h]))'
            f' > 0.2 * sum(increase({ENDED}{{workflow="story"}}[1h]))'
        ),
        minutes=10,
        page=True,
        summary="More than one story in five has failed within the hour.",
        action="argo list --status Failed,Error; usually all have the same message.",
    ),
    Alert(
        name="MessagesAreLost",
        part="messages",
        expression="increase(newsreel_lost_stories_submitted_total[1h]) > 3",
        minutes=5,
        page=False,
        summary="Several stories were submitted by the submitter instead of their messages.",
        action="kubectl logs of sensor and eventsource; is the subscription `argo` drained?",
    ),
    Alert(
        name="StoriesAreNotWatched",
        part="messages",
        expression=(
            "time() - newsreel_watch_last_look_timestamp_seconds > 600 or absent(newsreel_watch_last_look_timestamp_seconds)"
        ),
        minutes=5,
        page=True,
        summary="The submitter does not run: a story whose message is lost stays lost.",
        action="kubectl -n newsreel logs deployment/watch: may it list the buckets, does the API server answer?",
    ),
    Alert(
        name="DeadLetters",
        part="messages",
        expression="increase(newsreel_dead_letters_total[1h]) > 0",
        minutes=0,
        page=False,
        summary="Invalid messages are published to the topic of stories.",
        action="gcloud pubsub subscriptions pull stories-dead-kept: each has the reason as an attribute.",
    ),
    Alert(
        name="ArgoServerRefusesStories",
        part="messages",
        expression="increase(newsreel_held_messages_total[30m]) > 0",
        minutes=0,
        page=False,
        summary="The Sensor has given up on valid messages; the submitter submits their stories.",
        action="Is the Argo server up, is the Secret newsreel-submitter-bearer valid? `newsreel apply` creates it again.",
    ),
    Alert(
        name="MessagesDoNotReachTheBus",
        part="messages",
        expression='increase(argo_events_events_sent_failed_total{eventsource_name="pubsub"}[10m]) > 0',
        minutes=10,
        page=True,
        summary="The EventBus refuses messages; Pub/Sub keeps them.",
        action="kubectl -n newsreel get pods -l newsreel/service=eventbus: are two of three up, are the disks full?",
    ),
    Alert(
        name="StoryNodesAreNotManaged",
        part="manager",
        expression="time() - newsreel_manager_last_round_timestamp_seconds > 600",
        minutes=5,
        page=True,
        summary="The manager does not run: story nodes are neither added in advance nor removed.",
        action="kubectl -n newsreel logs deployment/manager: may it use its bucket, does another instance hold the lease?",
    ),
    Alert(
        name="StoryNodesNeedAPerson",
        part="manager",
        expression="newsreel_manager_alert > 0",
        minutes=10,
        page=False,
        summary="No story nodes are available, or the demand is unknown.",
        action="kubectl -n newsreel logs deployment/manager: `alert` in its last line has the reason and the next try.",
    ),
    Alert(
        name="LostNodesAreNotSeen",
        expression=(
            "time() - newsreel_reconciler_last_round_timestamp_seconds > 300"
            " or absent(newsreel_reconciler_last_round_timestamp_seconds)"
        ),
        minutes=5,
        page=True,
        summary="The reconciler does not run: a story whose node is lost would wait for hours.",
        action="kubectl -n newsreel logs deployment/reconciler: does the API server answer, does it refuse calls?",
    ),
    Alert(
        name="StoriesLoseTheirNodes",
        expression='increase(newsreel_reconciler_actions_total{action="succeed"}[1h]) > 3',
        minutes=0,
        page=False,
        summary="Several stories were submitted again within the hour because their node was lost.",
        action="kubectl get events -A | grep -i node: are nodes preempted (spot), do they fail, is the network down?",
    ),
    Alert(
        name="NoController",
        expression="absent(argo_workflows_is_leader) or max(argo_workflows_is_leader) < 1",
        minutes=5,
        page=True,
        summary="Argo's controller does not run: no story starts or continues.",
        action="kubectl -n argo logs deployment/workflow-controller",
    ),
)


def groups(parts: Collection[Part]) -> list[dict[str, Any]]:
    """Alerts of the installed parts, as Prometheus reads them ("Alerting rules")."""
    return [{"name": "newsreel", "interval": "30s", "rules": list(rules(parts))}]


def rules(parts: Collection[Part]) -> Iterator[dict[str, Any]]:
    for alert in (alert for alert in ALERTS if alert.part in parts):
        yield {
            "alert": alert.name,
            "expr": alert.expression,
            "for": f"{alert.minutes}m",
            "labels": {"severity": "page" if alert.page else "ticket", "service": "newsreel"},
            "annotations": {"summary": alert.summary, "description": alert.action},
        }
