"""`python -m tests.chaos --stories 1000 --killed 40 --seed 1`: print what became of the stories; exit 1 if one is lost or nothing
proved."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.campaign import campaign
from tests.chaos.counts import WANTED, Counts
from tests.chaos.killed import killed_processes
from tests.cluster.pubsub_emulator import emulator_program


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--stories", type=int, default=1000, help="in one process, time its own; 0 for none (1000)")
    parser.add_argument("--killed", type=int, default=40, help="with real processes that are really killed; 0 for none (40)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sound = [simulated(options.stories, options.seed)] if options.stories else []
    if options.killed and emulator_program() is None:
        print("\nno process was killed: no Pub/Sub emulator here: gcloud components install pubsub-emulator")
    elif options.killed:
        print()
        sound.append(killed(options.killed, options.seed))
    return 0 if all(sound) else 1


def simulated(stories: int, seed: int) -> bool:
    """Whether nothing was lost, and enough went wrong to say so."""
    with ended(seed), TemporaryDirectory(prefix="newsreel-chaos-") as folder:
        counts = asyncio.run(campaign(stories, seed, Path(folder)))
        print(told(counts))
        say_missing(sorted(name for name in WANTED if not counts.faults[name]))
    return counts.sound


def killed(stories: int, seed: int) -> bool:
    """The same where the programs are processes."""
    with ended(seed), TemporaryDirectory(prefix="newsreel-chaos-") as folder:
        tally = killed_processes(stories, seed, Path(folder))
        print("\n".join(line(*one) for one in tally.lines()))
        say_missing(tally.missing)
    return tally.sound


@contextmanager
def ended(seed: int) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"seed {seed}, {time.monotonic() - began:.0f} s")


def say_missing(missing: list[str]) -> None:
    if missing:
        print(f"proves nothing: not one of {', '.join(missing)}; more stories, or another --seed")


def line(what: str, number: int) -> str:
    return f"{what:<36}{number:>7,}"


def told(counts: Counts) -> str:
    lines = [
        ("stories saved", counts.saved),
        ("  published", counts.published),
        ("  failed, and told", counts.failed),
        ("  lost", counts.lost),
        ("  both", counts.both),
        ("ends that nobody was told", counts.untold),
        ("ends that were told wrongly", counts.mistold),
        ("ends that were told by a second id", counts.told_anew),
        ("ends told", counts.told),
        ("  once more, by the same id", counts.told_again),
        ("workflows of a story at once", counts.most_workflows_at_once),
        ("messages not ours", counts.not_ours),
        ("  in the dead letters", counts.not_ours_dead),
        ("good messages in the dead letters", counts.good_dead),
        ("workflows submitted", counts.submitted),
        ("  by the submitter", counts.by_submitter),
        ("submissions that met a workflow", counts.repeated),
        ("workflows that met a video", counts.woken_again),
        *((f"fault: {name}", number) for name, number in sorted(counts.faults.items())),
    ]
    return "\n".join(line(*one) for one in lines)


if __name__ == "__main__":
    sys.exit(main())
