"""Tables of stories and of a story's steps for a terminal; the last column takes the width that is left."""

from collections.abc import Sequence
from datetime import datetime

from newsreel.argo.runs import Run, StepRun

STORIES = ("NAME", "STATE", "STEP", "PROGRESS", "NODE", "AGE", "MESSAGE")
STEPS = ("STEP", "STATE", "NODE", "TOOK", "MESSAGE")


def stories_table(runs: Sequence[Run], now: datetime, width: int | None = None) -> list[str]:
    """One line per story. `width` in characters; None cuts nothing."""
    rows = [story_row(run, now) for run in runs]
    return columns([STORIES, *rows], width)


def story_row(run: Run, now: datetime) -> tuple[str, ...]:
    steps = ",".join(step.name for step in run.current_steps)
    return run.name, run.state, steps, run.progress, run.node, age(run, now), reason_cell(run)


def steps_table(run: Run, now: datetime, width: int | None = None) -> list[str]:
    rows = [(step.name, step.state, step.node, took(step, now), step.message) for step in run.steps]
    return columns([STEPS, *rows], width)


def reason_cell(run: Run) -> str:
    """The run's message, else that of a step that waits for a node or an image."""
    return run.message or next((step.message for step in run.current_steps if step.state == "Pending" and step.message), "")


def age(run: Run, now: datetime) -> str:
    return span((now - run.began).total_seconds())


def took(step: StepRun, now: datetime) -> str:
    return span(((step.ended or now) - step.began).total_seconds()) if step.began else ""


def span(seconds: float) -> str:
    """`40s`, `12m`, `5h`, `3d`: the largest unit of which there are two, minutes from 100 seconds on."""
    whole = max(0, int(seconds))
    for unit, length in (("d", 86400), ("h", 3600)):
        if whole >= 2 * length:
            return f"{whole // length}{unit}"
    return f"{whole // 60}m" if whole >= 100 else f"{whole}s"


def columns(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(most) for text, most in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [line if width is None or len(line) <= width else f"{line[: width - 1]}…" for line in lines]
