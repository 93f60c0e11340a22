"""The message that a story is ready: `{"story": "gs://newsreel-stories/budget/r3.json", "id": "budget", "revision": 3}`.

It says where the story is, never what is in it. Whoever may publish may write anything into it, so it is hostile.
`cluster.manifests.message_filter` refuses the same messages on their way to the workflow; a test holds the two against
each other.
"""

import re
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from newsreel.errors import BadInput
from newsreel.storage.address import Address, AllowList
from newsreel.story.priority import Priority
from newsreel.validation import StrictModel

MOST_BYTES = 4096
STORY = r"^gs://[a-z0-9][a-z0-9._-]+(/[A-Za-z0-9][A-Za-z0-9._=+@-]*)+(#[1-9][0-9]{0,18})?$"
NAME = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)-r([1-9][0-9]{0,3})")


class Message(StrictModel, strict=True):
    """Made by `Message.of`, which checks the address as well."""

    story: Annotated[str, StringConstraints(pattern=STORY, max_length=1024)]
    """Address of the document, with or without its generation."""
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
    revision: Annotated[int, Field(ge=1, le=9999)]
    priority: Priority = "normal"

    @classmethod
    def of(cls, content: bytes, allowed: AllowList) -> "Message":
        """Read a message. Raises BadInput with one line that says why it is none of ours."""
        if len(content) > MOST_BYTES:
            raise BadInput(f"message: {len(content):,} bytes; at most {MOST_BYTES:,}")
        try:
            message = cls.model_validate_json(content)
        except ValidationError as found:
            fault = found.errors(include_url=False, include_input=False)[0]
            field = ".".join(ascii(part)[1:-1] if isinstance(part, str) else str(part) for part in fault["loc"])
            raise BadInput(f"message: {field + ': ' if field else ''}{fault['msg'].splitlines()[0]}") from None
        allowed.require(Address.parse(message.story))
        return message

    @property
    def workflow(self) -> str:
        """The name of the story's workflow: whoever submits it a second time meets the first. No two revisions share one."""
        return f"{self.id}-r{self.revision}"

    def content(self) -> bytes:
        return self.model_dump_json().encode()


def subject_of(workflow: str) -> dict[str, str | int]:
    """What a line of the log is about, as `Message.workflow` has named it; nothing where the name is none of a story's.

    >>> subject_of("budget-r3")
    {'story': 'budget', 'revision': 3}
    """
    named = NAME.fullmatch(workflow)
    return {"story": named[1], "revision": int(named[2])} if named else {}
