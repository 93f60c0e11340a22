"""`refuse`: ends the story with the failed step's own message and exit status."""

import argparse
import sys
from logging import ERROR

from newsreel.runtime.failure import Failure, write_termination_message
from newsreel.runtime.log import log


def run(arguments: list[str]) -> None:
    """Exits with the step's exit status. Raises BadInput for an invalid refusal."""
    parser = argparse.ArgumentParser(prog="python -m steps refuse", description=__doc__)
    parser.add_argument("--refusal", required=True, help="the refusal that triage wrote")
    failure = Failure.decode(parser.parse_args(arguments).refusal)
    log(failure.step, f"{failure.message} (exit {failure.exit_status})", ERROR)
    write_termination_message(f"{failure.step}: {failure.message}")
    sys.exit(failure.exit_status)
