"""The story's template with a fault in one step: what is done in its container before the step itself begins."""

import copy
from typing import Any

__all__ = ["DAMAGED_GENERATOR", "HUNGRY", "KILLED", "SLOW", "broken_on", "with_fault"]

SLOW = "sleep 600"
KILLED = "sh -c 'kill -KILL $PPID'"
"""Not `$$`: in a container's arguments that is Kubernetes' way to write one `$`."""
HUNGRY = "exec python -c 'len(bytes([1]) * (1 << 33))'"
"""8 GiB, all of them written to: more than any step may have. In the step's place: only a container's first process ends it."""
DAMAGED_GENERATOR = (
    "cp -r newsreel/presenters /tmp/presenters && rm -f /tmp/presenters/maya/generator.* && "
    "echo junk > /tmp/presenters/maya/generator.pth && export NEWSREEL_PRESENTERS=/tmp/presenters"
)


def broken_on(node: str, fault: str) -> str:
    """The fault on one node alone."""
    return f'if [ "{{{{inputs.parameters.node}}}}" = {node} ]; then {fault}; fi'


def with_fault(template: dict[str, Any], name: str, step: str, fault: str) -> dict[str, Any]:
    """The same WorkflowTemplate under another name, in which a step meets a fault."""
    changed = copy.deepcopy(template)
    changed["metadata"]["name"] = name
    part = next(part for part in changed["spec"]["templates"] if part["name"] == step)
    container = part["container"]
    shell = f'{fault}\nexec {" ".join(container["command"])} "$@"'
    container["command"], container["args"] = ["sh", "-c", shell, "sh"], container["args"]
    return changed
