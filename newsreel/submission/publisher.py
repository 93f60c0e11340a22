"""Publish messages to a Pub/Sub topic, or to what PUBSUB_EMULATOR_HOST names in its place."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsreel.errors import BadInput, MissingProgram, Unavailable
from newsreel.submission.message import Message

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient


SECONDS = 20.0
"""How long a message may take, repeated tries included: an editor waits for it. What could not be published is found in
storage by the reconciler."""


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
            from google.auth.exceptions import DefaultCredentialsError
            from google.cloud.pubsub_v1 import PublisherClient
            from google.cloud.pubsub_v1.types import PublisherOptions
        except ImportError as fault:
            raise MissingProgram("Pub/Sub needs google-cloud-pubsub: pip install 'newsreel[messages]'") from fault
        try:
            client = PublisherClient(publisher_options=PublisherOptions(enable_message_ordering=True))
        except (DefaultCredentialsError, OSError) as fault:
            raise BadInput("Pub/Sub: no credentials; run `gcloud auth application-default login`") from fault
        return cls(client, topic, seconds)

    def publish(self, message: Message) -> str:
        """Say that a story is ready; the message's id. Revisions of one story arrive in the order in which they are published.

        It may be published twice: the second meets the workflow of the first. Raises Unavailable, BadInput.
        """
        return self.send(message.content(), message.id, {"id": message.id, "revision": str(message.revision)})

    def send(self, content: bytes, ordering_key: str, attributes: Mapping[str, str]) -> str:
        """Any bytes. Raises Unavailable, BadInput."""
        with told_of(self.topic):
            try:
                future = self.client.publish(self.topic, content, ordering_key, timeout=self.seconds, **attributes)
                return str(future.result(timeout=self.seconds))
            except BaseException:
                # After a failure the client refuses all that has the same key, until it is told that we know.
                if ordering_key:
                    self.client.resume_publish(self.topic, ordering_key)
                raise


@contextmanager
def told_of(topic: str) -> Iterator[None]:
    """The service's errors as ours."""
    from google.api_core import exceptions as api
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.pubsub_v1.publisher.exceptions import MessageTooLargeError

    try:
        yield
    except (api.NotFound, api.PermissionDenied, api.InvalidArgument, MessageTooLargeError) as fault:
        raise BadInput(f"{topic}: Pub/Sub refuses it: {getattr(fault, 'message', fault)}") from fault
    except (api.GoogleAPICallError, api.RetryError, GoogleAuthError, TimeoutError, RuntimeError) as fault:
        raise Unavailable(f"{topic}: Pub/Sub does not answer ({type(fault).__name__})") from fault
