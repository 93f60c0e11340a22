"""Vector shapes as ASS drawing commands (`m` move, `l` line, `b` Bezier), in pixels, their top left corner at the origin."""

from math import cos, pi, sin, tan

__all__ = ["reel", "rounded", "slanted"]

ROUND = 4 / 3 * tan(pi / 8)
"""Handle length of the cubic Bezier closest to a quarter of the unit circle."""


def rounded(width: float, height: float, radius: float) -> str:
    """A rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    k = r * (1 - ROUND)
    w, h = width, height
    return drawn(
        f"m {r} 0 l {w - r} 0 b {w - k} 0 {w} {k} {w} {r} l {w} {h - r} b {w} {h - k} {w - k} {h} {w - r} {h} "
        f"l {r} {h} b {k} {h} 0 {h - k} 0 {h - r} l 0 {r} b 0 {k} {k} 0 {r} 0"
    )


def slanted(width: float, height: float, slant: float) -> str:
    """A band whose ends lean to the right by `slant`, which is part of its width."""
    return drawn(f"m {slant} 0 l {width} 0 l {width - slant} {height} l 0 {height}")


def reel(size: float) -> str:
    """The brand's mark: a film reel with five holes round a hub."""
    middle = size / 2
    holes = [(middle + size * 0.29 * sin(2 * pi * k / 5), middle - size * 0.29 * cos(2 * pi * k / 5)) for k in range(5)]
    parts = [circle(middle, middle, middle, 1), circle(middle, middle, size * 0.06, -1)]
    return drawn(" ".join(parts + [circle(x, y, size * 0.125, -1) for x, y in holes]))


def circle(x: float, y: float, radius: float, turn: int) -> str:
    """`turn` 1 is filled, -1 (the other way round) a hole in what is filled."""
    r, k = radius, radius * ROUND
    up, down = -turn * r, turn * r
    return (
        f"m {x - r} {y} b {x - r} {y + up * ROUND} {x - k} {y + up} {x} {y + up} "
        f"b {x + k} {y + up} {x + r} {y + up * ROUND} {x + r} {y} "
        f"b {x + r} {y + down * ROUND} {x + k} {y + down} {x} {y + down} "
        f"b {x - k} {y + down} {x - r} {y + down * ROUND} {x - r} {y}"
    )


def drawn(path: str) -> str:
    """The same commands with numbers to a hundredth of a pixel."""
    return " ".join(part if part.isalpha() else f"{float(part):.2f}" for part in path.split())
