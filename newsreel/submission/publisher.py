"""Publish messages to a Pub/Sub topic, or to what PUBSUB_EMULATOR_HOST names in its place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsreel.errors import BadInput, MissingProgram, Unavailable
from newsreel.google_errors import translate_google_errors, translate_missing_credentials
from newsreel.submission.message import Message

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient


SECONDS = 20.0
"""How long a message may take, repeated tries included: an editor waits for it. What could not be published is found in
storage by the submitter."""


@dataclass(frozen=True)
class Publisher:
    client: "PublisherClient"
    topic: str
    """`projects/<project>/topics/<name>`."""
    seconds: float = SECONDS

    @classmethod
    def connect(cls, topic: str, seconds: float = SECONDS) -> "Publisher":
        """Raises MissingProgram, and BadInput without credentials."""
        try:
            from google.cloud.pubsub_v1 import PublisherClient
            from google.cloud.pubsub_v1.types import PublisherOptions
        except ImportError as fault:
            raise MissingProgram("Pub/Sub needs google-cloud-pubsub: pip install 'newsreel[messages]'") from fault
        with translate_missing_credentials("Pub/Sub"):
            client = PublisherClient(publisher_options=PublisherOptions(enable_message_ordering=True))
        return cls(client, topic, seconds)

    def publish(self, message: Message) -> str:
        """Say that a story is ready; the message's id. Revisions of one story arrive in the order in which they are published.

        It may be published twice: the second meets the workflow of the first. Raises Unavailable, BadInput.
        """
        return self.send(message.content(), message.id, {"id": message.id, "revision": str(message.revision)})

    def send(self, content: bytes, ordering_key: str, attributes: Mapping[str, str]) -> str:
        """Any bytes. Raises Unavailable, BadInput."""
        with translate_pubsub_errors(self.topic):
            try:
                future = self.client.publish(self.topic, content, ordering_key, timeout=self.seconds, **attributes)
                return str(future.result(timeout=self.seconds))
            except BaseException:
                # After a failure the client refuses all that has the same key, until it is told that we know.
                if ordering_key:
                    self.client.resume_publish(self.topic, ordering_key)
                raise


@contextmanager
def translate_pubsub_errors(subject: str) -> Iterator[None]:
    """Raise the errors of Pub/Sub about a topic or subscription as ours."""
    from google.cloud.pubsub_v1.publisher.exceptions import MessageTooLargeError

    with translate_google_errors(subject, "Pub/Sub"):
        try:
            yield
        except MessageTooLargeError as fault:
            raise BadInput(f"{subject}: Pub/Sub refuses it: {fault}") from fault
        except RuntimeError as fault:  # the client has been stopped
            raise Unavailable(f"{subject}: Pub/Sub does not answer ({type(fault).__name__})") from fault
