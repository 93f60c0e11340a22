"""The submitter as a process: permissions of its emitted role, probes, metrics, options."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.loop import JsonLog
from cluster.controllers.submitter.__main__ import main
from cluster.controllers.submitter.controller import Metrics, SubmitterController
from cluster.manifests.controllers import submitter
from newsreel.config.model import Events
from newsreel.config.names import WATCH_ACCOUNT
from newsreel.config.settings import Settings
from tests.cluster.api_server import serving
from tests.cluster.controllers.rounds import run_round
from tests.servers import free_port

pytestmark = pytest.mark.slow

OBJECTS = submitter(Settings(), Events())
ME = WATCH_ACCOUNT


@pytest.fixture
def server():
    with serving() as server:
        server.obey(OBJECTS)
        yield server


def save_story(desk):
    desk.storage.create(desk.stories.child("budget/r1.json"), b"{}", "application/json")


def test_the_role_has_exactly_the_permissions_used(server, desk):
    here = client.Configuration(host=f"http://127.0.0.1:{server.port}")
    here.api_key = {"authorization": f"Bearer {ME}"}
    said, now = [], datetime.now(UTC)
    log = JsonLog(write=lambda line: said.append((line["action"], line["workflow"])))
    rounds = SubmitterController(
        api=client.ApiClient(here), namespace="newsreel", store=desk, log=log, metrics=Metrics(CollectorRegistry())
    )
    save_story(desk)
    assert run_round(rounds, now)
    assert run_round(rounds, now + timedelta(minutes=10))
    assert said == [("submit", "budget-r1")]
    server.workflow("budget-r1")["metadata"]["labels"]["workflows.argoproj.io/phase"] = "Failed"
    assert run_round(rounds, now + timedelta(minutes=20))
    assert said[1:] == [("report", "budget-r1")]
    assert server.used == server.rights[ME]


def test_each_log_line_names_story_and_revision(server, desk, capsys):
    here = client.Configuration(host=f"http://127.0.0.1:{server.port}")
    here.api_key = {"authorization": f"Bearer {ME}"}
    metrics, now = Metrics(CollectorRegistry()), datetime.now(UTC)
    rounds = SubmitterController(api=client.ApiClient(here), namespace="newsreel", store=desk, metrics=metrics)
    save_story(desk)
    for minutes in (0, 10):
        assert run_round(rounds, now + timedelta(minutes=minutes))
    server.down = True
    assert not run_round(rounds, now)
    submitted, waited = map(json.loads, capsys.readouterr().out.splitlines())
    assert (submitted["action"], submitted["workflow"], submitted["story"], submitted["revision"]) == (
        "submit",
        "budget-r1",
        "budget",
        1,
    )
    assert waited["action"] == "wait" and "story" not in waited
    assert waited["why"].startswith("503 Service Unavailable {") and "HTTPHeaderDict" not in waited["why"]


def test_the_process_answers_probes_and_stops_on_sigterm(server, desk, storage_url, tmp_path):
    save_story(desk)
    port = free_port()
    [deployment] = [one for one in OBJECTS if one["kind"] == "Deployment" and one["metadata"]["name"] == "watch"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    instead = {str(container["ports"][0]["containerPort"]): str(port), Settings().stories: str(desk.stories)}
    instead |= {Settings().finals: str(desk.finals), "python": sys.executable}
    command = [instead.get(word, word) for word in (*container["command"], *container["args"])]
    environment = {
        **os.environ,
        "KUBECONFIG": str(server.kubeconfig(tmp_path, ME)),
        "STORAGE_EMULATOR_HOST": storage_url,
        "NEWSREEL_ADDRESSES": f"{desk.stories},{desk.finals}",
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            probes = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")}
            assert {status_of(port, path) for path in probes} == {200}
            counted = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            assert 'newsreel_saved_stories{state="waiting"} 1.0' in counted
        finally:
            process.send_signal(signal.SIGTERM)
            told, errors = process.communicate(timeout=20)
    assert (process.returncode, errors, [json.loads(line) for line in told.splitlines()]) == (0, "", [])


def test_interval_and_patience_are_options(server, desk, storage_url, tmp_path):
    save_story(desk)
    command = [
        sys.executable,
        "-m",
        "cluster.controllers.submitter",
        "watch",
        "--stories",
        str(desk.stories),
        "--finals",
        str(desk.finals),
    ]
    environment = {
        **os.environ,
        "KUBECONFIG": str(server.kubeconfig(tmp_path, ME)),
        "STORAGE_EMULATOR_HOST": storage_url,
        "NEWSREEL_ADDRESSES": f"{desk.stories},{desk.finals}",
    }
    with subprocess.Popen(
        [*command, "--every", "0.05", "--patience", "0.2"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    assert (told["action"], told["workflow"], process.returncode) == ("submit", "budget-r1", 0)
    assert server.names("workflows") == ["budget-r1"]


@pytest.mark.parametrize("wrong", [("--every", "0"), ("--every", "1e9"), ("--patience", "soon"), ("--patience", "nan")], ids=str)
def test_an_invalid_time_is_refused_with_its_range(wrong, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["watch", "watch", "--stories", "gs://s", "--finals", "gs://f", *wrong])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert f"argument {wrong[0]}: '{wrong[1]}': must be seconds, more than 0 and at most" in capsys.readouterr().err


def status_of(port, path):
    """Once a first round has ended."""
    ends, status = time.monotonic() + 20, 0
    while time.monotonic() < ends and status != 200:
        try:
            status = requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
        except requests.ConnectionError:
            time.sleep(0.05)
    return status


def test_without_a_cluster_the_error_is_one_line(tmp_path):
    environment = {**os.environ, "KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "cluster.controllers.submitter",
        "watch",
        "--stories",
        "gs://s",
        "--finals",
        "gs://f",
        "--once",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    advice = "set KUBECONFIG, or run `gcloud container clusters get-credentials`"
    told = f"no cluster: no configuration found; {advice} (exit 2)\n"
    assert (done.returncode, done.stderr) == (2, told)
