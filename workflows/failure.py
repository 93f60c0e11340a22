"""What becomes of a failure: `triage` says whether another node may do better, `refuse` ends what none can make."""

from hera.workflows import Container, Parameter
from hera.workflows.models import ValueFrom

from steps.refuse import STEP as REFUSE
from steps.triage import STEP as TRIAGE
from workflows.container import Containers
from workflows.placement import WORKSPACE, on_system_pool, pinned

NO_REFUSAL = "none"
"""The refusal of what was not refused."""
REFUSAL = "{{tasks.attempt.outputs.parameters.refusal}}"
REFUSED = f"'{REFUSAL}' != '{NO_REFUSAL}'"
"""When an attempt has ended well and yet made nothing."""


def failed(last: str) -> str:
    """`depends` of triage: whatever fails before it, the last task of the work is omitted."""
    return " || ".join(f"{last}.{end}" for end in ("Omitted", "Failed", "Errored"))


def triage(containers: Containers) -> Container:
    """After a failure: may another node do better? If not, the output `refusal` has the reason; if so, the task fails and with
    it the
    attempt, which is retried on another node."""
    refusal = Parameter(name="refusal", value_from=ValueFrom(path="/tmp/refusal"))  # noqa: S108
    arguments = [*WORKSPACE, "--refusal-file", "/tmp/refusal"]  # noqa: S108
    return containers.build(TRIAGE, pinned(containers.settings), arguments, outputs=[refusal])


def refuse(containers: Containers) -> Container:
    """End the story with the failed step's own message and exit status."""
    arguments = ["--refusal", "{{inputs.parameters.refusal}}"]
    return containers.build(REFUSE, on_system_pool(containers.settings), arguments, inputs=["refusal"])


def refusal_output(task: str) -> list[Parameter]:
    """A DAG's output: the refusal that a task of it has found. A task that was not needed has found none."""
    source = f"{{{{tasks.{task}.outputs.parameters.refusal}}}}"
    return [Parameter(name="refusal", value_from=ValueFrom(parameter=source, default=NO_REFUSAL))]
