"""Programs put sockets into their temporary folder: its path stays short wherever a newsroom keeps its work."""

from pathlib import Path

import pytest

from newsreel.errors import Conflict
from workflows.local.room import scratch_folder

LONGEST_SOCKET_PATH = 107
A_SOCKET_IN_A_STEP = "gentle-12345678/volumes/tmp/pymp-12345678/listener-12345678"


def test_a_deep_workspace_leaves_room_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    deep = tmp_path / ("a-long-folder-name/" * 8) / "story"
    with scratch_folder(deep) as folder:
        assert len(str(folder / A_SOCKET_IN_A_STEP)) <= LONGEST_SOCKET_PATH
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_what_a_killed_run_left_goes_first(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        pass
    (folder / "left").mkdir(parents=True)
    with scratch_folder(tmp_path) as again:
        assert again == folder
        assert not any(again.iterdir())


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        pass
    (tmp_path / "precious").mkdir()
    folder.symlink_to(tmp_path / "precious")
    try:
        with pytest.raises(Conflict, match="belongs to somebody else"), scratch_folder(tmp_path):
            pass
        assert (tmp_path / "precious").is_dir()
    finally:
        folder.unlink()
