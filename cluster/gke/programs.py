"""gcloud, terraform and kubectl: called as programs, so that what is done can be read, repeated and done by hand.

Failures that a person can fix are reported in one line; any other by the program's own last line.
"""

import json
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from newsreel.errors import BadInput, MissingProgram, NewsreelError, Unavailable

ADVICE: tuple[tuple[str, type[NewsreelError], str], ...] = (
    (
        r"not currently have an active account|Reauthentication|invalid_grant|have valid credentials|Request had invalid auth",
        BadInput,
        "not logged in, or no longer: gcloud auth login",
    ),
    (
        r"could not find default credentials|Your default credentials were not found|No credentials loaded",
        BadInput,
        "Terraform has no credentials: gcloud auth application-default login",
    ),
    (r"gke-gcloud-auth-plugin.* not found", MissingProgram, "gke-gcloud-auth-plugin is not installed; kubectl needs it for GKE"),
    (
        r"context .*does not exist|no context exists",
        BadInput,
        "kubectl does not know the cluster: gcloud container clusters get-credentials NAME --location=... --dns-endpoint",
    ),
    (
        r"BILLING_DISABLED|billing account .*(closed|disabled|not open)",
        BadInput,
        "the project has no billing account that is open",
    ),
    (
        r"ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|does not have enough resources",
        Unavailable,
        "Google has no such machines there now: another zone in cluster/newsreel.yaml, or later",
    ),
    (
        r"[Qq]uota '?[\w-]*'? ?exceeded|QUOTA_EXCEEDED|[Ii]nsufficient .*quota",
        BadInput,
        "a quota of the project is too small: ask for more (Google Cloud console, IAM & Admin, Quotas), or want less",
    ),
    (
        r"SERVICE_DISABLED|has not been used in project|API .*not enabled",
        Unavailable,
        "a service of Google's has just been enabled, or is not: try again in some minutes",
    ),
    (
        r"Error acquiring the state lock",
        Unavailable,
        "somebody else is changing this, or a run was cut off: wait, or `terraform force-unlock` with the ID above",
    ),
    (
        r"PERMISSION_DENIED|[Pp]ermission .*denied|does not have permission|Required .* permission|\bforbidden\b|Error 403",
        BadInput,
        "your account may not do that",
    ),
    (
        r"no such host|could not resolve|[Cc]onnection refused|i/o timeout|handshake timeout|Service Unavailable",
        Unavailable,
        "does not answer",
    ),
)
"""What a program's words mean, the first that fits."""
LINES_KEPT = 200
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Programs:
    """The programs of others that are called: gcloud, terraform, kubectl. With `dry_run` changes are printed and not made."""

    dry_run: bool = False

    def read(self, *words: str) -> str:
        """Output of a call that changes nothing. Raises MissingProgram, BadInput, Unavailable."""
        done = started(words)
        if done.returncode:
            raise failure(words, done.stderr)
        return done.stdout

    def read_json(self, *words: str) -> Any:
        """As `read`, parsed; None where it prints nothing."""
        said = self.read(*words)
        try:
            return json.loads(said) if said.strip() else None
        except ValueError as fault:
            raise Unavailable(f"{shown(words[:4])}: answers no JSON ({' '.join(said.split())[:80]})") from fault

    def do(self, *words: str) -> None:
        """Make a call whose output and questions go straight to the person's terminal."""
        print(f"$ {shown(words)}", flush=True)
        if self.dry_run:
            return
        try:
            with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, errors="replace") as running:
                said = last_error(running)
        except FileNotFoundError as fault:
            raise missing(words[0]) from fault
        if running.returncode:
            raise failure(words, said)

    def give(self, content: str, *words: str) -> None:
        """Make a call with `content` as its input: secrets must not be seen among a machine's processes."""
        print(f"$ {shown(words)} < ...", flush=True)
        if self.dry_run:
            return
        done = started(words, content)
        sys.stdout.write(done.stdout)
        if done.returncode:
            raise failure(words, done.stderr)

    @contextmanager
    def only_told(self) -> Iterator[None]:
        """In a dry run a reason to stop is printed, and the following steps are printed too."""
        try:
            yield
        except NewsreelError as fault:
            if not self.dry_run:
                raise
            print(fault, flush=True)

    def status(self, *words: str) -> tuple[int, str, str]:
        """Exit status, output and errors of a program that answers by its exit status."""
        done = started(words)
        return done.returncode, done.stdout, done.stderr


def started(words: Sequence[str], content: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, input=content, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as fault:
        raise missing(words[0]) from fault


def last_error(running: subprocess.Popen[str]) -> str:
    """The last line of its errors, all of which are passed on as they come."""
    lines: deque[str] = deque(maxlen=LINES_KEPT)
    for line in running.stderr or ():
        sys.stderr.write(line)
        lines.append(line)
    return "".join(lines)


WHERE = {
    "gcloud": "the Google Cloud CLI",
    "kubectl": "it is what talks to the cluster",
    "terraform": "Terraform 1.9 or later; OpenTofu will do under this name",
}


def missing(program: str) -> MissingProgram:
    return MissingProgram(f"{program} is not installed: {WHERE.get(program, 'it is needed here')}")


def failure(words: Sequence[str], said: str) -> NewsreelError:
    """One line with the reason and the call that failed."""
    lines = [COLOUR.sub("", line).strip(" │╷╵|") for line in said.splitlines()]
    last = next((line for line in reversed(lines) if line), "no word")
    for pattern, kind, advice in ADVICE:
        found = next((line for line in lines if re.search(pattern, line)), None)
        if found is not None:
            return kind(f"{shown(words[:4])}: {advice} ({found[:200]})")
    return Unavailable(f"{shown(words[:4])}: failed; mend it and run this again ({last[:200]})")


def cause(fault: Exception) -> str:
    """The same sentence for every call that fails for a reason that a person can fix."""
    said = " ".join(str(fault).split())
    return next((advice for _, _, advice in ADVICE if f": {advice} (" in said), said)


def shown(words: Sequence[str]) -> str:
    return " ".join(words)


def ask(question: str, wanted: str = "yes") -> None:
    """Raises BadInput unless the person types the expected answer."""
    try:
        answer = input(f"{question} Type {wanted} to go on: ")
    except EOFError:
        answer = ""
    if answer.strip() != wanted:
        raise BadInput("nothing was changed")
