"""How a step runs: only unfinished units are worked on, and the AI system starts only for those."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import Resources, Step, Unit, UnitWork, run_step, select_shard
from newsreel.workspace import Workspace, read_unit_metadata

SHOUT = Step(
    name="shout", stage="shouting", purpose="texts in capitals", image="shout", resources=Resources(cpu="1", memory="1Gi"),
    progress_unit="texts",
)  # fmt: skip


class Shouting:
    """A step that writes texts in capitals, and a memory of what it was asked to do."""

    def __init__(self):
        self.starts, self.worked, self.fail_at = 0, [], None
        self.unit_work = UnitWork(version=1, plan=self.plan, start=self.start, work=self.work)

    def plan(self, workspace):
        for number in range(4):
            yield Unit(name=f"text {number}", reads=(f"in/{number}",), writes=(f"out/{number}",), cost=2)

    @contextmanager
    def start(self, workspace):
        self.starts += 1
        yield str.upper

    def work(self, unit, workspace, system, drafts, progress):
        if unit.name == self.fail_at:
            raise RuntimeError(unit.name)
        self.worked.append(unit.name)
        drafts[0].write_text(system(workspace.path(unit.reads[0]).read_text()))
        progress.advance(1)


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace.lease(tmp_path / "work", "test")
    for number in range(4):
        write_atomically(workspace.path(f"in/{number}"), f"text {number}")
    return workspace


@pytest.fixture
def progress(tmp_path):
    return Progress("shout", tmp_path / "progress")


@pytest.fixture
def shouting():
    return Shouting()


def test_everything_is_done_once(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert [workspace.path(f"out/{number}").read_text() for number in range(4)] == [f"TEXT {number}" for number in range(4)]
    assert progress.path.read_text() == "8/8\n"


def test_a_second_run_does_not_even_start_the_system(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    run_step(SHOUT, shouting.unit_work, workspace, Progress("shout", progress.path))
    assert (shouting.starts, len(shouting.worked)) == (1, 4)
    assert progress.path.read_text() == "8/8\n"


def test_a_stopped_run_resumes_where_it_stopped(shouting, workspace, progress):
    shouting.fail_at = "text 2"
    with pytest.raises(RuntimeError):
        run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert not workspace.path("out/2").exists()
    shouting.fail_at = None
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert shouting.worked == ["text 0", "text 1", "text 2", "text 3"]


def test_a_changed_input_is_the_only_one_worked_on(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    shouting.worked.clear()
    write_atomically(workspace.path("in/1"), "other")
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert shouting.worked == ["text 1"]
    assert workspace.path("out/1").read_text() == "OTHER"


def test_a_new_version_does_all_again(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    run_step(SHOUT, replace(shouting.unit_work, version=2), workspace, progress)
    assert len(shouting.worked) == 8


def test_another_release_of_its_system_does_all_again(shouting, workspace, progress, tmp_path, monkeypatch):
    shouting.unit_work = replace(shouting.unit_work, packages=("loudspeaker",))
    for release, done in [("1.0", 4), ("1.0", 4), ("1.1", 8)]:
        sheet = tmp_path / release / "loudspeaker.dist-info" / "METADATA"
        write_atomically(sheet, f"Metadata-Version: 2.1\nName: loudspeaker\nVersion: {release}\n")
        monkeypatch.syspath_prepend(sheet.parent.parent)
        run_step(SHOUT, shouting.unit_work, workspace, progress)
        assert len(shouting.worked) == done


def test_an_output_somebody_removed_comes_back_without_work(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    workspace.path("out/3").unlink()
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert workspace.path("out/3").read_text() == "TEXT 3"
    assert shouting.starts == 1


@pytest.mark.parametrize("of", [1, 2, 3, 5])
def test_shards_do_everything_between_them_and_nothing_twice(shouting, workspace, progress, of):
    for number in range(of):
        run_step(SHOUT, shouting.unit_work, workspace, progress, (number, of))
    assert sorted(shouting.worked) == [f"text {number}" for number in range(4)]


@given(costs=st.lists(st.integers(1, 300), max_size=40), of=st.integers(1, 8))
def test_no_share_is_larger_than_another_by_more_than_one_unit(costs, of):
    units = [Unit(name=str(number), reads=(), writes=(), cost=cost) for number, cost in enumerate(costs)]
    shares = [select_shard(units, number, of) for number in range(of)]
    assert sorted(int(unit.name) for part in shares for unit in part) == list(range(len(costs)))
    assert all([int(unit.name) for unit in part] == sorted(int(unit.name) for unit in part) for part in shares)
    loads = [sum(unit.cost for unit in part) for part in shares]
    assert max(loads) - min(loads) <= max(costs, default=0)


def test_progress_is_what_argo_reads_and_never_more_than_all(tmp_path, capsys):
    progress = Progress("shout", tmp_path / "progress")
    progress.set_total(3, "texts")
    with progress.unit("a", 2):
        progress.advance(5)
    assert (tmp_path / "progress").read_text() == "2/3\n"
    progress.advance(9)
    progress.write()
    assert (tmp_path / "progress").read_text() == "3/3\n"
    assert capsys.readouterr().err.startswith("shout: a: 2 texts in ")


def test_metadata_is_reported_by_later_runs(shouting, workspace, progress, tmp_path):
    honest = shouting.work

    def work(unit, workspace, system, drafts, progress):
        progress.add_remark(unit.name, f"{unit.name} was hard to read")
        honest(unit, workspace, system, drafts, progress)

    shouting.unit_work = replace(shouting.unit_work, work=work)
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    first = list(read_unit_metadata(workspace.root))
    assert [(record.step, record.unit, record.cost, record.counts) for record in first] == [
        ("shout", f"text {number}", 2, "texts") for number in range(4)
    ]
    assert first[2].remarks == ("text 2 was hard to read",)
    for path in workspace.path("made/shout").iterdir():
        path.unlink()
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert list(read_unit_metadata(workspace.root)) == first


def test_metadata_of_unplanned_units_is_removed(shouting, workspace, progress):
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    shouting.unit_work = replace(shouting.unit_work, plan=lambda workspace: list(shouting.plan(workspace))[:2])
    run_step(SHOUT, shouting.unit_work, workspace, progress)
    assert [record.unit for record in read_unit_metadata(workspace.root)] == ["text 0", "text 1"]
