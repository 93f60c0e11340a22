"""`anchor`: a story's directory exists exactly as long as its anchor, however that ends."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsreel.errors import Conflict
from newsreel.workspace import LEASE, Workspace
from steps.anchor.program import ROOT_LOCK, delete_abandoned, lease_directory

pytestmark = pytest.mark.slow

TIMEOUT = 20.0
STOPPED = 128 + signal.SIGTERM


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


@contextmanager
def anchored(directory, keep=False, command=(sys.executable, "-m", "steps")):
    """An anchor process that is ready."""
    environment = {**os.environ, "NEWSREEL_KEEP_WORKSPACE": "1" if keep else ""}
    process = subprocess.Popen([*command, "anchor", "--workspace", str(directory)], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (directory / LEASE).exists() or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.wait()


def terminate(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(TIMEOUT)


def names(root):
    return sorted(path.name for path in root.iterdir() if path.name != ROOT_LOCK)


def test_the_directory_is_deleted_with_its_anchor(tmp_path):
    with anchored(tmp_path / "story") as anchor:
        Workspace(tmp_path / "story")
        (tmp_path / "story" / "deep" / "er").mkdir(parents=True)
        (tmp_path / "story" / "deep" / "er" / "file").touch()
        assert terminate(anchor) == STOPPED
    assert names(tmp_path) == []


def test_keeping_the_workspace_deletes_only_the_lease(tmp_path):
    (tmp_path / "other").mkdir()
    with anchored(tmp_path / "story", keep=True) as anchor:
        (tmp_path / "story" / "file").touch()
        assert terminate(anchor) == 0
    assert names(tmp_path) == ["other", "story"]
    assert names(tmp_path / "story") == ["file"]


def test_the_next_anchor_deletes_what_a_killed_one_left(tmp_path):
    with anchored(tmp_path / "dead") as anchor:
        (tmp_path / "dead" / "file").touch()
        anchor.kill()
        anchor.wait()
    assert names(tmp_path) == ["dead"]
    with anchored(tmp_path / "living"):
        assert names(tmp_path) == ["living"]


def test_a_leased_directory_is_never_deleted(tmp_path):
    with anchored(tmp_path / "first"), anchored(tmp_path / "second"):
        assert names(tmp_path) == ["first", "second"]


def test_two_runs_of_one_story_do_not_share_a_directory(tmp_path):
    with lease_directory(tmp_path / "story", "first", keep=True):
        with pytest.raises(Conflict, match="another run"), lease_directory(tmp_path / "story", "second", keep=True, seconds=0.2):
            pass
        assert (tmp_path / "story" / LEASE).exists()


def test_the_next_run_waits_for_the_last_to_end(tmp_path):
    with anchored(tmp_path / "story") as last:
        last.send_signal(signal.SIGTERM)
        with lease_directory(tmp_path / "story", "next", keep=True, seconds=TIMEOUT) as workspace:
            last.wait(TIMEOUT)
            assert workspace.path(LEASE).exists()


def test_a_stale_lease_is_replaced(tmp_path):
    Workspace.lease(tmp_path / "story", "killed")
    (tmp_path / "story" / ".tmp-half").touch()
    with lease_directory(tmp_path / "story", "next", keep=True) as workspace:
        assert "next" in workspace.path(LEASE).read_text()
        assert not workspace.path(".tmp-half").exists()


def test_directories_that_are_no_storys_are_left_alone(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").touch()
    (tmp_path / "elsewhere").mkdir()
    Workspace.lease(tmp_path / "elsewhere" / "story", "x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "photos").symlink_to(tmp_path / "elsewhere" / "story")
    (root / "empty").mkdir()
    (root / "file").touch()
    assert delete_abandoned(tmp_path, but=tmp_path / "elsewhere") == []
    assert delete_abandoned(root, but=root / "mine") == []
    assert names(root) == ["file", "photos"]
    assert (tmp_path / "photos" / "holiday.jpg").exists()
    assert (tmp_path / "elsewhere" / "story" / LEASE).exists()


def test_an_interrupted_deletion_is_finished_by_the_next(tmp_path):
    (tmp_path / ".dead-x" / "story").mkdir(parents=True)
    delete_abandoned(tmp_path, but=tmp_path / "mine")
    assert names(tmp_path) == []


def test_a_fifo_or_symlink_as_lease_does_no_harm(tmp_path):
    (tmp_path / "story").mkdir()
    os.mkfifo(tmp_path / "story" / LEASE)
    victim = tmp_path / "victim"
    victim.write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / LEASE).symlink_to(victim)
    assert delete_abandoned(tmp_path, but=tmp_path / "mine") == ["other", "story"]
    assert victim.read_text() == "x"


ORPHAN = "import subprocess, sys; subprocess.Popen([sys.executable, '-m', 'steps', *sys.argv[1:]]); input()"


def test_an_anchor_whose_runner_was_killed_ends(tmp_path):
    story = tmp_path / "story"
    runner = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, "anchor", "--workspace", str(story)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    wait_until((story / LEASE).exists)
    runner.kill()
    runner.wait()
    wait_until(lambda: not story.exists())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory away")
def test_root_gives_the_directory_to_the_steps_user(tmp_path):
    with anchored(tmp_path / "story"):
        assert (tmp_path / "story").stat().st_uid == 65532
        assert Path(tmp_path / "story" / LEASE).stat().st_uid == 0
