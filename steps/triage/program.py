"""`triage`: looks at what a step has failed of. What no other node can heal becomes the story's refusal; all else fails again
here, so that the whole attempt is tried on another node.
"""

import argparse
import sys
from logging import WARNING
from pathlib import Path

from newsreel.files import write_atomically
from newsreel.runtime.failure import Failure
from newsreel.runtime.log import log

__all__ = ["run"]

ELSEWHERE = 1
"""Exit status of its own: with that of `newsreel.errors.Unavailable` triage itself would be tried again, on the same node."""


def run(arguments: list[str]) -> None:
    """Ends the process where another node may do better."""
    parser = argparse.ArgumentParser(prog="python -m steps triage", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--refusal-file", type=Path, required=True, help="the refusal is written there")
    options = parser.parse_args(arguments)

    failure = Failure.read(options.workspace)
    if failure is None or failure.permanent_error is None:
        told = f"{failure.step}: {failure.message}" if failure else "a step died without a word"
        log("triage", f"another node may do better: {told} (exit {ELSEWHERE})", WARNING)
        sys.exit(ELSEWHERE)
    write_atomically(options.refusal_file, failure.encode())
