"""Stories as people read them on a terminal: columns, the last one as wide as there is room."""

from collections.abc import Sequence
from datetime import datetime

from newsreel.argo.runs import Run, StepRun

STORIES = ("NAME", "STATE", "STEP", "PROGRESS", "NODE", "AGE", "MESSAGE")
STEPS = ("STEP", "STATE", "NODE", "TOOK", "MESSAGE")


def stories_table(runs: Sequence[Run], now: datetime, width: int | None = None) -> list[str]:
    """A line a story. `width` in characters; None cuts nothing."""
    rows = [
        (run.name, run.state, ",".join(step.name for step in run.at), run.progress, run.node, age(run, now), reason_cell(run))
        for run in runs
    ]
    return columns([STORIES, *rows], width)


def steps_table(run: Run, now: datetime, width: int | None = None) -> list[str]:
    rows = [(step.name, step.state, step.node, took(step, now), step.message) for step in run.steps]
    return columns([STEPS, *rows], width)


def reason_cell(run: Run) -> str:
    """Its own message, else what a step says that waits: for a node, for an image."""
    return run.message or next((step.message for step in run.at if step.state == "Pending" and step.message), "")


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
