"""How a step says what it failed of, to whoever decides whether another node may do better: failure.json in the workspace.

Between Argo's templates a failure travels as base64url: whatever the message holds, nothing on the way reads it as code.
"""

import base64
import binascii
import json
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from newsreel.errors import BadInput, BadWeights, Conflict, MissingProgram, NewsreelError
from newsreel.validation import StrictModel
from newsreel.workspace import FAILURE, write_atomically

PERMANENT_ERRORS: tuple[type[NewsreelError], ...] = (BadInput, Conflict, MissingProgram, BadWeights)
"""What no other node and no later try can heal."""
MAX_MESSAGE_CHARACTERS = 1500
"""Characters of a message: Argo keeps a story's parameters in an object of at most 1.5 MB, and shows them."""


TERMINATION_LOG = Path("/dev/termination-log")
"""Of a container: what is written there Kubernetes keeps, and Argo shows beside the step (Kubernetes, "Termination messages")."""


def write_termination_message(line: str, log: Path = TERMINATION_LOG) -> None:
    """Say in one line why this process ends, to whoever looks at the pod. Nothing happens outside a container.

    Argo gives it to the exit handler as a parameter (`{{workflow.failures}}`), so nothing in it may look like one.
    """
    with suppress(OSError):
        if log.is_file():
            log.write_text(line[:MAX_MESSAGE_CHARACTERS].replace("{{", "{ {"), encoding="utf-8")


class Failure(StrictModel):
    step: str = Field(max_length=40)
    exit_status: int
    message: str

    @property
    def permanent_error(self) -> type[NewsreelError] | None:
        """The error that is for good; None for any other."""
        return next((kind for kind in PERMANENT_ERRORS if kind.exit_status == self.exit_status), None)

    def write(self, workspace: Path) -> None:
        """Leave word in a story's directory. Raises DiskFull."""
        shortened = self.model_copy(update={"message": self.message[:MAX_MESSAGE_CHARACTERS]})
        write_atomically(workspace / FAILURE, shortened.model_dump_json() + "\n")

    @classmethod
    def read(cls, workspace: Path) -> "Failure | None":
        """What was last left there. None where that is nothing, or nothing that can be read."""
        try:
            return cls.model_validate_json((workspace / FAILURE).read_bytes())
        except (OSError, ValidationError):
            return None

    def encode(self) -> str:
        """As a parameter: letters, digits, `-` and `_`."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Failure":
        """Raises BadInput for what `packed` did not make."""
        try:
            content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return cls.model_validate(json.loads(content))
        except (binascii.Error, ValueError) as fault:
            raise BadInput(f"not a refusal: {text[:40]!a}") from fault
