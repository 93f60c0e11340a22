"""The alerts. Each says what it means to a story and what to do first, since it is read at night."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

MOST_MINUTES_QUEUED = 15
MOST_MINUTES_IN_ALL = 60
ENDED = "argo_workflows_newsreel_workflow_seconds_count"
"""Workflows of ours that have ended, by how (`workflows.metrics`)."""


Part = Literal["stories", "messages", "manager"]


@dataclass(frozen=True, kw_only=True)
class Alert:
    name: str
    expression: str
    """PromQL; what it gives is what is wrong."""
    minutes: int
    """How long it must hold."""
    page: bool
    """Whether somebody is woken, or told in the morning."""
    summary: str
    action: str
    part: Part = "stories"
    """What must be installed, or it would complain of what was never there."""


ALERTS = (
    Alert(
        name="StoryWaitsTooLong",
        expression=f"newsreel_longest_queued_seconds > {MOST_MINUTES_QUEUED} * 60",
        minutes=1,
        page=True,
        summary="A story has waited for its turn longer than the service level allows.",
        action="newsreel status; a Pending anchor waits for a machine: is the pool at its limit, or has Google none?",
    ),
    Alert(
        name="StoryTakesTooLong",
        expression=f"newsreel_longest_under_way_seconds > {MOST_MINUTES_IN_ALL} * 60",
        minutes=1,
        page=True,
        summary="A story is under way longer than the service level allows.",
        action="argo list --running, and argo get the oldest: which step has run longest, on which node?",
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
        action="argo list --status Failed,Error; the message of one is usually the message of all.",
    ),
    Alert(
        name="MessagesAreLost",
        part="messages",
        expression="increase(newsreel_lost_stories_submitted_total[1h]) > 3",
        minutes=5,
        page=False,
        summary="Several stories came by the watch and not by their messages.",
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
        summary="Nobody compares saved stories with workflows: one whose message is lost would stay lost.",
        action="kubectl -n newsreel logs deployment/watch: may it list the buckets, does the API server answer?",
    ),
    Alert(
        name="DeadLetters",
        part="messages",
        expression="increase(newsreel_dead_letters_total[1h]) > 0",
        minutes=0,
        page=False,
        summary="Somebody publishes messages that are not ours.",
        action="gcloud pubsub subscriptions pull stories-dead-kept: each has its reason as an attribute.",
    ),
    Alert(
        name="ArgoServerRefusesStories",
        part="messages",
        expression="increase(newsreel_held_messages_total[30m]) > 0",
        minutes=0,
        page=False,
        summary="The Sensor has given up on good messages; the watch submits their stories.",
        action="Is the Argo server up, is the Secret newsreel-submitter-bearer still good? `newsreel apply` makes it anew.",
    ),
    Alert(
        name="MessagesDoNotReachTheBus",
        part="messages",
        expression='increase(argo_events_events_sent_failed_total{eventsource_name="pubsub"}[10m]) > 0',
        minutes=10,
        page=True,
        summary="The EventBus does not take messages; Pub/Sub keeps them.",
        action="kubectl -n newsreel get pods -l newsreel/service=eventbus: are two of three up, are the disks full?",
    ),
    Alert(
        name="StoryNodesAreNotManaged",
        part="manager",
        expression="time() - newsreel_manager_last_round_timestamp_seconds > 600",
        minutes=5,
        page=True,
        summary="Nobody buys story nodes before they are needed, and nobody gives them back.",
        action="kubectl -n newsreel logs deployment/manager: may it read its bucket, does another hold the lease?",
    ),
    Alert(
        name="StoryNodesNeedAPerson",
        part="manager",
        expression="newsreel_manager_alert > 0",
        minutes=10,
        page=False,
        summary="No kind of story node is to be had, or nobody can say whether there is something to do.",
        action="kubectl -n newsreel logs deployment/manager: `alert` in its last line says which, and when it tries again.",
    ),
    Alert(
        name="LostNodesAreNotSeen",
        expression=(
            "time() - newsreel_reconciler_last_round_timestamp_seconds > 300"
            " or absent(newsreel_reconciler_last_round_timestamp_seconds)"
        ),
        minutes=5,
        page=True,
        summary="Nobody looks for stories whose node is lost: such a story would wait for it for hours.",
        action="kubectl -n newsreel logs deployment/reconciler: does the API server answer, does it refuse?",
    ),
    Alert(
        name="StoriesLoseTheirNodes",
        expression='increase(newsreel_reconciler_actions_total{action="succeed"}[1h]) > 3',
        minutes=0,
        page=False,
        summary="Several stories had to be begun again on another node within the hour.",
        action="kubectl get events -A | grep -i node: are machines taken away (spot), do they break, is the network cut?",
    ),
    Alert(
        name="NoController",
        expression="absent(argo_workflows_is_leader) or max(argo_workflows_is_leader) < 1",
        minutes=5,
        page=True,
        summary="Argo's controller does not run: no story begins, none goes on.",
        action="kubectl -n argo logs deployment/workflow-controller",
    ),
)


def groups(parts: Collection[Part]) -> list[dict[str, Any]]:
    """The alerts about what is installed, as Prometheus reads them (its "Alerting rules")."""
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
