"""What a video used, from the records of its steps; unknown where a record is missing."""

import json
import os
import time

import pytest

from newsreel.errors import BadInput
from newsreel.runtime.usage import Prices, measure_usage, record_gpu_use
from newsreel.workspace import LEASE, Workspace
from steps.__main__ import main

PRICES = Prices.parse("USD l4-spot-a=0.36 l4-a=0.92")


@pytest.fixture
def story(tmp_path):
    """A directory that has been a story's for 100 s."""
    root = Workspace.lease(tmp_path / "story", "anchor").root
    os.utime(root / LEASE, (time.time() - 100,) * 2)
    return root


def spell(root, name, began, ended, gpus=1):
    (root / "gpus").mkdir(exist_ok=True)
    now = time.time()
    told = {"gpus": gpus, "began": now + began, "ended": None if ended is None else now + ended}
    (root / "gpus" / f"{name}.json").write_text(json.dumps(told))


def test_the_node_costs_from_its_lease_on(story):
    taken = measure_usage(story, 7, "gke-newsreel-l4-a-1a2b3c4d-x7k9", PRICES)
    assert taken.node_seconds == pytest.approx(100, abs=5)
    assert taken.cost == pytest.approx(0.92 * taken.node_seconds / 3600, rel=0.01)
    assert (taken.gpu_seconds, taken.bytes, taken.currency) == (0, 7, "USD")


def test_an_unknown_node_pool_has_no_cost(story):
    assert measure_usage(story, 7, "gke-newsreel-t4-1a2b3c4d-x7k9", PRICES).cost is None
    assert measure_usage(story, 7, "laptop", None).cost is None


def test_gpu_seconds_are_summed_over_programs(story):
    with record_gpu_use(story, 2):
        pass
    with record_gpu_use(story, 0):
        pass
    spell(story, "a", -60, -50)
    spell(story, "b", -50, -30, gpus=2)
    spell(story, "of an earlier run", -500, -400)
    assert measure_usage(story, 7, "", None).gpu_seconds == pytest.approx(50, abs=1)
    assert len(list((story / "gpus").iterdir())) == 4


def test_a_killed_program_makes_gpu_seconds_unknown(story):
    with pytest.raises(RuntimeError), record_gpu_use(story, 1):
        raise RuntimeError
    assert measure_usage(story, 7, "", None).gpu_seconds is not None
    spell(story, "killed", -60, None)
    assert measure_usage(story, 7, "", None).gpu_seconds is None


def test_a_step_with_gpus_records_its_interval(story, monkeypatch):
    monkeypatch.setenv("NEWSREEL_GPUS", "2")
    assert main(["animate", "--workspace", str(story)]) != 0, "there is no story in it"
    [told] = [json.loads(path.read_bytes()) for path in (story / "gpus").iterdir()]
    assert told["gpus"] == 2 and told["ended"] >= told["began"]


@pytest.mark.parametrize("text", ["", "USD", "l4=1", "USD l4=", "USD l4=-1", "USD l4=1\n", "USD {{l4}}=1"])
def test_invalid_prices_are_refused(text):
    with pytest.raises(BadInput, match="such as USD"):
        Prices.parse(text)
