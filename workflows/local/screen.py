"""A board as people see it: plain lines for a pipe; `live` is for a terminal. Also the words both share."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TextIO

from workflows.local.board import Board, Line, State

__all__ = ["PlainScreen", "Screen", "amount", "clock", "ending", "left", "speed", "tail", "untold_of_logs"]

EXIT = re.compile(r" \(exit \d+\)$")
QUARTERS = 4
UNTOLD = (State.WAITING, State.RUNNING, State.SKIPPED, State.OMITTED)
TAIL_LINES = 12
TAIL_BYTES = 16_384
WIDEST = 200
ESCAPE = re.compile(r"\x1b(\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*)")
"""Control sequences of ECMA-48: colours and cursor moves, and window titles."""


class Screen(Protocol):
    seconds_between_looks: float

    def show(self, board: Board) -> None:
        """The board may have changed."""

    def close(self, board: Board) -> None:
        """The run is over: say what is still to be said, failures last."""


class PlainScreen:
    """One line a thing that happens: a step starts, is a quarter on, ends. No control characters."""

    seconds_between_looks = 1.0

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.said: dict[str, tuple[State, int, int]] = {}

    def show(self, board: Board) -> None:
        for path, line in board.lines.items():
            before = self.said.get(path, (State.WAITING, 0, 0))
            quarter = line.done * QUARTERS // line.total if line.total else 0
            self.said[path] = (line.state, line.tries, quarter)
            state, tries, quarter_before = before
            if line.tries > tries:
                self.say(board, line, "started" if line.tries == 1 else f"started, try {line.tries}")
            if line.state is State.RUNNING and QUARTERS > quarter > (quarter_before if line.tries == tries else 0):
                self.say(board, line, f"{quarter * 100 // QUARTERS} %{details(line)}")
            if line.state is not state and line.state not in UNTOLD:
                self.say(board, line, f"ended so after {clock(line.seconds)}" if says_anothers(board, line) else ending(line))

    def close(self, board: Board) -> None:
        self.show(board)
        if idle := [line.name for line in board.lines.values() if line.state in (State.SKIPPED, State.OMITTED)]:
            print(f"not run: {', '.join(idle)}", file=self.stream)
        for line, end in untold_of_logs(board):
            print(f"{line.name}: the end of its log, {line.log}:", file=self.stream)
            for text in end:
                print(f"  | {text}", file=self.stream)
        self.stream.flush()

    def say(self, board: Board, line: Line, text: str) -> None:
        now = (line.ended if line.ended and not line.state.going_on else None) or board.now()
        print(f"{clock(now - board.began):>7}  {line.name}: {text}", file=self.stream, flush=True)


def details(line: Line) -> str:
    parts = [amount(line), speed(line), left(line)]
    return "".join(f", {part}" for part in parts if part)


def ending(line: Line) -> str:
    """How a step ended, or what it waits for."""
    match line.state:
        case State.SUCCEEDED:
            return f"finished in {clock(line.seconds)}" + (f", {line.total} {line.counts}" if line.total and line.counts else "")
        case State.READY:
            return f"ready in {clock(line.seconds)}"
        case State.STOPPED:
            return f"stopped after {clock(line.seconds)}"
        case State.FAILED | State.ERROR:
            return f"failed after {clock(line.seconds)}: {line.message}"
        case State.PAUSED:
            return f"{line.message}; again in {line.seconds_to_next_try:.0f} s"
        case _:
            return line.state.value.lower()


def amount(line: Line) -> str:
    """`285/1143 frames`."""
    return f"{line.done}/{line.total} {line.counts}".rstrip() if line.total else ""


def speed(line: Line) -> str:
    if (rate := line.rate) is None:
        return ""
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def left(line: Line) -> str:
    """`12 s left`."""
    if (seconds := line.seconds_left) is None:
        return ""
    return f"{clock(seconds) if seconds >= 60 else f'{seconds:.0f} s'} left"


def clock(seconds: float) -> str:
    """`4.2 s`, `1:05`, `2:00:00`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def tail(log: Path | None) -> list[str]:
    """The last lines of a log, without anything that could upset a terminal."""
    if log is None or not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        text = file.read().decode(errors="replace")
    lines = [printable(line.rsplit("\r", 1)[-1]) for line in text.rstrip().split("\n")]
    return [line[:WIDEST] for line in lines if line][-TAIL_LINES:]


def untold_of_logs(board: Board) -> Iterator[tuple[Line, list[str]]]:
    """Of steps that failed by themselves, the ends of those logs that hold more than the message."""
    for line in board.lines.values():
        if line.state in (State.FAILED, State.ERROR) and line.log and not says_anothers(board, line):
            end = tail(line.log)
            if any(EXIT.sub("", text) != printable(line.message)[:WIDEST] for text in end):
                yield line, end


def says_anothers(board: Board, line: Line) -> bool:
    """Whether a step has failed to pass on how another did, as `refuse` does."""
    others = (other.name for other in board.lines.values() if other.name != line.name)
    return line.state is State.FAILED and any(line.message.startswith(f"{name}: ") for name in others)


def printable(text: str) -> str:
    text = ESCAPE.sub("", text).replace("\t", " ")
    return "".join(character for character in text if unicodedata.category(character)[0] != "C").rstrip()
