"""The whole manager against APIs in Google's own types."""

import json
from dataclasses import replace
from functools import partial

import pytest
import requests

from cluster.controllers.loop import JsonLog, RoundResult
from cluster.controllers.manager.__main__ import main
from cluster.controllers.manager.kube_queries import all_published, jetstream_reader, pending_events, read_from_pod
from newsreel.config.file import DEFAULT
from newsreel.config.settings import settings_of
from tests.cluster.controllers.manager.managed import PARAMETERS, done, round_of, said, with_nodes
from tests.cluster.controllers.manager.weeks import verdict

pytestmark = pytest.mark.slow


def test_from_zero_to_videos_and_back_to_zero(setup):
    setup.world.arrive(5)
    setup.run(setup.manager(), 24)
    assert verdict(setup.world, "pool") == []
    assert len(setup.world.over) == 5
    assert {each["result"] for each in done(setup, "Grow") + done(setup, "Empty")} == {"started"}


def test_the_cluster_exists_from_first_message_to_last_video(whole):
    whole.world.arrive(1)
    whole.run(whole.manager(), 75, every=60)
    assert (whole.world.created, whole.world.deleted, len(whole.world.over)) == (1, 1, 1)
    assert verdict(whole.world, "cluster") == []
    assert [each["result"] for each in done(whole, "Install")] == ["done"]


def published(url, story):
    """Eleven bytes of video, and what names them."""
    origin = {"story_digest": "a", "software_digest": "b", "release": "0.1.0"}
    file = {"name": "landscape.mp4", "path": "landscape.mp4", "size": 11, "sha256": "", "content_type": "video/mp4"}
    about = {"id": story, "revision": 1, "title": "", "created": "2026-05-04T06:00:00Z"}
    bucket = f"{url}/upload/storage/v1/b/{settings_of(PARAMETERS).finals.removeprefix('gs://')}/o"
    manifest = about | {"origin": origin, "files": [file]}
    name = {"uploadType": "media", "name": f"{story}/r1/manifest.json"}
    requests.post(bucket, params=name, json=manifest, timeout=5).raise_for_status()


def test_usage_by_day_survives_a_restart_of_the_manager(setup, url):
    setup.world.arrive(2)
    setup.run(setup.manager(), 1)
    for story in setup.world.unfinished():
        published(url, story.name.removesuffix("-r1"))
    setup.run(setup.manager(), 19)
    round_of(setup.manager())
    told = setup.metrics.text().decode()
    for line in ("stories", "node_seconds", "gpu_seconds", "published_bytes"):
        expected = {"stories": 2, "node_seconds": 300, "gpu_seconds": 120, "published_bytes": 22}[line]
        assert f'newsreel_day_{line}{{day="2026-05-04"}} {expected:.1f}\n' in told
    assert f'newsreel_day_cost{{currency="USD",day="2026-05-04"}} {300 * 0.36 / 3600:.2f}' in told


def test_numbers_say_what_is_seen_and_nothing_of_what_is_not(setup):
    with_nodes(setup)
    round_of(setup.manager())
    told = setup.metrics.text().decode()
    assert 'newsreel_manager_nodes{pool="l4-spot-a",state="there"} 2.0' in told
    assert 'newsreel_manager_demand{source="unfinished"} 0.0' in told
    assert 'newsreel_manager_rounds_total{result="held"} 1.0' in told
    setup.world.silent = {"kubernetes"}
    round_of(setup.manager())
    told = setup.metrics.text().decode()
    assert 'source="unfinished"' not in told and "newsreel_manager_nodes{" not in told
    assert "newsreel_manager_unknown_sources 3.0" in told


def test_within_the_cluster_the_eventbus_is_asked_itself(setup, monkeypatch):
    api = setup.services.connect(None, None)
    port = int(api.configuration.host.rpartition(":")[2])
    setup.world.arrive(3)
    setup.world.advance(5)
    setup.world.installed = False  # with no Sensor, what is on the bus stays there
    assert pending_events(api, "newsreel", partial(read_from_pod, port=port)) == 3
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert jetstream_reader() is read_from_pod


def test_a_second_manager_takes_over_an_expired_lease(setup):
    first, second = setup.manager("first"), setup.manager("second")
    assert round_of(first) is RoundResult.DONE
    assert round_of(second) is RoundResult.STANDBY
    assert "first holds the lease until" in said(setup)[-1]
    setup.world.advance(200)
    assert round_of(second) is RoundResult.DONE
    assert round_of(first) is RoundResult.STANDBY


def test_of_two_managers_that_write_at_once_one_does_nothing(setup):
    first, second = setup.manager("first"), setup.manager("second")
    now = setup.world.clock()
    memory, other = first.store.read(now), second.store.read(now)
    first.store.write(memory, now)
    with pytest.raises(Exception, match="another manager has written it first"):
        second.store.write(other, now)


def test_a_manager_that_ends_hands_its_lease_to_the_next(setup):
    first = setup.manager("first")
    assert round_of(first) is RoundResult.DONE
    first.close()
    assert round_of(setup.manager("second")) is RoundResult.DONE


def test_a_dry_run_changes_nothing_beside_a_running_manager(setup):
    round_of(setup.manager("first"))
    setup.world.arrive(3)
    setup.world.advance(10)
    assert round_of(setup.manager("by-hand", dry_run=True)) is RoundResult.DONE
    line = setup.lines[-1]
    assert line["dry_run"] and "3 unfinished: 2 nodes wanted, 0 ready; l4-spot-a to 2" in line["why"]
    assert line["actions"] == [{"action": "Grow(pool='l4-spot-a', to=2)", "result": "not done: dry run"}]
    assert setup.world.nodes == 0


def test_the_cluster_stays_until_every_video_is_published(setup, url, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    requests.post(f"{url}/storage/v1/b?project=p", json={"name": "finals"}, timeout=5)
    api = setup.services.connect(None, None)
    assert all_published(api, "newsreel", "gs://finals")
    setup.world.remembered = {"budget-r2-t2", "not-one-of-ours"}
    assert not all_published(api, "newsreel", "gs://finals")


@pytest.fixture
def by_hand(monkeypatch, capsys):
    """`python -m cluster.controllers.manager` where no credentials are: its exit status, and what it says."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nonexistent")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["cluster.controllers.manager", *arguments])
        return main(), capsys.readouterr().err

    return run


def test_by_hand_a_wrong_file_or_no_credentials_end_in_one_line(by_hand, tmp_path):
    wrong = tmp_path / "newsreel.yaml"
    wrong.write_text(DEFAULT.read_text().replace("idle_minutes: 5", "idle_minutes: -5", 1))
    status, told = by_hand("--once", "--config", str(wrong))
    assert (status, told.count("\n")) == (2, 1)
    assert "policy.idle_minutes" in told
    status, told = by_hand("--once", "--dry-run")
    assert (status, told.count("\n")) == (2, 1)
    assert "no Google credentials" in told
    status, told = by_hand("--config", str(tmp_path / "nowhere.yaml"))
    assert (status, "no such file" in told) == (2, True)


def test_each_round_is_one_line_of_json(setup, capsys):
    manager = setup.manager()
    round_of(replace(manager, log=JsonLog()))
    line = json.loads(capsys.readouterr().out)
    assert {"time", "why"} <= set(line)
