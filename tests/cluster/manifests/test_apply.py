"""`newsreel apply`: files in an order that loses no message, each when the one before is ready."""

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from cluster.manifests.apply import Apply, Bearer, Wait, apply, plan, words_of
from cluster.manifests.emit import emit
from newsreel.config.model import Events
from newsreel.config.settings import Settings
from newsreel.errors import BadInput, MissingProgram, Unavailable
from workflows.profiles import STUDIO

KUBECTL = """#!/bin/sh
echo "$@" >> "$0.calls"
case "$1 $2" in
  "get secret") printf %s "${TOKEN-dG9rZW4=}" ;;
  "apply --server-side") [ "$4" = - ] && cat > "$0.given"; [ -z "$FAULT" ] ;;
esac
"""


@pytest.fixture
def folder(tmp_path):
    emit(STUDIO, tmp_path / "manifests", Settings(events=Events()))
    return tmp_path / "manifests"


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A program of that name that writes down how it was called."""
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


def place(steps, wanted):
    return next(number for number, step in enumerate(steps) if wanted(step))


def applied(steps, name):
    return place(steps, lambda step: isinstance(step, Apply) and step.file.name == name)


def waited(steps, *words):
    return place(steps, lambda step: isinstance(step, Wait) and set(words) <= set(step.words))


def test_bus_sensor_and_event_source_come_in_this_order(folder):
    steps = plan(folder)
    order = [
        applied(steps, "00-namespace.yaml"),
        applied(steps, "story.yaml"),
        applied(steps, "60-eventbus.yaml"),
        waited(steps, "rollout", "statefulset/eventbus-stories-js"),
        waited(steps, "rollout", "deployment/letters"),
        applied(steps, "62-sensor.yaml"),
        place(steps, lambda step: isinstance(step, Bearer)),
        waited(steps, "--for=condition=Available", "sensor-name=stories"),
        applied(steps, "63-eventsource.yaml"),
        waited(steps, "--for=condition=Available", "eventsource-name=pubsub"),
    ]
    assert order == sorted(order)


def test_only_argo_events_objects_force_conflicts(folder):
    forced = {step.file.name for step in plan(folder) if isinstance(step, Apply) and step.forced}
    assert forced == {"60-eventbus.yaml", "62-sensor.yaml", "63-eventsource.yaml"}
    assert all("--force-conflicts" in words_of(step) for step in plan(folder) if isinstance(step, Apply) and step.forced)


def test_every_file_is_applied_once(folder):
    files = [step.file for step in plan(folder) if isinstance(step, Apply)]
    assert sorted(files) == sorted(folder.iterdir())


def test_a_dry_run_says_each_step_and_does_none(folder, kubectl, capsys):
    assert apply(folder, "lab", dry_run=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(plan(folder)) and all(line.startswith("kubectl --context lab ") for line in lines)
    assert not Path(f"{kubectl}.calls").exists()


def test_the_sensors_secret_is_a_bearer_token(folder, kubectl):
    assert apply(folder, None, dry_run=False) == 0
    given = json.loads(Path(f"{kubectl}.given").read_text())
    assert base64.b64decode(given["data"]["authorization"]) == b"Bearer token"
    assert (given["metadata"]["name"], given["metadata"]["namespace"]) == ("newsreel-submitter-bearer", "newsreel")
    assert "dG9rZW4" not in Path(f"{kubectl}.calls").read_text(), "a token is no argument: every user of the machine sees those"


def test_it_stops_at_the_first_refusal(folder, kubectl, monkeypatch):
    monkeypatch.setenv("FAULT", "1")
    with pytest.raises(Unavailable, match=r"00-namespace\.yaml"):
        apply(folder, None, dry_run=False)
    assert len(Path(f"{kubectl}.calls").read_text().splitlines()) == 1


def test_a_missing_token_is_retryable(folder, kubectl, monkeypatch):
    monkeypatch.setenv("TOKEN", "")
    with pytest.raises(Unavailable, match="has no token yet"):
        apply(folder, None, dry_run=False)


def test_missing_kubectl_and_missing_manifests_are_errors(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="kubectl"):
        apply(folder, None, dry_run=False)
    with pytest.raises(BadInput, match="newsreel emit"):
        plan(tmp_path / "nothing")
