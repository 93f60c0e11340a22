"""`python -m cluster.newsroom.local_end`: tells that a run on this machine has failed, where no run of it is left that could.

A run that comes to its end tells that itself, as it does on a cluster, by its exit handler (`steps.report`).
"""

import argparse
import os
import sys
from pathlib import Path

from newsreel.errors import NewsreelError
from newsreel.notifications.delivery_log import has_targets
from steps.report.program import run
from workflows.render import address, environment

__all__ = ["tell_failure"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.newsroom.local_end", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--story", required=True)
    parser.add_argument("--revision", type=int, required=True)
    options = parser.parse_args()
    try:
        tell_failure(options.folder, options.story, options.revision)
    except NewsreelError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_status
    return 0


def tell_failure(folder: Path, identifier: str, revision: int) -> None:
    """Raises BadInput."""
    if has_targets():
        story, finals = folder / "stories" / identifier / f"r{revision}.json", folder / "finals"
        os.environ.update(environment(story, finals, folder / "work"))
        run(["--story", address(story), "--finals", address(finals), "--status", "Failed"])


if __name__ == "__main__":
    sys.exit(main())
