"""The topics and subscriptions there are, as data: made by `python -m cluster.controllers.submitter setup`, printed as gcloud
lines, tested.

stories ----- subscription argo --------> EventSource; after MOST_ATTEMPTS to stories-dead
stories ----- subscription manager ------> the manager, who has nodes made ready while the message becomes a workflow
stories-dead  subscription stories-dead-kept   what is not ours, with the reason, for a person to look at
stories-done  subscription stories-done-kept   how each story ended
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from newsreel.submission.publisher import translate_pubsub_errors

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient


STORIES, DEAD, DONE = "stories", "stories-dead", "stories-done"
PULLED = "argo"
"""The subscription that the message trigger pulls from."""
HEARD = "manager"
"""The one by which the manager hears of a message at once."""
TOPICS = (STORIES, DEAD, DONE)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    name: str
    topic: str
    ordered: bool = False
    dead_letters: str | None = None
    most_attempts: int = 100
    """Deliveries after which a message is a dead letter: the most that Pub/Sub knows. An EventBus that is down refuses good
    messages too; with `longest_wait` between tries it may be down for 16 hours before one of them ends there."""
    shortest_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(seconds=600)
    """Between two deliveries of a message that was refused."""
    seconds_to_answer: int = 60
    kept_for: timedelta = 7 * DAY


SUBSCRIPTIONS = (
    Subscription(name=PULLED, topic=STORIES, ordered=True, dead_letters=DEAD),
    # The least that Pub/Sub allows: minutes later the message is known from elsewhere, and what was sent to a manager that is
    # gone is another's in seconds.
    Subscription(name=HEARD, topic=STORIES, kept_for=timedelta(minutes=10), shortest_wait=timedelta(0), seconds_to_answer=10),
    Subscription(name="stories-dead-kept", topic=DEAD),
    Subscription(name="stories-done-kept", topic=DONE),
)
"""None expires: a newsroom may be closed for a month."""


def topic_path(project: str, name: str) -> str:
    return f"projects/{project}/topics/{name}"


def gcloud_lines(project: str) -> Iterator[str]:
    """The same for a person's hands. The service agent must be let, or Pub/Sub keeps what should be a dead letter."""
    for topic in TOPICS:
        yield f"gcloud pubsub topics create {topic} --project={project}"
    for one in SUBSCRIPTIONS:
        options = [
            f"--topic={one.topic}",
            "--expiration-period=never",
            f"--ack-deadline={one.seconds_to_answer}",
            f"--message-retention-duration={int(one.kept_for.total_seconds())}s",
            f"--min-retry-delay={int(one.shortest_wait.total_seconds())}s",
            f"--max-retry-delay={int(one.longest_wait.total_seconds())}s",
            *(["--enable-message-ordering"] if one.ordered else []),
            *(
                [f"--dead-letter-topic={one.dead_letters}", f"--max-delivery-attempts={one.most_attempts}"]
                if one.dead_letters
                else []
            ),
        ]
        yield f"gcloud pubsub subscriptions create {one.name} --project={project} {' '.join(options)}"
    agent = f"serviceAccount:service-$(gcloud projects describe {project} --format='value(projectNumber)')"
    member = f'--member="{agent}@gcp-sa-pubsub.iam.gserviceaccount.com" --project={project}'
    yield f"gcloud pubsub topics add-iam-policy-binding {DEAD} --role=roles/pubsub.publisher {member}"
    yield f"gcloud pubsub subscriptions add-iam-policy-binding argo --role=roles/pubsub.subscriber {member}"


def ensure(project: str, publisher: "PublisherClient", subscriber: "SubscriberClient") -> list[str]:
    """Make what is not there yet; the names of what was made. Nothing that is there is changed. Raises BadInput, Unavailable."""
    from google.api_core.exceptions import AlreadyExists

    made = []
    for topic in TOPICS:
        with translate_pubsub_errors(topic_path(project, topic)), suppress(AlreadyExists):
            publisher.create_topic(name=topic_path(project, topic))
            made.append(topic)
    for one in SUBSCRIPTIONS:
        with translate_pubsub_errors(f"subscription {one.name}"), suppress(AlreadyExists):
            subscriber.create_subscription(request=request_of(project, one))
            made.append(one.name)
    return made


def request_of(project: str, one: Subscription) -> dict[str, object]:
    """As the API takes it (google.pubsub.v1.Subscription). An empty expiration policy is one that never comes."""
    dead_letters = {"dead_letter_topic": topic_path(project, one.dead_letters or ""), "max_delivery_attempts": one.most_attempts}
    return {
        "name": f"projects/{project}/subscriptions/{one.name}",
        "topic": topic_path(project, one.topic),
        "ack_deadline_seconds": one.seconds_to_answer,
        "message_retention_duration": one.kept_for,
        "enable_message_ordering": one.ordered,
        "expiration_policy": {},
        "retry_policy": {"minimum_backoff": one.shortest_wait, "maximum_backoff": one.longest_wait},
    } | ({"dead_letter_policy": dead_letters} if one.dead_letters else {})
