"""Stands between the runner and one program, as a container's first process would: when either ends, nothing is left running.

    python -I -S keeper.py GRACE LOCK COMMAND [ARGUMENT ...]

Standard input is the lifeline: a pipe whose other end the runner alone holds. The kernel closes it however the runner dies,
`kill -9` included, and then everything here is killed at once. SIGTERM asks politely: it is passed on to the program's process
group, and after GRACE seconds (or a second SIGTERM) what still runs is killed. When the program ends by itself, processes it
has left behind are killed as well; they are found even if they moved to a session of their own, because the keeper is their
subreaper (prctl(2), PR_SET_CHILD_SUBREAPER; Linux only, elsewhere the process group alone is killed). Should the keeper itself
be killed, the kernel kills the program (PR_SET_PDEATHSIG).

The exit status is the program's, 128 + n for one that died of signal n, 127 for one that could not be started.
LOCK is the descriptor of the workspace's lock, held open here so that the lock lasts as long as anything can write.
Only light modules are imported: this runs before every step.
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
    """Start the program in a process group of its own, with nothing on its standard input; its output is our error output."""
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
    except OSError as fault:
        os.write(2, f"{command[0]}: cannot be started: {fault.strerror}\n".encode())
    finally:
        os._exit(NOT_STARTED)


def listen() -> int:
    """From now on the number of each signal that arrives can be read from the returned descriptor."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return woken


def wait(child: int, woken: int, grace: float) -> int:
    """The program's exit status, however long it takes; ends it when asked to or when the runner is gone."""
    asked = 0
    kill_at: float | None = None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        patience = None if kill_at is None else max(0.0, kill_at - time.monotonic())
        ready, _, _ = select.select([0, woken], [], [], patience)
        if woken in ready:
            asked += os.read(woken, 64).count(signal.SIGTERM)
        if 0 in ready or asked > 1 or (kill_at is not None and time.monotonic() >= kill_at):
            return -signal.SIGKILL
        if asked and kill_at is None:
            kill_at = time.monotonic() + grace
            signal_group(child, signal.SIGTERM)


def signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def end_everyone(child: int) -> None:
    """Kill and reap until there is no child: a dead child's own children become ours, so this reaches all of them."""
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
    woken = listen()
    child = start(command)
    status = wait(child, woken, grace)
    end_everyone(child)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
