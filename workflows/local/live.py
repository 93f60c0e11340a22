"""A board on a terminal: one live line a step, redrawn in place; in the end the lines stay."""

import time
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from workflows.local.board import Board, Line, State
from workflows.local.screen import amount, clock, left, speed, untold_of_logs

__all__ = ["LiveScreen"]

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MARKS = {
    State.WAITING: ("·", "-", "dim"),
    State.PAUSED: ("↻", "~", "yellow"),
    State.READY: ("●", "o", "green"),
    State.SUCCEEDED: ("✔", "+", "green"),
    State.FAILED: ("✘", "x", "bold red"),
    State.ERROR: ("✘", "x", "bold red"),
    State.SKIPPED: ("○", "-", "dim"),
    State.OMITTED: ("○", "-", "dim"),
    State.STOPPED: ("■", "#", "yellow"),
}
"""A sign, the same where a terminal knows only ASCII, and its style."""
NOTES = {State.SKIPPED: "not needed", State.OMITTED: "not run"}
SPINS_A_SECOND = 10
WIDEST = 120


class LiveScreen:
    seconds_between_looks = 0.125

    def __init__(self, stream: TextIO) -> None:
        self.console = Console(file=stream, force_terminal=True, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, vertical_overflow="visible")
        self.live.start()

    def show(self, board: Board) -> None:
        self.live.update(self.draw(board), refresh=True)

    def close(self, board: Board) -> None:
        self.show(board)
        self.live.stop()
        for line, end in untold_of_logs(board):
            self.console.print(Text(f"\n{line.name}: the end of its log, {line.log}:", style="bold"), soft_wrap=True)
            for text in end:
                self.console.print(Text(f"  | {text}"), soft_wrap=True)

    def draw(self, board: Board) -> Table:
        """Mark, name, bar, done of how many, rate, time left, time taken; the bar takes what room is left."""
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
        table.width = min(self.console.width, WIDEST)
        for line in board.lines.values():
            table.add_row(*self.cells(line))
        settled = sum(not line.state.going_on and line.state is not State.WAITING for line in board.lines.values())
        summary = Text(f"{settled} of {len(board.lines)}", style="dim")
        table.add_row("", summary, "", "", "", "", Text(clock(board.now() - board.began)))
        return table

    def cells(self, line: Line) -> tuple[Text | ProgressBar | str, ...]:
        faint = "dim" if line.state in (State.WAITING, State.SKIPPED, State.OMITTED) else ""
        start = (self.mark(line.state), Text(line.name, style=faint))
        if line.state is not State.RUNNING:
            return (*start, self.bar(line), Text(over(line), style="dim"), Text(average(line), style="dim"), "", taken(line))
        return (*start, self.bar(line), Text(amount(line)), Text(speed(line)), Text(left(line), style="cyan"), taken(line))

    def mark(self, state: State) -> Text:
        if state is State.RUNNING:
            frames = "|/-\\" if self.console.options.ascii_only else SPINNER
            return Text(frames[int(time.monotonic() * SPINS_A_SECOND) % len(frames)], style="cyan")
        sign, plain, style = MARKS[state]
        return Text(plain if self.console.options.ascii_only else sign, style=style)

    def bar(self, line: Line) -> ProgressBar | str:
        if not line.total:
            return ""
        colour = "red" if line.state in (State.FAILED, State.ERROR) else "cyan" if line.state is State.RUNNING else "green"
        return ProgressBar(total=line.total, completed=line.done, complete_style=colour, finished_style=colour)


def over(line: Line) -> str:
    """What is to be said of a line that does not move: all it has counted, how far it came, or why it stands."""
    match line.state:
        case State.PAUSED:
            return f"again in {line.seconds_to_next_try:.0f} s"
        case State.WAITING:
            return ""
        case State.SUCCEEDED:
            return f"{line.total} {line.counts}" if line.total > 1 else ""
        case _:
            return amount(line) if 0 < line.done < line.total else NOTES.get(line.state, line.state.value.lower())


def taken(line: Line) -> Text:
    return Text(clock(line.seconds) if line.began is not None else "")


def average(line: Line) -> str:
    """Counts a second over the whole step, once it is over and did anything worth a figure."""
    return f"{line.done / line.seconds:.0f}/s" if line.total > 1 and line.seconds >= 1 else ""
