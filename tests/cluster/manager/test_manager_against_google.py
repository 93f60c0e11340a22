"""The manager, whole, against APIs of google's own types: it does what the policy says, and no harm when they fail."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import requests

from cluster.manager.__main__ import main
from cluster.manager.act import act
from cluster.manager.inside import finals_there, from_the_pod, pending_events, streams
from cluster.manager.observe import look
from cluster.manager.parameters import DEFAULT
from cluster.manager.world import DeleteCluster, Empty
from tests.cluster.manager.managed import PARAMETERS, bucket_server, managed
from tests.cluster.manager.weeks import accounts, campaign, verdict


@pytest.fixture(scope="module")
def url():
    with bucket_server() as address:
        yield address


@pytest.fixture
def setup(url):
    with managed(url) as made:
        yield made


@pytest.fixture
def whole(url):
    with managed(url, "cluster", state="absent") as made:
        yield made


def said(setup):
    return [line["why"] for line in setup.lines]


def done(setup, kind):
    return [each for line in setup.lines for each in line.get("actions", []) if each["action"].startswith(kind)]


def with_nodes(setup, count=2):
    pool = setup.world.pools["l4-spot-a"]
    pool.size, pool.bounds = count, (0, count)
    setup.world.nodes_come()
    setup.world.advance(300)
    return pool


def test_from_zero_to_videos_and_back_to_zero(setup):
    setup.world.arrive(5)
    setup.run(setup.manager(), 24)
    assert verdict(setup.world, "pool") == []
    assert len(setup.world.over) == 5
    assert {each["result"] for each in done(setup, "Grow") + done(setup, "Empty")} == {"begun"}


@pytest.mark.parametrize(("mode", "seed"), [("pool", 3), ("cluster", 4)])
def test_whatever_fails_no_harm_is_done_and_all_ends_at_zero(url, mode, seed):
    with managed(url, mode, seed=seed, state={"pool": "there", "cluster": "absent"}[mode]) as setup:
        setup.world.arrive(4)
        manager = campaign(setup, hours=2, seed=seed, every=240)
        assert verdict(setup.world, mode) + accounts(setup, manager) == []


def test_the_cluster_comes_with_the_first_message_and_goes_when_the_last_video_is_made(whole):
    whole.world.arrive(1)
    whole.run(whole.manager(), 75, every=60)
    assert (whole.world.created, whole.world.deleted, len(whole.world.over)) == (1, 1, 1)
    assert verdict(whole.world, "cluster") == []
    assert [each["result"] for each in done(whole, "Install")] == ["done"]


def test_a_cluster_that_breaks_as_it_is_made_is_removed_and_made_again(whole):
    whole.world.arrive(1)
    whole.world.fails_to_come = True
    whole.run(whole.manager(), 20, every=60)
    assert whole.world.deleted >= 1
    whole.world.fails_to_come = False
    whole.run(whole.manager(), 60, every=60)
    assert len(whole.world.over) == 1
    assert whole.world.harm == []


def published(url, story):
    """Eleven bytes of video, and what names them."""
    origin = {"story_digest": "a", "software_digest": "b", "release": "0.1.0"}
    file = {"name": "landscape.mp4", "path": "landscape.mp4", "size": 11, "sha256": "", "content_type": "video/mp4"}
    about = {"id": story, "revision": 1, "title": "", "created": "2026-05-04T06:00:00Z"}
    bucket = f"{url}/upload/storage/v1/b/{PARAMETERS.cluster.finals.removeprefix('gs://')}/o"
    manifest = about | {"origin": origin, "files": [file]}
    name = {"uploadType": "media", "name": f"{story}/r1/manifest.json"}
    requests.post(bucket, params=name, json=manifest, timeout=5).raise_for_status()


def test_what_the_days_stories_took_is_told_and_outlives_the_manager(setup, url):
    setup.world.arrive(2)
    setup.run(setup.manager(), 1)
    for story in setup.world.unfinished():
        published(url, story.name.removesuffix("-r1"))
    setup.run(setup.manager(), 19)
    setup.manager().round()
    told = setup.metrics.text().decode()
    for line in ("stories", "node_seconds", "gpu_seconds", "published_bytes"):
        expected = {"stories": 2, "node_seconds": 300, "gpu_seconds": 120, "published_bytes": 22}[line]
        assert f'newsreel_day_{line}{{day="2026-05-04"}} {expected:.1f}\n' in told
    assert f'newsreel_day_cost{{currency="USD",day="2026-05-04"}} {300 * 0.36 / 3600:.2f}' in told


def test_numbers_say_what_is_seen_and_nothing_of_what_is_not(setup):
    with_nodes(setup)
    setup.manager().round()
    told = setup.metrics.text().decode()
    assert 'newsreel_manager_nodes{pool="l4-spot-a",state="there"} 2.0' in told
    assert 'newsreel_manager_demand{source="unfinished"} 0.0' in told
    assert 'newsreel_manager_rounds_total{result="held"} 1.0' in told
    setup.world.silent = {"kubernetes"}
    setup.manager().round()
    told = setup.metrics.text().decode()
    assert 'source="unfinished"' not in told and "newsreel_manager_nodes{" not in told
    assert "newsreel_manager_unknown_sources 3.0" in told


def test_within_the_cluster_the_eventbus_is_asked_itself(setup, monkeypatch):
    api = setup.services.inside(None, None)
    port = int(api.configuration.host.rpartition(":")[2])
    setup.world.arrive(3)
    setup.world.advance(5)
    setup.world.installed = False  # with no Sensor, what is on the bus stays there
    assert pending_events(api, "newsreel", partial(from_the_pod, port=port)) == 3
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert streams() is from_the_pod


def test_a_second_manager_waits_and_follows_when_the_first_is_gone(setup):
    first, second = setup.manager("first"), setup.manager("second")
    assert first.round() == "held"
    assert second.round() == "waits"
    assert "first is the manager until" in said(setup)[-1]
    setup.world.advance(200)
    assert second.round() == "held"
    assert first.round() == "waits"


def test_of_two_managers_that_write_at_once_one_does_nothing(setup):
    first, second = setup.manager("first"), setup.manager("second")
    now = setup.world.clock()
    memory, other = first.notebook.read(now), second.notebook.read(now)
    first.notebook.write(memory, now)
    with pytest.raises(Exception, match="another manager was first"):
        second.notebook.write(other, now)


def test_a_manager_that_ends_hands_its_lease_to_the_next(setup):
    first = setup.manager("first")
    assert first.round() == "held"
    first.release()
    assert setup.manager("second").round() == "held"


def test_a_dry_run_explains_and_changes_nothing_even_beside_the_manager(setup):
    setup.manager("first").round()
    setup.world.arrive(3)
    setup.world.advance(10)
    assert setup.manager("by-hand", dry_run=True).round() == "held"
    line = setup.lines[-1]
    assert line["dry_run"] and "3 unfinished: 2 nodes wanted, 0 there; l4-spot-a to 2" in line["why"]
    assert line["actions"] == [{"action": "Grow(pool='l4-spot-a', to=2)", "result": "would be done"}]
    assert setup.world.nodes == 0


def test_credentials_that_expire_in_the_middle_stop_all_giving_back(setup):
    with_nodes(setup)
    manager = setup.manager()
    setup.run(manager, 3)
    setup.world.silent = {"credentials"}
    setup.run(manager, 15)
    assert setup.world.nodes == 2
    assert "Unauthenticated" in setup.lines[-1]["unknown"]["undelivered"]
    setup.world.silent = set()
    setup.run(manager, 9)
    assert setup.world.nodes == 0


def test_a_metric_that_is_late_keeps_the_nodes_and_calls_a_person(setup):
    with_nodes(setup)
    setup.world.metric_age = 1200
    setup.run(setup.manager(), 15)
    assert setup.world.nodes == 2
    assert "undelivered unknown" in said(setup)[-1]
    assert "nobody can say" in setup.lines[-1]["alert"]


@pytest.mark.parametrize("source", ["kubernetes", "compute", "gke", "events", "no points"])
def test_a_source_that_does_not_answer_keeps_the_nodes(setup, source):
    with_nodes(setup)
    setup.world.silent = {source}
    setup.run(setup.manager(), 10, every=60)
    assert setup.world.nodes == 2


def test_a_clock_that_jumps_begins_the_idle_time_anew(setup):
    with_nodes(setup)
    manager = setup.manager()
    setup.run(manager, 3)
    setup.world.now += timedelta(days=300)
    setup.run(manager, 2)
    assert setup.world.nodes == 2


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_wrong_gives_nothing_back_until_it_is_right_again(setup, hours):
    with_nodes(setup)
    wrong = replace(setup.manager(), clock=lambda: setup.world.clock() + timedelta(hours=hours))
    setup.run(wrong, 8, every=60)
    assert setup.world.nodes == 2
    assert "undelivered unknown" in said(setup)[-1]
    setup.run(setup.manager(), 10, every=60)
    assert setup.world.nodes == 0


def test_a_lease_that_a_clock_years_ahead_has_written_stops_nobody(setup):
    ahead = replace(setup.manager("ahead"), clock=lambda: setup.world.clock() + timedelta(days=900))
    assert ahead.round() == "held"
    assert setup.manager("second").round() == "held"


def test_out_of_stock_in_one_zone_the_next_is_taken_and_nothing_is_asked_in_a_hot_loop(setup):
    setup.world.pools["l4-spot-a"].in_stock = False
    setup.world.arrive(4)
    setup.run(setup.manager(), 25)
    assert len(setup.world.over) == 4
    asked = [each["action"] for each in done(setup, "Grow")]
    assert any("l4-spot-b" in action for action in asked)
    assert len(asked) < 8


def test_beyond_a_quota_no_more_is_asked_for_until_the_pause_is_over_and_all_stories_are_made(setup):
    setup.world.quota = 2
    setup.world.arrive(12)
    setup.run(setup.manager(), 45, every=60)
    assert len(setup.world.over) == 12
    assert any("QUOTA_EXCEEDED, next try" in str(line.get("alert")) for line in setup.lines)
    assert len(done(setup, "Grow")) < 15
    assert verdict(setup.world, "pool") == []


def test_no_nodes_to_be_had_anywhere_is_told_with_the_next_try(setup):
    for pool in setup.world.pools.values():
        pool.in_stock = False
    setup.world.arrive(4)
    setup.run(setup.manager(), 6)
    assert "too few; l4-spot-a: ZONE_RESOURCE_POOL_EXHAUSTED, next try" in str(setup.lines[-1]["alert"])


def test_what_takes_nodes_away_looks_once_more(setup):
    pool = with_nodes(setup, 1)
    before = look(setup.services, setup.world.clock())
    setup.world.arrive(1)
    setup.world.advance(15)
    pool.draining = set(pool.nodes)
    result = act(setup.services, Empty("l4-spot-a", 0), before, setup.world.clock)
    assert "something has come meanwhile" in result
    assert setup.world.harm == [] and setup.world.nodes == 1


def test_what_deletes_the_cluster_looks_once_more(url):
    with managed(url, "cluster", state="there") as setup:
        before = look(setup.services, setup.world.clock())
        setup.world.arrive(1)
        setup.world.advance(15)
        assert "meanwhile" in act(setup.services, DeleteCluster(), before, setup.world.clock)
        assert setup.world.state == "there"


def test_the_cluster_stays_while_a_story_that_succeeded_has_no_video_in_the_bucket(setup, url, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    requests.post(f"{url}/storage/v1/b?project=p", json={"name": "finals"}, timeout=5)
    api = setup.services.inside(None, None)
    assert finals_there(api, "newsreel", "gs://finals")
    setup.world.remembered = {"budget-r2-t2", "not-one-of-ours"}
    assert not finals_there(api, "newsreel", "gs://finals")


def test_a_note_that_is_none_is_told_and_nothing_is_done(setup):
    manager = setup.manager()
    bucket = manager.notebook.client.bucket("manager")
    bucket.blob(setup.note).upload_from_string("{}")
    setup.world.arrive(3)
    assert manager.round() == "failed"
    assert "is not the manager's note" in said(setup)[-1]
    assert setup.world.nodes == 0


def test_a_bucket_that_does_not_answer_stops_the_round(setup):
    manager = setup.manager()
    manager.notebook.client = setup.manager().notebook.client.__class__(
        project="p", credentials=manager.notebook.client._credentials, client_options={"api_endpoint": "http://127.0.0.1:9"}
    )
    assert manager.round() == "failed"
    assert "cannot be read or written" in said(setup)[-1]


@pytest.fixture
def by_hand(monkeypatch, capsys):
    """`python -m cluster.manager` where no credentials are: its exit status, and what it says."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nonexistent")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["cluster.manager", *arguments])
        return main(), capsys.readouterr().err

    return run


def test_by_hand_a_wrong_file_or_no_credentials_end_in_one_line(by_hand, tmp_path):
    wrong = tmp_path / "pool.yaml"
    wrong.write_text(DEFAULT.read_text().replace("idle_minutes: 5", "idle_minutes: -5", 1))
    status, told = by_hand("--once", "--parameters", str(wrong))
    assert (status, told.count("\n")) == (2, 1)
    assert "policy.idle_minutes" in told
    status, told = by_hand("--once", "--dry-run")
    assert (status, told.count("\n")) == (2, 1)
    assert "no Google credentials" in told
    status, told = by_hand("--parameters", str(tmp_path / "nowhere.yaml"))
    assert (status, "no such file" in told) == (2, True)


def test_each_round_is_one_line_of_json(setup, capsys):
    from cluster.manager.rounds import printed

    setup.manager().round()
    printed(setup.lines[-1])
    line = json.loads(capsys.readouterr().out)
    assert {"time", "why"} <= set(line)
