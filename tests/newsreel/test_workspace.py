"""Files are complete or absent, and finished units are found again by their content keys."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput, DiskFull
from newsreel.files import write_atomically
from newsreel.workspace import LEASE, Workspace, work_key


@pytest.fixture
def workspace(tmp_path):
    return Workspace.lease(tmp_path / "work", "test")


def finish(workspace, key, content=b"x", names=("voice/00.wav",)):
    with workspace.atomic_outputs("voice", key, names) as drafts:
        for draft in drafts:
            draft.write_bytes(content)


def leftovers(workspace):
    return [*workspace.root.rglob(".tmp-*")]


def test_a_finished_unit_is_linked_and_found_again(workspace):
    names = ["final/landscape.mp4", "final/captions.vtt"]
    with workspace.atomic_outputs("compose", "k", names) as drafts:
        assert [draft.suffix for draft in drafts] == [".mp4", ".vtt"]
        for draft in drafts:
            draft.write_bytes(draft.suffix.encode())
    assert workspace.path(names[1]).read_bytes() == b".vtt"
    workspace.path(names[1]).unlink()
    assert workspace.link_unit("compose", "k", names)
    assert workspace.path(names[1]).read_bytes() == b".vtt"
    assert leftovers(workspace) == []


def test_work_that_fails_leaves_nothing(workspace):
    with pytest.raises(RuntimeError), workspace.atomic_outputs("voice", "k", ["voice/00.wav"]) as [draft]:
        draft.write_bytes(b"half")
        raise RuntimeError
    assert not workspace.path("voice/00.wav").exists()
    assert not workspace.link_unit("voice", "k", ["voice/00.wav"])
    assert leftovers(workspace) == []


def test_going_back_to_what_was_before_does_no_work(workspace):
    finish(workspace, "first", b"first")
    finish(workspace, "second", b"second")
    assert workspace.path("voice/00.wav").read_bytes() == b"second"
    assert workspace.link_unit("voice", "first", ["voice/00.wav"])
    assert workspace.path("voice/00.wav").read_bytes() == b"first"


def test_processes_may_finish_the_same_unit_at_once(workspace):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: finish(workspace, "k", b"same", (f"voice/{number:02d}.wav",)), range(8)))
    assert {path.read_bytes() for path in (workspace.root / "voice").iterdir()} == {b"same"}
    assert leftovers(workspace) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from newsreel.workspace import Workspace
with Workspace(Path(sys.argv[1])).atomic_outputs("voice", "k", ["voice/00.wav"]) as [draft]:
    draft.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_only_what_the_next_lease_clears(workspace):
    assert subprocess.run([sys.executable, "-c", KILLED, workspace.root], check=False).returncode == -9
    assert not workspace.path("voice/00.wav").exists()
    assert leftovers(workspace)
    assert not workspace.link_unit("voice", "k", ["voice/00.wav"])
    again = Workspace.lease(workspace.root, "again")
    assert leftovers(again) == []


def test_a_lease_keeps_finished_work_and_what_links_point_to(workspace, tmp_path):
    finish(workspace, "k")
    (tmp_path / "precious").mkdir()
    (workspace.root / ".tmp-link").symlink_to(tmp_path / "precious")
    Workspace.lease(workspace.root, "again")
    assert workspace.link_unit("voice", "k", ["voice/00.wav"])
    assert (tmp_path / "precious").exists()
    assert not (workspace.root / ".tmp-link").is_symlink()


def test_a_directory_without_a_lease_is_refused(tmp_path):
    with pytest.raises(BadInput, match="resubmit the story"):
        Workspace(tmp_path)


def test_a_file_is_replaced_whole_and_others_may_read_it(tmp_path):
    write_atomically(tmp_path / "deep" / "x", "one")
    write_atomically(tmp_path / "deep" / "x", b"two")
    assert (tmp_path / "deep" / "x").read_text() == "two"
    assert stat.S_IMODE((tmp_path / "deep" / "x").stat().st_mode) == 0o644
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x"]


FULL = """
import sys
from pathlib import Path
from newsreel.errors import DiskFull
from newsreel.workspace import LEASE, Workspace
root = Path(sys.argv[1])
(root / LEASE).touch()
try:
    with Workspace(root).atomic_outputs("voice", "k", ["voice/00.wav"]) as [draft]:
        draft.write_bytes(b"x" * (1 << 20))
except DiskFull as fault:
    print(fault, [path.name for path in root.rglob("*") if not path.is_dir()])
"""


def test_a_full_disk_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=64k none {disk}"
    private = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*private, mount], capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    done = subprocess.run(
        [*private, f'{mount} && "$0" -c "$1" {disk}', sys.executable, FULL], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{disk}: the disk is full; free some space and run the same command again ['{LEASE}']\n", done.stderr


def test_no_space_left_is_disk_full(workspace, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="free some space"):
        finish(workspace, "k")
    with pytest.raises(DiskFull):
        write_atomically(workspace.path("x"), b"")
    assert not workspace.path("voice/00.wav").exists()


SETTINGS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4)


@given(first=SETTINGS, second=SETTINGS)
def test_a_key_is_the_same_exactly_for_the_same_settings(first, second):
    keys = {work_key("s", 1, settings, []) for settings in (first, dict(reversed(first.items())))}
    assert len(keys) == 1
    assert (work_key("s", 1, second, []) in keys) == (first == second)


def test_a_key_changes_with_step_version_and_each_input_byte(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(path.name.encode())
    keys = {
        work_key("s", 1, {}, paths),
        work_key("s", 2, {}, paths),
        work_key("t", 1, {}, paths),
        work_key("s", 1, {}, paths[::-1]),
        work_key("s", 1, {}, paths[:1]),
    }
    paths[1].write_bytes(b"c")
    assert len(keys | {work_key("s", 1, {}, paths)}) == 6
