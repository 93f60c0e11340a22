"""A container on one machine: its folders, environment and program."""

import errno
import os
from pathlib import Path

import pytest
from local_harness import MOUNT, TMP, Harness, dag

from workflows.local import DiskFull, InvalidWorkflow, WorkspaceInUse
from workflows.local.settings import disk_full_named
from workflows.local.workspace import scratch_folder


def test_a_host_path_outside_the_ssd_is_refused(harness: Harness) -> None:
    with pytest.raises(InvalidWorkflow, match="not under"):
        harness.run(
            "- {name: main, volumes: [{name: v, hostPath: {path: /etc, type: Directory}}], "
            "container: {image: i, command: [ls, /v], volumeMounts: [{name: v, mountPath: /v}]}}"
        )


def test_a_step_has_its_own_environment(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    template = f"""
- name: main
  {TMP}
  container:
    image: i
    command: [env]
    env:
    - {{name: HOME, value: /tmp}}
    - {{name: ADDRESSES, value: "gs://a/,gs://b/"}}
    - {{name: LOG_FORM, value: json}}
    - {{name: URL, value: "http://host/tmp"}}
    {MOUNT}
"""
    finished = harness.run(template, environment={"ADDRESSES": "file:///out/", "KEEP": "1", "LOG_FORM": "text"})
    variables = dict(line.split("=", 1) for line in finished.log("main").splitlines())
    assert variables.keys() <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "ARGO_PROGRESS_FILE", "URL", "ADDRESSES"),
        *("KEEP", "LOG_FORM", "LC_CTYPE", "SSL_CERT_FILE"),
    }
    assert variables["ADDRESSES"] == "file:///out/"
    assert variables["LOG_FORM"] == "text", "settings take precedence over the template"
    assert variables["URL"] == "http://host/tmp"
    assert variables["HOME"] == variables["TMPDIR"] != os.environ["HOME"]
    assert not Path(variables["HOME"]).exists(), "its folders are removed at its end"


def test_steps_share_no_scratch_folder_and_leave_nothing(harness: Harness) -> None:
    template = f"- {{name: a, {TMP}, container: {{image: i, command: [sh, -c, 'ls /tmp; touch /tmp/mine'], {MOUNT}}}}}\n"
    finished = harness.run(dag("name: one, template: a", "name: two, template: a, depends: one") + template)
    assert finished.log("one") == finished.log("two") == ""
    assert sorted(path.name for path in (harness.home / "ssd").iterdir()) == [".budget-r1.lock"]


def test_the_command_python_can_be_replaced(harness: Harness) -> None:
    finished = harness.run("- {name: main, container: {image: i, command: [python, -m, steps]}}", python="/bin/echo")
    assert finished.log("main") == "-m steps\n"


def test_a_missing_program_is_named(harness: Harness) -> None:
    finished = harness.run("- {name: main, container: {image: i, command: [no-such-program]}}")
    assert finished.result.exit_status == 127
    assert "no-such-program" in finished.result.message


MAX_SOCKET_PATH = 107
SOCKET_OF_A_STEP = "gentle-12345678/volumes/tmp/pymp-12345678/listener-12345678"


def test_a_deep_workspace_leaves_space_for_a_socket_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    deep = tmp_path / ("a-long-folder-name/" * 8) / "story"
    with scratch_folder(deep) as folder:
        assert len(str(folder / SOCKET_OF_A_STEP)) <= MAX_SOCKET_PATH
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_scratch_of_a_killed_run_is_removed_first(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        pass
    (folder / "left").mkdir(parents=True)
    with scratch_folder(tmp_path) as again:
        assert again == folder
        assert not any(again.iterdir())


def test_a_symbolic_link_as_scratch_folder_is_refused(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        pass
    (tmp_path / "precious").mkdir()
    folder.symlink_to(tmp_path / "precious")
    try:
        with pytest.raises(WorkspaceInUse, match="belongs to another user"), scratch_folder(tmp_path):
            pass
        assert (tmp_path / "precious").is_dir()
    finally:
        folder.unlink()


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    for number in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(DiskFull, match=f"^{tmp_path}: the disk is full"), disk_full_named(tmp_path):
            raise OSError(number, "no space")
    with pytest.raises(PermissionError), disk_full_named(tmp_path):
        raise PermissionError(errno.EACCES, "denied")
