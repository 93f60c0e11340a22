"""`anchor`: holds a node and the story's directory on its SSD while the story is made.

Clears what dead stories left, makes the directory, waits for SIGTERM, removes the directory. With NEWSREEL_KEEP_WORKSPACE=1, on a
laptop, it keeps the directory for the next run and touches no other.
"""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

from newsreel.runtime.failure import write_termination_message
from newsreel.runtime.log import log
from newsreel.runtime.progress import Progress
from steps.anchor.lease import leased, sweep

__all__ = ["run"]

NAME = "anchor"
STEPS_USER = 65532
"""User and group of every other step, see `workflows.placement`."""
ENDS = {signal.SIGTERM, signal.SIGINT}
SECONDS_BETWEEN_LOOKS = 1.0
TERMINATED = 128 + signal.SIGTERM


def run(arguments: list[str]) -> None:
    """Ends after SIGTERM or SIGINT, or when the process that started it is gone. Raises Conflict, DiskFull."""
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the directory to make, beside those of other stories")
    directory = parser.parse_args(arguments).workspace.absolute()
    keep = os.environ.get("NEWSREEL_KEEP_WORKSPACE") == "1"
    parent = os.getppid()

    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    if not keep:
        for name in sweep(directory.parent, but=directory):
            log(NAME, f"removed {name}, whose story is no more")
    owner = STEPS_USER if os.geteuid() == 0 and not keep else None
    with leased(directory, holder=socket.gethostname(), keep=keep, owner=owner):
        log(NAME, f"{directory} is ready")
        Progress.from_environment(NAME).set_total(0, "")
        while signal.sigtimedwait(ENDS, SECONDS_BETWEEN_LOOKS) is None:
            if os.getppid() != parent:
                log(NAME, "the runner is gone")
                break
    log(NAME, "kept for the next run" if keep else f"{directory} is removed")
    if not keep:
        # Argo marks a daemon's end as failed whatever its status, but tells the reason of one that is not 0 (operator.go,
        # assessNodeStatus).
        write_termination_message("not a failure: the work is over and the node is free; Argo marks the end of every daemon so")
        sys.exit(TERMINATED)
