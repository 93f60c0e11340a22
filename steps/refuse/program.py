"""`refuse`: ends the story with the failed step's own message and exit status."""

import argparse
import sys

from steps.failure import Failure

__all__ = ["run"]


def run(arguments: list[str]) -> None:
    """Ends the process as the step ended. Raises BadInput for what is no refusal."""
    parser = argparse.ArgumentParser(prog="python -m steps refuse", description=__doc__)
    parser.add_argument("--refusal", required=True, help="what triage has found")
    failure = Failure.unpacked(parser.parse_args(arguments).refusal)
    print(f"{failure.step}: {failure.message} (exit {failure.exit_status})", file=sys.stderr)
    sys.exit(failure.exit_status)
