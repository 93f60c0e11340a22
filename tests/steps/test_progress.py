from pathlib import Path

import pytest

from steps.progress import Progress


def test_progress_is_told_as_argo_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("gentle", tmp_path / "progress")
    progress.expect(7, "words")
    assert progress.path and progress.path.read_text() == "0/7\n"
    progress.skip(3, "scene 01")
    with progress.unit("scene 02", 4):
        progress.advance(1)
    assert progress.path.read_text() == "7/7\n"
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "gentle: scene 01: unchanged"
    assert told[1].startswith("gentle: scene 02: 4 words in ")


def test_a_full_disk_does_not_make_progress_a_defect() -> None:
    full = Progress("gentle", Path("/proc/nothing/can/be/written/here"))
    full.expect(1, "words")
    assert full.total == 1
