"""Why a step failed, for those who decide whether another node may succeed: failure.json in the workspace.

Between Argo's templates a failure travels as base64url, so that nothing on the way interprets its message as code.
"""

import base64
import binascii
import json
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from newsreel.errors import BadInput, BadWeights, Conflict, MissingProgram, NewsreelError
from newsreel.files import write_atomically
from newsreel.validation import StrictModel
from newsreel.workspace import FAILURE

PERMANENT_ERRORS: tuple[type[NewsreelError], ...] = (BadInput, Conflict, MissingProgram, BadWeights)
"""Errors that no other node and no later attempt can avoid."""
MAX_MESSAGE_CHARACTERS = 1500
"""Argo stores a workflow's parameters in an object of at most 1.5 MB, and shows them."""


TERMINATION_LOG = Path("/dev/termination-log")
"""Kubernetes keeps a container's termination message, and Argo shows it beside the step (Kubernetes, "Termination messages")."""


def write_termination_message(line: str, log: Path = TERMINATION_LOG) -> None:
    """Write the reason why this process ends, for the pod's status. Does nothing outside a container.

    Argo passes it to the exit handler as a parameter (`{{workflow.failures}}`), so it must hold no `{{`.
    """
    with suppress(OSError):
        if log.is_file():
            log.write_text(line[:MAX_MESSAGE_CHARACTERS].replace("{{", "{ {"), encoding="utf-8")


class Failure(StrictModel):
    """The failure of one step."""

    step: str = Field(max_length=40)
    exit_status: int
    message: str

    @property
    def permanent_error(self) -> type[NewsreelError] | None:
        """The class of a permanent error; None for any other."""
        return next((kind for kind in PERMANENT_ERRORS if kind.exit_status == self.exit_status), None)

    def write(self, workspace: Path) -> None:
        """Write failure.json in a story's directory. Raises DiskFull."""
        shortened = self.model_copy(update={"message": self.message[:MAX_MESSAGE_CHARACTERS]})
        write_atomically(workspace / FAILURE, shortened.model_dump_json() + "\n")

    @classmethod
    def read(cls, workspace: Path) -> "Failure | None":
        """The last failure of a workspace, None where there is none or it cannot be read."""
        try:
            return cls.model_validate_json((workspace / FAILURE).read_bytes())
        except (OSError, ValidationError):
            return None

    def encode(self) -> str:
        """The failure as a parameter of letters, digits, `-` and `_`."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Failure":
        """Raises BadInput for what `encode` did not make."""
        try:
            content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return cls.model_validate(json.loads(content))
        except (binascii.Error, ValueError) as fault:
            raise BadInput(f"not a refusal: {text[:40]!a}") from fault
