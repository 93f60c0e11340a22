"""Displays of a run: lines of text for a pipe, a live table for a terminal."""

import re
import time
from collections.abc import Iterator
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from workflows.local.status import Phase, RunStatus, StepStatus, log_tail, printable

QUARTERS = 4
NOT_REPORTED = (Phase.WAITING, Phase.RUNNING, Phase.SKIPPED, Phase.OMITTED)
EXIT_SUFFIX = re.compile(r" \(exit \d+\)$")
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
ASCII_SPINNER = "|/-\\"
SPINNER_RATE = 10
"""Frames per second."""
MARKS = {
    Phase.WAITING: ("·", "-", "dim"),
    Phase.RETRYING: ("↻", "~", "yellow"),
    Phase.READY: ("●", "o", "green"),
    Phase.SUCCEEDED: ("✔", "+", "green"),
    Phase.FAILED: ("✘", "x", "bold red"),
    Phase.ERROR: ("✘", "x", "bold red"),
    Phase.SKIPPED: ("○", "-", "dim"),
    Phase.OMITTED: ("○", "-", "dim"),
    Phase.STOPPED: ("■", "#", "yellow"),
}
"""Symbol, its replacement on an ASCII terminal, and style."""
NOTES = {Phase.SKIPPED: "not needed", Phase.OMITTED: "not run"}
MAX_WIDTH = 120


class Display(Protocol):
    update_seconds: float
    """Pause between two updates that only show progress."""

    def update(self, status: RunStatus) -> None:
        """The status may have changed."""

    def close(self, status: RunStatus) -> None:
        """The run has ended; failures are shown last."""


class PlainDisplay:
    """One line per event: a step starts, has done a quarter, ends. No control characters."""

    update_seconds = 1.0

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown: dict[str, tuple[Phase, int, int]] = {}

    def update(self, status: RunStatus) -> None:
        for path, step in status.steps.items():
            phase, tries, last_quarter = self.shown.get(path, (Phase.WAITING, 0, 0))
            quarter = step.done * QUARTERS // step.total if step.total else 0
            self.shown[path] = (step.phase, step.tries, quarter)
            if step.tries > tries:
                self.print(status, step, "started" if step.tries == 1 else f"started, try {step.tries}")
            if step.phase is Phase.RUNNING and QUARTERS > quarter > (last_quarter if step.tries == tries else 0):
                details = filter(None, (f"{quarter * 100 // QUARTERS} %", amount(step), rate(step), time_left(step)))
                self.print(status, step, ", ".join(details))
            if step.phase is not phase and step.phase not in NOT_REPORTED:
                passed_on = repeats_failure(status, step)
                self.print(status, step, f"same failure after {clock(step.seconds)}" if passed_on else result(step))

    def close(self, status: RunStatus) -> None:
        self.update(status)
        if idle := [step.name for step in status.steps.values() if step.phase in (Phase.SKIPPED, Phase.OMITTED)]:
            print(f"not run: {', '.join(idle)}", file=self.stream)
        for step, lines in failure_logs(status):
            print(f"{step.name}: end of its log, {step.log}:", file=self.stream)
            for line in lines:
                print(f"  | {line}", file=self.stream)
        self.stream.flush()

    def print(self, status: RunStatus, step: StepStatus, text: str) -> None:
        ended = step.ended - status.started if step.ended and not step.phase.active else status.seconds
        print(f"{clock(ended):>7}  {step.name}: {text}", file=self.stream, flush=True)


class LiveDisplay:
    """One line per step, redrawn in place; the last state stays on the terminal."""

    update_seconds = 0.125

    def __init__(self, stream: TextIO) -> None:
        self.console = Console(file=stream, force_terminal=True, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, vertical_overflow="visible")
        self.live.start()

    def update(self, status: RunStatus) -> None:
        self.live.update(self.draw(status), refresh=True)

    def close(self, status: RunStatus) -> None:
        self.update(status)
        self.live.stop()
        for step, lines in failure_logs(status):
            self.console.print(Text(f"\n{step.name}: end of its log, {step.log}:", style="bold"), soft_wrap=True)
            for line in lines:
                self.console.print(Text(f"  | {line}"), soft_wrap=True)

    def draw(self, status: RunStatus) -> Table:
        """Symbol, name, bar, amount, rate, time left, time taken; the bar takes the remaining width."""
        table = Table.grid(
            Column(width=1),
            Column(no_wrap=True, max_width=18),
            Column(ratio=1, min_width=6),
            Column(no_wrap=True, justify="right", max_width=24),
            Column(no_wrap=True, justify="right"),
            Column(no_wrap=True, justify="right"),
            Column(no_wrap=True, justify="right", min_width=6),
            padding=(0, 1, 0, 0),
        )
        table.width = min(self.console.width, MAX_WIDTH)
        for step in status.steps.values():
            table.add_row(*self.cells(step))
        over = sum(not step.phase.active and step.phase is not Phase.WAITING for step in status.steps.values())
        table.add_row("", Text(f"{over} of {len(status.steps)}", style="dim"), "", "", "", "", Text(clock(status.seconds)))
        return table

    def cells(self, step: StepStatus) -> tuple[Text | ProgressBar | str, ...]:
        faint = "dim" if step.phase in (Phase.WAITING, Phase.SKIPPED, Phase.OMITTED) else ""
        first = (self.mark(step.phase), Text(step.name, style=faint), self.bar(step))
        taken = Text(clock(step.seconds) if step.started is not None else "")
        if step.phase is not Phase.RUNNING:
            return (*first, Text(note(step), style="dim"), Text(mean_rate(step), style="dim"), "", taken)
        return (*first, Text(amount(step)), Text(rate(step)), Text(time_left(step), style="cyan"), taken)

    def mark(self, phase: Phase) -> Text:
        ascii_only = self.console.options.ascii_only
        if phase is Phase.RUNNING:
            frames = ASCII_SPINNER if ascii_only else SPINNER
            return Text(frames[int(time.monotonic() * SPINNER_RATE) % len(frames)], style="cyan")
        symbol, plain, style = MARKS[phase]
        return Text(plain if ascii_only else symbol, style=style)

    def bar(self, step: StepStatus) -> ProgressBar | str:
        if not step.total:
            return ""
        colour = "red" if step.phase.failed else "cyan" if step.phase is Phase.RUNNING else "green"
        return ProgressBar(total=step.total, completed=step.done, complete_style=colour, finished_style=colour)


def result(step: StepStatus) -> str:
    """How a step ended, or what it waits for."""
    match step.phase:
        case Phase.SUCCEEDED:
            return f"finished in {clock(step.seconds)}" + (f", {step.total} {step.unit}" if step.total and step.unit else "")
        case Phase.READY:
            return f"ready in {clock(step.seconds)}"
        case Phase.STOPPED:
            return f"stopped after {clock(step.seconds)}"
        case Phase.FAILED | Phase.ERROR:
            return f"failed after {clock(step.seconds)}: {step.message}"
        case Phase.RETRYING:
            return f"{step.message}; retry in {step.seconds_to_retry:.0f} s"
        case _:
            return step.phase.value.lower()


def note(step: StepStatus) -> str:
    """Of a step that does not run: the amount of its work, how far it came, or why it does not run."""
    match step.phase:
        case Phase.RETRYING:
            return f"retry in {step.seconds_to_retry:.0f} s"
        case Phase.WAITING:
            return ""
        case Phase.SUCCEEDED:
            return f"{step.total} {step.unit}" if step.total > 1 else ""
        case _:
            return amount(step) if 0 < step.done < step.total else NOTES.get(step.phase, step.phase.value.lower())


def amount(step: StepStatus) -> str:
    """`285/1143 frames`."""
    return f"{step.done}/{step.total} {step.unit}".rstrip() if step.total else ""


def rate(step: StepStatus) -> str:
    if (per_second := step.rate) is None:
        return ""
    return f"{per_second:.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"


def mean_rate(step: StepStatus) -> str:
    """Units per second of a finished step that ran long enough for one."""
    return f"{step.done / step.seconds:.0f}/s" if step.total > 1 and step.seconds >= 1 else ""


def time_left(step: StepStatus) -> str:
    """`12 s left`."""
    if (seconds := step.seconds_left) is None:
        return ""
    return f"{clock(seconds) if seconds >= 60 else f'{seconds:.0f} s'} left"


def clock(seconds: float) -> str:
    """`4.2 s`, `1:05`, `2:00:00`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def failure_logs(status: RunStatus) -> Iterator[tuple[StepStatus, list[str]]]:
    """The ends of the logs of failed steps, where they say more than the message."""
    for step in status.steps.values():
        if step.phase.failed and step.log and not repeats_failure(status, step):
            lines = log_tail(step.log)
            if any(EXIT_SUFFIX.sub("", line) != printable(step.message) for line in lines):
                yield step, lines


def repeats_failure(status: RunStatus, step: StepStatus) -> bool:
    """Whether a step failed only to pass on how another one did: its message begins with the other's name."""
    others = (other.name for other in status.steps.values() if other.name != step.name)
    return step.phase is Phase.FAILED and any(step.message.startswith(f"{name}: ") for name in others)
