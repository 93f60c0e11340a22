"""`python -m tests.chaos --stories 1000 --seed 1`: print what became of the stories; exit 1 if one is lost or nothing proved."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.campaign import campaign
from tests.chaos.counts import WANTED, Counts


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix="newsreel-chaos-") as folder:
        counts = asyncio.run(campaign(options.stories, options.seed, Path(folder)))
    print(told(counts))
    if missing := sorted(name for name in WANTED if not counts.faults[name]):
        print(f"proves nothing: not one of {', '.join(missing)}; more --stories, or another --seed")
    print(f"seed {options.seed}, {time.monotonic() - began:.0f} s")
    return 0 if counts.sound else 1


def told(counts: Counts) -> str:
    lines = [
        ("stories saved", counts.saved),
        ("  published", counts.published),
        ("  failed, and told", counts.failed),
        ("  lost", counts.lost),
        ("  both", counts.both),
        ("workflows of a story at once", counts.most_workflows_at_once),
        ("messages not ours", counts.not_ours),
        ("  in the dead letters", counts.not_ours_dead),
        ("good messages in the dead letters", counts.good_dead),
        ("workflows submitted", counts.submitted),
        ("  by the reconciler", counts.by_reconciler),
        ("submissions that met a workflow", counts.repeated),
        ("workflows that met a video", counts.woken_again),
        *((f"fault: {name}", number) for name, number in sorted(counts.faults.items())),
    ]
    return "\n".join(f"{what:<36}{number:>7,}" for what, number in lines)


if __name__ == "__main__":
    sys.exit(main())
