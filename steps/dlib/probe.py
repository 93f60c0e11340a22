"""Validate a predictor's file in a process of its own: `python -P probe.py FILE` prints how many points it predicts.

dlib trusts its input: a damaged or malicious file can allocate any amount of memory, run for ever, or read out of bounds. Here it
ends only this process, under limits of memory and time. Nothing of newsreel is imported, so that it starts in a fifth of a
second.
"""

import resource
import sys
from pathlib import Path
from typing import Any

import dlib
import numpy as np

MEMORY = 1 << 30
"""Bytes beyond what Python and dlib need; the usual published file of 100 MB takes 200 MB."""
SECONDS = 30
PICTURES = 24
FARTHEST = 20
"""Box widths from the box to a point; no face has points farther away."""


def limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def points_of(predictor: Any) -> int:
    """Number of points, after predictions on noise of low to high contrast, so that both branches of the trees are taken."""
    random = np.random.default_rng(1)
    side = 100
    count = 0
    for number in range(PICTURES):
        picture = np.clip(random.normal(128, 5 * number, (side, side)), 0, 255).astype(np.uint8)
        shape = predictor(picture, dlib.rectangle(10, 10, side - 10, side - 10))
        count = shape.num_parts
        if any(max(abs(part.x), abs(part.y)) > FARTHEST * side for part in shape.parts()):
            raise ValueError("its points lie outside of any face")
    return count


def main(file: str) -> int:
    limit()
    try:
        print(points_of(dlib.shape_predictor(file)))
    except (RuntimeError, MemoryError, ValueError) as fault:
        print(" ".join(str(fault).split()) or type(fault).__name__, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
