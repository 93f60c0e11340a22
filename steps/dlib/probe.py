"""The first look at a predictor's file, in a process of its own: `python -P probe.py FILE` prints how many points it predicts.

dlib trusts what it reads: a damaged or crafted file can ask for any amount of memory, run for ever, or read where nothing is.
Here that ends this process alone, under limits of memory and time. Nothing of newsreel is imported: it starts in a fifth of a
second.
"""

import resource
import sys
from pathlib import Path
from typing import Any

import dlib
import numpy as np

MEMORY = 1 << 30
"""Bytes beyond what Python and dlib take themselves; the usual published file of 100 MB takes 200 MB."""
SECONDS = 30
PICTURES = 24
FARTHEST = 20
"""Box widths from the box to a point: no face is like that."""


def limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def points_of(predictor: Any) -> int:
    """How many points it gives, tried on pictures of noise from pale to harsh, so that trees go to both sides."""
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
