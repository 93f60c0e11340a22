"""`refuse`: ends the story with the failed step's own message and exit status."""

import argparse
import sys
from logging import ERROR

from newsreel.runtime.failure import Failure, write_termination_message
from newsreel.runtime.log import log

__all__ = ["run"]


def run(arguments: list[str]) -> None:
    """Ends the process as the step ended. Raises BadInput for what is no refusal."""
    parser = argparse.ArgumentParser(prog="python -m steps refuse", description=__doc__)
    parser.add_argument("--refusal", required=True, help="what triage has found")
    failure = Failure.unpacked(parser.parse_args(arguments).refusal)
    log(failure.step, f"{failure.message} (exit {failure.exit_status})", ERROR)
    write_termination_message(f"{failure.step}: {failure.message}")
    sys.exit(failure.exit_status)
