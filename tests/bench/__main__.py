"""`make bench`: how long a story takes, in how much memory, what a second run and a changed scene cost, how it looks and sounds.

Prints Markdown to standard output and what it is doing to standard error. It measures; it judges nothing: the exit status is 0
whether goals are met or not, and 1 only where something could not be measured.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from newsreel.errors import BadInput, NewsreelError
from newsreel.files import write_atomically
from tests.bench import stories
from tests.bench.course import Course
from tests.bench.goals import goals
from tests.bench.page import measured, simulated, write_section
from tests.bench.report import report

TIMES = 10


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        story = stories.read(options.story)
        with folder_for(options.keep) as folder:
            times = None if options.quick else options.times
            results = Course(story=story, pictures=options.story.parent, folder=folder, times=times, say=say).run()
    except NewsreelError as fault:
        print(fault, f"(exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    print(report(results))
    if options.page:
        write_section(options.page, "measured", measured(results))
        write_section(options.page, "simulated", simulated())
    if options.json:
        told = [{**asdict(goal), "verdict": goal.verdict} for goal in goals(results)]
        write_atomically(options.json, json.dumps({**asdict(results), "goals": told}, indent=2) + "\n")
    return 1 if results.failed else 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    top.add_argument("--story", type=Path, default=Path("examples/budget.yaml"), help="what is rendered (examples/budget.yaml)")
    top.add_argument("--times", type=int, default=TIMES, metavar="N", help=f"how many times as long the long story is ({TIMES})")
    top.add_argument("--quick", action="store_true", help="leave out the long story, which takes most of the time")
    top.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    top.add_argument("--page", type=Path, metavar="FILE", help="write the sections `measured` and `simulated` of this page")
    top.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, in a new folder, and leave everything in it")
    return top


@contextmanager
def folder_for(keep: Path | None) -> Iterator[Path]:
    """Where everything is rendered: a temporary folder, or one to keep. Raises BadInput where there is something already."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="newsreel-bench-") as folder:
            yield Path(folder)
        return
    if keep.exists():
        raise BadInput(f"{keep}: is there already; a cold render needs a new folder")
    keep.mkdir(parents=True)
    yield keep.resolve()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended and the folder removed, as by Ctrl-C
    sys.exit(main(sys.argv[1:]))
