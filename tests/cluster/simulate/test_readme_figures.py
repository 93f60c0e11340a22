"""The README's figures are what its commands print: a policy, a price or a time that changes must change them too."""

import argparse
import re
from pathlib import Path

import pytest

from cluster.gke.estimate import estimate
from cluster.manager.parameters import read_parameters
from cluster.simulate.options import declare_simulate
from cluster.simulate.program import stories_of
from cluster.simulate.report import percentile
from cluster.simulate.run import simulate
from cluster.simulate.studies import SEEDS, days, with_most
from workflows.cli import main

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[3] / "README.md").read_text()
PARAMETERS = read_parameters()
BURST = "--stories 3000/day --burst 1000/10min"


def cells(text):
    """Of each row of each table, by its first cell."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {first: rest for first, *rest in rows}


TOLD = cells(README)


@pytest.fixture
def printed(capsys, monkeypatch):
    def run(words):
        """The rows that `newsreel simulate` prints, times as the README has them: without hours that are none."""
        monkeypatch.setattr("sys.argv", ["newsreel", "simulate", *words.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return cells(re.sub(r"\b0:0?(\d+:\d\d)\b", r"\1", capsys.readouterr().out))

    return run


def test_the_day_with_a_burst(printed):
    assert f"newsreel simulate {BURST} " in README
    [head] = [first for first in TOLD if "stories in a day" in first]
    rows = printed(BURST)
    assert TOLD["queueing, p50 and p99"] == [
        ", ".join(rows[f"queueing time, {share}"][column] for share in ("p50", "p99")) for column in (0, 1)
    ]
    assert TOLD["from message to video, p99"][0] == rows["message to video, p99"][0]
    assert [f"{cost} USD" for cost in rows["cost a video, USD"]] == TOLD["a video"]
    assert TOLD["most nodes at once"][0] == rows["most nodes at once"][0]
    assert head.startswith("3,911 ")


def test_from_zero_to_the_first_frame_and_a_week_of_batches_in_both_modes(printed):
    assert "newsreel simulate --first-frame --mode cluster" in README
    assert "newsreel simulate --batch 40/12h --days 7 --mode cluster" in README
    for column, mode in enumerate(("pool", "cluster")):
        first, week = printed(f"--first-frame --mode {mode}"), printed(f"--batch 40/12h --days 7 --mode {mode}")
        assert TOLD["from zero to the first frame, mean"][column] == first["in all"][0]
        for name in ("message seen, cluster made where there is none", "steps before the generator, and its start"):
            assert TOLD[f"... {name}"][column] == first[name][0]
        assert seconds(TOLD["... machine, driver, images"][column]) == pytest.approx(
            sum(seconds(first[phase][0]) for phase in ("machine", "driver", "images")), abs=1
        )
        assert TOLD["40 stories every 12 hours for a week: queueing, p99"][column] == week["queueing time, p99"][0]
        assert TOLD["... a video"][column] == f"{float(week['cost a video, USD'][0]):.3f} USD"


def seconds(text):
    minutes, rest = text.split(":")
    return 60 * int(minutes) + int(rest)


def test_each_promise_is_kept_on_its_hardest_day_by_the_nodes_that_are_told():
    """The whole search takes a minute: `newsreel simulate ... --sweep`."""
    parser = argparse.ArgumentParser()
    declare_simulate(parser)
    stories = stories_of(parser.parse_args(BURST.split()), PARAMETERS)
    promises = [float(cell.removesuffix(" min")) for cell in TOLD["99 of 100 of them queue at most"]]
    for minutes, nodes in zip(promises, TOLD["nodes of each of the three kinds"], strict=True):
        bought = with_most(PARAMETERS.changed(policy={"wait_minutes": minutes, "aim": 0.9}), int(nodes))
        seed, hardest = next(days(bought))
        assert seed == SEEDS[0]
        assert percentile(simulate(stories(seed), hardest, seed).waits, 0.99) <= 60 * minutes


def test_what_cluster_up_says():
    told = estimate(PARAMETERS)
    assert TOLD["a month without a story"] == [f"{told.idle_month:.0f} USD"]
    assert TOLD["a month with them"] == [f"{told.month:.0f} USD"]
    assert TOLD["a video, at 100 stories a day"] == [f"{told.video:.3f} USD"]
    assert TOLD["... its work alone"] == [f"{told.least_video:.3f} USD"]
