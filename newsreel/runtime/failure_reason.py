"""Why a run failed: one sentence and one exit status, the same wherever they are shown.

Both come from what Argo says of the nodes that failed. It says so in two places: in `status.nodes` of a Workflow, read by
`newsreel.argo.runs.failure_of` for `newsreel status`, `submit --wait`, the newsroom and the submitter, and in
`{{workflow.failures}}`, which the exit handler gets (`steps.report`, for webhook and Pub/Sub). A run of the local runner is
one node that failed.

The messages may hold what a person wrote: every sentence is printable, one line, and at most MAX_CHARACTERS long.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from newsreel.runtime.failure import Failure

MAX_CHARACTERS: Final = 500
"""Of a sentence."""
UNKNOWN_EXIT_STATUS: Final = 1
"""Of a run whose failed step gave no exit status: it never started, or its node was lost."""
NO_REASON: Final = "no reason given"
REFUSE: Final = "refuse"
"""The step that ends a run with another step's message and exit status."""
AUXILIARY_STEPS: Final = ("anchor", "triage", REFUSE, "report")
"""Steps that fail because another one failed. They are named only where no other failed."""
COMPOSITE_TEMPLATES: Final = ("story", "train-presenter", "attempt", "work")
"""DAGs, to which Argo gives the message of what failed below them (`workflows.story`, `workflows.template`)."""
CONTAINER: Final = "main: "
TERMINATED: Final = re.compile(r"(?:\w[\w-]*: )?\w+ \(exit code \d{1,3}\)(?:: (?P<message>.+))?", re.DOTALL)
"""How Argo puts a container's end: `main: Error (exit code 2): check: ...`, with the container's termination message last
(argo-workflows 4.0, workflow/controller/operator.go, inferFailedReason)."""
SHUTDOWN: Final = re.compile(r"(?:workflow shutdown with strategy: +|Stopped with strategy ')(?P<strategy>Stop|Terminate)'?")
OF_A_CHILD: Final = re.compile(
    r"child '.*' (?:failed|errored).*|No more retries left|retryStrategy\.expression evaluated to .*"
    r"|(?:Max|Backoff) .*duration.*|",
    re.DOTALL,
)
"""Messages of DAGs and retries, which only say that something below them failed."""
EXPLANATIONS: Final = (
    (re.compile(r"OOMKilled\b.*"), "ran out of memory (OOMKilled)"),
    (re.compile(r".*longer than the specified deadline.*|.*exceeded its deadline.*"), "took longer than its deadline"),
    (re.compile(r"(?:ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName)\b"), "its image cannot be pulled"),
    (re.compile(r"pod deleted.*|.*imminent node shutdown.*|.*node (?:was )?lost.*"), "its pod is gone: the node was lost"),
)
"""What Kubernetes and Argo say of a pod, in plain words."""


@dataclass(frozen=True, kw_only=True)
class FailedNode:
    """A node whose phase is Failed or Error."""

    step: str
    """The name of its template."""
    message: str
    exit_status: int | None = None
    """Of its container; the exit handler does not get it."""
    ended: str = ""
    """When, in ISO 8601; the cause of a run's failure is the last one."""


@dataclass(frozen=True, kw_only=True)
class FailureReason:
    sentence: str
    exit_status: int
    """That of the step, see `newsreel.errors`."""
    step: str = ""
    """Empty where no step is to blame: the run was stopped, or never began."""


def failure_reason(
    nodes: Iterable[FailedNode], *, refusal: Failure | None = None, run_message: str = "", cancelled: bool = False
) -> FailureReason:
    """The reason of a run that has failed. `refusal` is what triage found, `run_message` what Argo says of the whole run."""
    failed = sorted((node for node in nodes if not OF_A_CHILD.fullmatch(node.message)), key=lambda node: node.ended)
    last = last_cause(failed)
    # A retry repeats its last pod's message, and has no exit status.
    statuses = [node.exit_status for node in failed if last and node.step == last.step and node.exit_status]
    exit_status = statuses[-1] if statuses else UNKNOWN_EXIT_STATUS
    if stopped := shutdown_sentence([run_message, *(node.message for node in failed)], cancelled):
        return FailureReason(sentence=stopped, exit_status=exit_status)
    if refusal:
        return FailureReason(
            sentence=printable_line(f"{refusal.step}: {refusal.message}"), exit_status=refusal.exit_status, step=refusal.step
        )
    if last is None:
        return FailureReason(sentence=printable_line(run_message) or NO_REASON, exit_status=exit_status)
    return FailureReason(sentence=step_sentence(last.step, last.message), exit_status=exit_status, step=last.step)


def last_cause(failed: list[FailedNode]) -> FailedNode | None:
    """The failure that a story failed of: what `refuse` repeats, else the last one of its steps."""
    refused = [node for node in failed if node.step == REFUSE and termination_message(node.message)]
    steps = [node for node in failed if node.step not in (*AUXILIARY_STEPS, *COMPOSITE_TEMPLATES)]
    others = [node for node in failed if node.step != "anchor"]
    return next((nodes[-1] for nodes in (refused, steps, others) if nodes), None)


def shutdown_sentence(messages: list[str], cancelled: bool) -> str | None:
    if cancelled:
        return "the run was cancelled"
    found = next((match for message in messages if (match := SHUTDOWN.search(message))), None)
    if found is None:
        return None
    return "the run was stopped" if found["strategy"] == "Stop" else "the run was terminated"


def step_sentence(step: str, message: str) -> str:
    """`compose: the disk is full`, from whatever Argo, Kubernetes or the step itself says.

    >>> step_sentence("compose", "main: Error (exit code 5): compose: the disk is full")
    'compose: the disk is full'
    >>> step_sentence("compose", "OOMKilled (exit code 137)")
    'compose: ran out of memory (OOMKilled)'
    """
    own = termination_message(message)
    if own and step == REFUSE:
        return printable_line(own)
    return printable_line(f"{step}: {explain((own or message).removeprefix(f'{step}: '))}")


def explain(message: str) -> str:
    """A message of Argo or Kubernetes in plain words; any other as it is."""
    message = message.removeprefix(CONTAINER)
    for pattern, explanation in EXPLANATIONS:
        if found := pattern.match(message):
            rest = message[found.end() :].strip(": ")
            return f"{explanation}: {rest}" if rest else explanation
    return message


def termination_message(message: str) -> str:
    """What the step itself said at its end; empty where Argo's message has none."""
    found = TERMINATED.fullmatch(message)
    return (found["message"] or "") if found else ""


def parse_failures(text: str) -> list[FailedNode]:
    """The nodes of `{{workflow.failures}}`: a JSON list, which Argo puts into quotes once more as Go does (strconv.Quote).

    What cannot be read is left out: an exit handler notifies whatever the reason of the failure looks like.
    """
    listed: object = None
    with suppress(ValueError, RecursionError):
        if text.startswith('"'):
            text = re.sub(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", unescape, text[1:-1], flags=re.DOTALL)
        listed = json.loads(text)
    return [failed_node(node) for node in (listed if isinstance(listed, list) else []) if isinstance(node, dict)]


def failed_node(node: Mapping[str, object]) -> FailedNode:
    step, message, ended = (str(node.get(name) or "") for name in ("templateName", "message", "finishedAt"))
    return FailedNode(step=step, message=message, ended=ended)


def unescape(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)


def printable_line(text: object, most: int = MAX_CHARACTERS) -> str:
    """One line that does nothing to a terminal, cut to `most` characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
