"""`triage`: reads why a step has failed. A failure that every node would have becomes the story's refusal; after any other one
triage fails, so that the whole attempt is retried on another node.
"""

import argparse
import sys
from logging import WARNING
from pathlib import Path

from newsreel.files import write_atomically
from newsreel.runtime.failure import Failure
from newsreel.runtime.log import log

RETRY_ON_ANOTHER_NODE = 1
"""Exit status of its own: with that of `newsreel.errors.Unavailable` triage itself would be retried, on the same node."""


def run(arguments: list[str]) -> None:
    """Exits with RETRY_ON_ANOTHER_NODE where another node may succeed."""
    parser = argparse.ArgumentParser(prog="python -m steps triage", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--refusal-file", type=Path, required=True, help="the refusal is written there")
    options = parser.parse_args(arguments)

    failure = Failure.read(options.workspace)
    if failure is None or failure.permanent_error is None:
        reason = f"{failure.step}: {failure.message}" if failure else "a step ended without recording its failure"
        log("triage", f"another node may succeed: {reason} (exit {RETRY_ON_ANOTHER_NODE})", WARNING)
        sys.exit(RETRY_ON_ANOTHER_NODE)
    write_atomically(options.refusal_file, failure.encode())
