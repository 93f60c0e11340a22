"""What people ask of the simulation: a day, a promise, a trace; whatever the market does, every story is made."""

import re
import subprocess
import sys
from random import Random

import pytest

from cli.main import main
from cluster.controllers.loop import DEBOUNCE_SECONDS
from cluster.durations import speed_of
from cluster.simulate.arrivals import Arrival, Rate, batches, burst, poisson, read_trace, viral
from cluster.simulate.report import bound_cost, bound_waits, caveat, marks, percentile, picture, svg, table
from cluster.simulate.run import simulate
from cluster.simulate.studies import plan, room, with_most
from newsreel.config.file import DEFAULT, changed, read_gke_config
from newsreel.errors import BadInput

pytestmark = pytest.mark.slow

PARAMETERS = read_gke_config()
VIDEO = PARAMETERS.work.video_seconds


def seeded(seed):
    return Random(seed)  # noqa: S311


def day(seed=1, stories=400, rush=150):
    random = seeded(seed)
    calm = poisson(Rate(stories, 86_400), 86_400, VIDEO, random)
    return sorted([*calm, *burst(Rate(rush, 600), 43_200, VIDEO, random)])


def small(seed):
    return day(seed, stories=120, rush=60)


@pytest.fixture(scope="module")
def outcome():
    return simulate(day(), PARAMETERS)


def test_no_result_is_better_than_what_no_policy_can_beat(outcome):
    arrivals = day()
    bound = bound_waits(arrivals, PARAMETERS)
    assert all(percentile(outcome.waits, share) >= percentile(bound, share) for share in (0.5, 0.95, 0.99, 1))
    assert outcome.cost_a_video >= bound_cost(arrivals, PARAMETERS)
    assert outcome.paid >= outcome.worked + outcome.lost


def test_the_same_seed_is_the_same_day_and_another_is_not(outcome):
    assert simulate(day(), PARAMETERS) == outcome
    assert simulate(day(2), PARAMETERS, 2) != outcome


@pytest.mark.parametrize("mode", ["pool", "cluster"])
def test_every_story_is_made_however_bad_the_market_is(mode):
    bad = changed(
        PARAMETERS, market={"preemptions_an_hour": 3, "stock_out_every_hours": 2, "stock_out_hours": 2}, cluster={"mode": mode}
    )
    outcome = simulate(day(stories=200), bad)
    assert (outcome.stranded, len(outcome.waits)) == (0, len(day(stories=200)))
    assert outcome.preempted > 0 and outcome.lost > 0


def test_two_batches_a_day_pay_for_no_cluster_between():
    arrivals = list(batches(Rate(40, 43_200), 86_400, VIDEO, seeded(1)))
    pool, whole = (simulate(arrivals, changed(PARAMETERS, cluster={"mode": mode})) for mode in ("pool", "cluster"))
    assert whole.always_on_cost < pool.always_on_cost / 4
    assert percentile(whole.waits, 1) > percentile(pool.waits, 1)


def test_the_first_story_after_a_pause_wakes_the_manager():
    [(asked, *_)] = simulate([Arrival(611.0, 40.0)], PARAMETERS).first_waits
    assert asked == pytest.approx(PARAMETERS.work.heard_seconds + DEBOUNCE_SECONDS)


def test_a_pool_is_not_resized_during_a_resize():
    slow = changed(PARAMETERS, delays={"operation_seconds": {"least": 200, "usual": 200, "most": 200}})
    history = simulate([Arrival(600.0, 40.0), *[Arrival(610.0, 40.0)] * 40], slow).history
    one, more = (next(at for at, _, nodes in history if nodes > few) for few in (0, 1))
    assert more - one >= 200


def test_a_plan_keeps_its_promise_on_unseen_days():
    found = plan(small, changed(PARAMETERS, policy={"wait_minutes": 15}))
    assert found.least <= 3 * found.nodes
    bought = changed(
        PARAMETERS,
        policy={"wait_minutes": 15, "aim": found.aim},
        node_pools=[offer.model_dump(mode="json") | {"most": found.nodes} for offer in PARAMETERS.node_pools],
    )
    unseen = [wait for seed in range(90, 96) for wait in simulate(small(seed), bought, seed).waits]
    assert percentile(unseen, 0.99) <= 900


def test_a_plan_stays_within_the_networks_addresses():
    kinds = len(PARAMETERS.node_pools)
    narrow = PARAMETERS.site.network.model_dump(mode="json") | {"pods": "10.16.0.0/16"}
    small_site = changed(with_most(PARAMETERS, 1), site={"network": narrow})
    assert room(small_site) < room(PARAMETERS) <= 1000
    assert with_most(small_site, room(small_site) // kinds)
    with pytest.raises(BadInput, match="addresses"):
        with_most(small_site, room(small_site) // kinds + 1)


def test_a_promise_that_no_pool_can_keep_from_zero_is_not_made():
    assert plan(lambda _: [Arrival(5.0, 40.0)], changed(PARAMETERS, policy={"wait_minutes": 1})) is None


def test_the_table_lists_nodes_and_the_chart_is_valid_svg(outcome):
    said = table(outcome, day(), PARAMETERS)
    assert caveat(PARAMETERS) in said
    assert re.search(r"\| +simulated \| +bound \|", said) and "| measured" not in said
    assert re.search(rf"most nodes at once +\| +{outcome.most_nodes} \|", said)
    assert svg(outcome).startswith("<svg") and svg(outcome).count("<polygon") == 2


def test_the_chart_fits_a_terminal_and_shows_its_extremes(outcome):
    lines = picture(outcome).splitlines()
    assert max(map(len, lines)) <= 79
    most = max(queue for _, queue, _ in outcome.history)
    drawn = [line for line in lines if "│" in line]
    assert drawn[0].startswith(f"{most:>7}│") and "█" in drawn[0]
    assert "0│" in drawn[3] and "▁" in drawn[3]
    assert re.search(r"0 +6 h +12 h +18 h +24 h", lines[-1])


@pytest.mark.parametrize("seconds", [1, 59, 600, 3600, 86_400, 86_401, 10**6, 10**8])
def test_an_axis_of_any_length_has_some_marks_and_not_too_many(seconds):
    found = marks(seconds, most=8)
    assert 1 <= len(found) <= 9 and found[0] == (0, "0") and found[-1][0] <= seconds


def test_a_day_without_a_story_can_be_drawn():
    nothing = simulate([], PARAMETERS)
    assert "nodes" in picture(nothing) and svg(nothing).startswith("<svg")


def test_assumptions_are_printed_until_measured():
    assert "examples of 2026-11-22, not quotes" in caveat(PARAMETERS)
    assert "gpu nodes work is ASSUMED" in caveat(PARAMETERS) and "cpu" not in caveat(PARAMETERS)
    declared = speed_of(PARAMETERS, "gpu").model_dump(mode="json")
    measured = changed(PARAMETERS, work={"speeds": {"gpu": declared | {"measured": True}}})
    assert "ASSUMED" not in caveat(measured)


def test_a_quota_limits_all_kinds_and_every_story_is_made():
    small_quotas = changed(PARAMETERS, market={"quotas": {"PREEMPTIBLE_NVIDIA_L4_GPUS": 5, "NVIDIA_L4_GPUS": 2}})
    outcome = simulate(day(), small_quotas)
    assert (outcome.most_nodes, outcome.stranded) == (7, 0)
    assert outcome.alerts > 0
    none_of_the_first = changed(PARAMETERS, market={"quotas": {"PREEMPTIBLE_NVIDIA_L4_GPUS": 0}})
    assert simulate(day(), none_of_the_first).stranded == 0


def test_generators_make_what_they_are_asked_for():
    random = seeded(1)
    assert len(list(burst(Rate(100, 600), 50, VIDEO, random))) == 100
    rush = sorted(arrival.at for arrival in viral(Rate(1000, 7200), 0, VIDEO, random))
    assert rush[500] < 7200 / 4 and rush[-1] <= 7200
    assert [arrival.at for arrival in batches(Rate(2, 3600), 7200, VIDEO, random)] == [1800, 1800, 5400, 5400]
    assert len(list(poisson(Rate(1000, 86_400), 86_400, VIDEO, random))) == pytest.approx(1000, rel=0.1)


def test_a_trace_is_read_in_seconds_or_dates_and_put_in_order(tmp_path):
    trace = tmp_path / "trace.csv"
    trace.write_text("# when, seconds\n2026-05-03T12:10:00,30\n2026-05-03T12:00:00Z\n\n")
    first, second = read_trace(trace, VIDEO, seeded(1))
    assert (first.at, second) == (0, Arrival(600, 30))


@pytest.mark.parametrize("line", ["soon", "5,long", "-5", "5,-1", "nan", "5,inf", "2026-13-01"])
def test_an_invalid_trace_line_has_its_number(tmp_path, line):
    trace = tmp_path / "trace.csv"
    trace.write_text(f"5,30\n{line}\n")
    with pytest.raises(BadInput, match=r"trace\.csv:2:"):
        read_trace(trace, VIDEO, seeded(1))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--stories", "many"], "no rate"),
        (["--stories", "3000/0min"], "no rate"),
        (["--stories", "0/day"], "no rate"),
        ([], "nothing to simulate"),
        (["--stories", "9000000/s"], "more than"),
        (["--batch", "40/12h", "--wait", "soon"], "no time"),
        (["--batch", "40/12h", "--wait", "0min"], "no time"),
        (["--batch", "40/12h", "--wait", "9999day"], "policy.wait_minutes: must be at most"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_a_line(arguments, why, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["newsreel", "simulate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


def test_the_command_prints_the_table_and_draws_the_picture(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["newsreel", "simulate", "--batch", "40/12h", "--svg", str(tmp_path / "day.svg")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "80 stories" in capsys.readouterr().out
    assert (tmp_path / "day.svg").read_text().startswith("<svg")


def test_it_needs_none_of_googles_libraries():
    """They come with `make setup-cluster`, and a price is asked for before."""
    without = "import sys; sys.modules['google'] = sys.modules['kubernetes'] = None"
    code = f"{without}; import cluster.simulate.program, cluster.gke.up"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_says_which_pool_to_buy(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["newsreel", "plan", "--batch", "40/12h", "--wait", "20min"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "Buy at most" in said and said.endswith(f"{caveat(PARAMETERS)}\n")
    assert max(map(len, said.splitlines())) <= 79


def test_a_promise_beyond_the_quotas_is_reported(capsys, monkeypatch, tmp_path):
    pool = tmp_path / "newsreel.yaml"
    pool.write_text(DEFAULT.read_text().replace("quotas: {}", "quotas: {PREEMPTIBLE_NVIDIA_L4_GPUS: 1, NVIDIA_L4_GPUS: 1}"))
    arguments = ["--batch", "40/12h", "--wait", "20min", "--config", str(pool)]
    monkeypatch.setattr("sys.argv", ["newsreel", "plan", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "No number of nodes keeps 20 minutes at p99 within market.quotas" in capsys.readouterr().out
