"""A simulated day as a picture, for a terminal or as SVG: stories without a node above, nodes below, over the hours."""

from itertools import pairwise
from math import ceil

from cluster.simulate.report import span
from cluster.simulate.run import Outcome

__all__ = ["picture", "svg"]

NAMES = ("stories without a node", "nodes")
BLOCKS = " ▁▂▃▄▅▆▇█"
COLUMNS, ROWS, GUTTER = 68, 4, 7
"""Of the terminal's picture, which is 79 wide with its gutter and the last of the hours."""
STEPS = (60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
"""Seconds between two marks of the axis."""
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
WIDE, HIGH, LEFT, ABOVE = 880, 130, 70, 40
"""Of a curve in the SVG, in its own units, and the room beside and above it."""
PAPER, INK, RULE, COLOURS = "#ffffff", "#333333", "#dddddd", ("#b3541e", "#1e6db3")


def picture(outcome: Outcome) -> str:
    """As text, no wider than 79 columns."""
    lines = []
    for name, values in zip(NAMES, sampled(outcome, COLUMNS), strict=True):
        top = max(1, *values)
        beside = [f"{top:,}", *[""] * (ROWS - 2), "0"]
        lines += [f"{'':>{GUTTER}} {name}, the most in {span(outcome.seconds / COLUMNS)}"]
        lines += [f"{mark:>{GUTTER}}│{row}" for mark, row in zip(beside, bars(values, top), strict=True)]
    return "\n".join([*lines, axis(outcome.seconds)])


def bars(values: list[int], top: int) -> list[str]:
    """A column for each value, in eighths of a row; the least that is not nothing can be seen."""
    eighths = [ceil(value * 8 * ROWS / top) for value in values]
    return ["".join(BLOCKS[min(8, max(0, each - 8 * row))] for each in eighths).rstrip() for row in reversed(range(ROWS))]


def axis(seconds: float) -> str:
    """Marks below the columns, with what they stand for."""
    rule, words = ["─"] * COLUMNS, [" "] * (COLUMNS + 4)
    for at, label in marks(seconds, most=8):
        column = min(COLUMNS - 1, int(at / max(seconds, 1e-9) * COLUMNS))
        rule[column] = "┴"
        words[column : column + len(label)] = label
    return f"{'':>{GUTTER}}└{''.join(rule)}\n{'':>{GUTTER}} {''.join(words).rstrip()}"


def marks(seconds: float, most: int) -> list[tuple[float, str]]:
    """At most so many moments, at even distances, in words: 0, 6 h, 12 h."""
    step = next((each for each in STEPS if seconds / each < most), ceil(seconds / most / STEPS[-1]) * STEPS[-1])
    length, unit = next((length, unit) for length, unit in UNITS if step >= length)
    moments = range(0, int(seconds) + 1, step)
    return [(at, f"{at / length:g} {unit}" if at else "0") for at in moments]


def sampled(outcome: Outcome, columns: int) -> tuple[list[int], list[int]]:
    """The most stories waiting, and nodes, in each of so many equal spans."""
    waiting, nodes = [0] * columns, [0] * columns
    ends = [*outcome.history, (outcome.seconds, 0, 0)]
    for (begin, queue, machines), (end, _, _) in pairwise(ends):
        first, last = (min(columns - 1, int(at / max(outcome.seconds, 1e-9) * columns)) for at in (begin, end))
        for column in range(first, last + 1):
            waiting[column], nodes[column] = max(waiting[column], queue), max(nodes[column], machines)
    return waiting, nodes


def svg(outcome: Outcome) -> str:
    """On white, so that it is read on a dark page too."""
    bottom = len(NAMES) * (HIGH + ABOVE)
    parts = [f'<rect width="100%" height="100%" fill="{PAPER}"/>']
    for at, label in marks(outcome.seconds, most=12):
        x = LEFT + at / max(outcome.seconds, 1e-9) * WIDE
        parts.append(f'<line x1="{x:.1f}" y1="{ABOVE}" x2="{x:.1f}" y2="{bottom}" stroke="{RULE}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    for row, (name, values) in enumerate(zip(NAMES, sampled(outcome, WIDE), strict=True)):
        parts += curve(name, values, (row + 1) * (HIGH + ABOVE), COLOURS[row])
    box = f'viewBox="0 0 {LEFT + WIDE + 30} {bottom + 30}"'
    style = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style}>{"".join(parts)}</svg>\n'


def curve(name: str, values: list[int], base: int, colour: str) -> list[str]:
    """Standing on the line `base`, as high as its largest value."""
    top = max(1, *values)
    points = " ".join(f"{LEFT + x},{base - value * HIGH / top:.1f}" for x, value in enumerate(values))
    return [
        f'<text x="{LEFT}" y="{base - HIGH - 12}" font-weight="bold">{name}</text>',
        f'<polygon points="{LEFT},{base} {points} {LEFT + WIDE - 1},{base}" fill="{colour}"/>',
        f'<line x1="{LEFT}" y1="{base}" x2="{LEFT + WIDE}" y2="{base}" stroke="{INK}"/>',
        f'<text x="{LEFT - 8}" y="{base - HIGH + 5}" text-anchor="end">{top:,}</text>',
        f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">0</text>',
    ]
