"""Runs one program like the first process of a container: when either ends, none of its processes is left running.

    python -I -S supervisor.py GRACE LOCK COMMAND [ARGUMENT ...]

Standard input is the lifeline: a pipe whose other end only the runner holds. The kernel closes it however the runner ends,
`kill -9` included, and then all processes are killed at once. SIGTERM is passed on to the program's process group; after GRACE
seconds (or a second SIGTERM) what still runs is killed. When the program exits, processes that it left behind are killed as well;
those that moved to a session of their own are found because the supervisor is their subreaper (prctl(2),
PR_SET_CHILD_SUBREAPER; Linux only, elsewhere only the process group is killed). If the supervisor itself is killed, the kernel
kills the program (PR_SET_PDEATHSIG).

The exit status is the program's, 128 + n if signal n ended it, 127 if it could not be started.
LOCK is the descriptor of the workspace's lock, kept open here so that the lock lasts as long as anything can write.
Only light modules are imported, because this runs before every step.
"""

import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NOT_STARTED = 127


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(command: list[str]) -> int:
    """Start the program in its own process group, with empty standard input; its output goes to our standard error."""
    child = os.fork()
    if child:
        return child
    try:
        os.setpgid(0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]}: cannot be started: {error.strerror}\n".encode())
    finally:
        os._exit(NOT_STARTED)


def signal_descriptor() -> int:
    """A descriptor from which the number of each SIGTERM and SIGCHLD can be read."""
    signals, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return signals


def wait(child: int, signals: int, grace: float) -> int:
    """The program's exit status, -9 if it is to be killed: the runner has gone, or the grace period is over."""
    terminations = 0
    kill_at: float | None = None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        timeout = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        ready, _, _ = select.select([0, signals], [], [], timeout)
        if signals in ready:
            terminations += os.read(signals, 64).count(signal.SIGTERM)
        if 0 in ready or terminations > 1 or (kill_at is not None and time.monotonic() >= kill_at):
            return -signal.SIGKILL
        if terminations and kill_at is None:
            kill_at = time.monotonic() + grace
            signal_group(child, signal.SIGTERM)


def signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_descendants(child: int) -> None:
    """Kill and reap until there is no child; the children of a dead child become ours, so this reaches all of them."""
    signal_group(child, signal.SIGKILL)
    while True:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def main(grace: float, lock: int, command: list[str]) -> int:
    os.set_inheritable(lock, False)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signals = signal_descriptor()
    child = start(command)
    status = wait(child, signals, grace)
    kill_descendants(child)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
