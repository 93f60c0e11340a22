"""What a step's container has on one machine: its folders, its environment, its program."""

import os
from pathlib import Path

import pytest
from local_stage import MOUNT, TMP, Stage, dag

from newsreel.errors import BadInput


def test_a_host_path_outside_the_ssd_is_refused(stage: Stage) -> None:
    with pytest.raises(BadInput, match="not under"):
        stage.play(
            "- {name: main, volumes: [{name: v, hostPath: {path: /etc, type: Directory}}], "
            "container: {image: i, command: [ls, /v], volumeMounts: [{name: v, mountPath: /v}]}}"
        )


def test_a_step_has_an_environment_of_its_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    leaf = f"""
- name: main
  {TMP}
  container:
    image: i
    command: [env]
    env:
    - {{name: HOME, value: /tmp}}
    - {{name: NEWSREEL_ADDRESSES, value: "gs://a/,gs://b/"}}
    - {{name: NEWSREEL_LOG, value: json}}
    - {{name: URL, value: "http://host/tmp"}}
    {MOUNT}
"""
    played = stage.play(leaf, environment={"NEWSREEL_ADDRESSES": "file:///out/", "NEWSREEL_KEEP_WORKSPACE": "1"})
    variables = dict(line.split("=", 1) for line in played.log("main").splitlines())
    assert variables.keys() <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "ARGO_PROGRESS_FILE", "URL", "NEWSREEL_ADDRESSES"),
        *("NEWSREEL_KEEP_WORKSPACE", "NEWSREEL_LOG", "LC_CTYPE", "SSL_CERT_FILE"),
    }
    assert variables["NEWSREEL_ADDRESSES"] == "file:///out/"
    assert variables["NEWSREEL_LOG"] == "text", "whoever reads it is a person"
    assert variables["URL"] == "http://host/tmp"
    assert variables["HOME"] == variables["TMPDIR"] != os.environ["HOME"]
    assert not Path(variables["HOME"]).exists(), "its folders are removed with it"


def test_steps_do_not_share_a_scratch_folder_and_leave_nothing(stage: Stage) -> None:
    leaf = f"- {{name: a, {TMP}, container: {{image: i, command: [sh, -c, 'ls /tmp; touch /tmp/mine'], {MOUNT}}}}}\n"
    played = stage.play(dag("name: one, template: a", "name: two, template: a, depends: one") + leaf)
    assert played.log("one") == played.log("two") == ""
    assert sorted(path.name for path in (stage.home / "ssd").iterdir()) == [".budget-r1.lock"]


def test_the_command_python_is_the_one_asked_for(stage: Stage) -> None:
    played = stage.play("- {name: main, container: {image: i, command: [python, -m, steps]}}", python="/bin/echo")
    assert played.log("main") == "-m steps\n"


def test_a_program_that_is_missing_is_named(stage: Stage) -> None:
    played = stage.play("- {name: main, container: {image: i, command: [no-such-program]}}")
    assert played.result.exit_status == 127
    assert "no-such-program" in played.result.message
