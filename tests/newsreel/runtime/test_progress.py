from pathlib import Path

import pytest

from newsreel.runtime.progress import Progress


def test_progress_is_written_as_argo_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("gentle", tmp_path / "progress")
    progress.set_total(7, "words")
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
    full.set_total(1, "words")
    assert full.total == 1


@pytest.mark.parametrize(("share", "of", "expected"), [(30, 1, ["15/30"]), (5, 2, ["1/2", "1/3"]), (1, 2, [None, "0/1"])])
def test_shards_divide_the_hundredths_of_their_step(tmp_path, monkeypatch, share, of, expected):
    monkeypatch.setenv("ARGO_PROGRESS_FILE", str(tmp_path / "progress"))
    monkeypatch.setenv("NEWSREEL_SHARE", str(share))
    for number, told in enumerate(expected):
        progress = Progress.from_environment("pix2pixhd", (number, of))
        progress.set_total(1046, "frames")
        progress.advance(523)
        progress.write()
        assert (tmp_path / "progress").read_text().splitlines() == ["523/1046", *([told] if told else [])]


def test_a_shard_without_anything_to_do_is_done(tmp_path: Path) -> None:
    progress = Progress("pix2pixhd", tmp_path / "progress", share=15)
    progress.set_total(0, "frames")
    assert (tmp_path / "progress").read_text() == "1/1\n15/15\n"
