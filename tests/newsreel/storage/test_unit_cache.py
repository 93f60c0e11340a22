"""Units of one revision are restored for the next, and nothing in the cache is trusted."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsreel.errors import DiskFull
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import Resources, Step, Unit, UnitWork, run_step
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.storage.unit_cache import restore_units, save_units
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.__main__ import main
from tests.made_stories import STORY

PROGRESS = Progress("test", None)


class Chain:
    """Two steps, the second of what the first has made; they remember what they were asked to do."""

    def __init__(self):
        self.worked = []
        self.steps = [self.step("shout", "in", "loud", str.upper), self.step("turn", "loud", "turned", lambda text: text[::-1])]

    def step(self, name, reads, writes, system):
        def plan(workspace):
            for path in sorted(workspace.path("in").iterdir()):
                files = {"reads": (f"{reads}/{path.name}",), "writes": (f"{writes}/{path.name}", f"{writes}/{path.name}.size")}
                yield Unit(name=f"text {path.name}", cost=1, **files)

        @contextmanager
        def start(workspace):
            yield system

        def work(unit, workspace, system, drafts, progress):
            self.worked.append((name, unit.name))
            made = system(workspace.path(unit.reads[0]).read_text())
            drafts[0].write_text(made)
            drafts[1].write_text(str(len(made)))

        resources = Resources(cpu="1", memory="1Gi")
        declared = Step(name=name, stage=name, purpose="texts", image=name, resources=resources, progress_unit="texts")
        return declared, UnitWork(version=1, plan=plan, start=start, work=work)

    def run(self, workspace):
        """What had to be worked on."""
        self.worked.clear()
        for step, unit_work in self.steps:
            run_step(step, unit_work, workspace, PROGRESS)
        return list(self.worked)


@pytest.fixture(params=["bucket", "folder"])
def units(request, tmp_path):
    """Where finished work is kept."""
    if request.param == "bucket":
        return Address.parse(f"{request.getfixturevalue('bucket')}/units")
    return Address.parse(f"file:{tmp_path / 'units'}")


@pytest.fixture
def machine(tmp_path):
    """Make the directory of a revision on a machine of its own, with these texts in it."""

    def make(name, revision, *texts):
        workspace = Workspace.lease(tmp_path / name, "test")
        workspace.set_story(Story.model_validate(STORY | {"revision": revision}))
        for number, text in enumerate(texts):
            write_atomically(workspace.path(f"in/{number}"), text)
        return workspace

    return make


@pytest.fixture
def chain():
    return Chain()


def bring_to(workspace, units):
    restore_units(workspace, workspace.story, units, PROGRESS)


def kept_files(units):
    return [name for name in storage(units).names(units) if name.startswith("files/")]


def storage(units):
    from newsreel.storage.address import AllowList

    return Storage(AllowList(prefixes=(units,)))


def test_on_another_machine_only_changes_are_worked_on(units, machine, chain):
    first = machine("first", 1, "one", "two", "three")
    chain.run(first)
    save_units(first, units, PROGRESS)
    second = machine("second", 2, "one", "2", "three")
    bring_to(second, units)
    assert chain.run(second) == [("shout", "text 1"), ("turn", "text 1")]
    assert [second.path(f"turned/{number}").read_text() for number in range(3)] == ["ENO", "2", "EERHT"]
    save_units(second, units, PROGRESS)
    third = machine("third", 3, "one", "2", "three")
    bring_to(third, units)
    assert chain.run(third) == []


def test_the_newest_earlier_revision_is_restored(units, machine, chain):
    for revision, text in ((1, "one"), (2, "two"), (10, "ten")):
        workspace = machine(f"r{revision}", revision, text)
        chain.run(workspace)
        save_units(workspace, units, PROGRESS)
    again = machine("again", 9, "two")
    bring_to(again, units)
    assert chain.run(again) == []
    older = machine("older", 9, "one")
    bring_to(older, units)
    assert chain.run(older) != []


def test_each_content_is_stored_once(units, machine, chain):
    first = machine("first", 1, "same", "same")
    chain.run(first)
    save_units(first, units, PROGRESS)
    kept = kept_files(units)
    assert len(kept) == 2 + 1 + 2, "SAME and EMAS, 4, and a record of each"
    save_units(first, units, PROGRESS)
    assert kept_files(units) == kept


def test_two_runs_of_one_revision_may_both_save(units, machine, chain):
    for name in ("run", "successor"):
        workspace = machine(name, 1, "one", *(["two"] if name == "successor" else []))
        chain.run(workspace)
        save_units(workspace, units, PROGRESS)
    second = machine("second", 2, "one")
    bring_to(second, units)
    assert chain.run(second) == []


@pytest.mark.parametrize("harm", ["removed", "damaged", "cut"])
def test_only_missing_or_damaged_units_are_done_again(harm, machine, chain, tmp_path, capsys):
    units = Address.parse(f"file:{tmp_path / 'units'}")
    first = machine("first", 1, "one", "two")
    chain.run(first)
    save_units(first, units, PROGRESS)
    [path] = [path for path in (tmp_path / "units/files").iterdir() if path.read_text() == "TWO"]
    {"removed": path.unlink, "damaged": lambda: path.write_text("OWT"), "cut": lambda: path.write_text("TW")}[harm]()
    second = machine("second", 2, "one", "two")
    bring_to(second, units)
    told = capsys.readouterr().err
    assert "restored from revision 1: 3 units, 0.0 MB in " in told
    assert "; 1 are missing or damaged" in told
    assert chain.run(second) == [("shout", "text 1")]
    assert second.path("loud/1").read_text() == "TWO"


def test_an_unusable_cache_does_not_fail_the_story(bucket, machine, chain, tmp_path, capsys):
    (tmp_path / "file").touch()
    units = Address.parse(f"file:{tmp_path / 'file'}")
    first = machine("first", 1, "one")
    chain.run(first)
    save_units(first, units, PROGRESS)
    assert "the next revision will be rendered as a whole: file:" in capsys.readouterr().err
    nothing = Address.parse("gs://newsreel-no-such-bucket")
    save_units(first, nothing, PROGRESS)
    bring_to(first, nothing)
    assert len([line for line in capsys.readouterr().err.splitlines() if "no-such-bucket" in line]) == 2


GOOD = {"step": "shout", "key": "0" * 40, "files": [{"sha256": "0" * 64, "size": 1}]}


@pytest.mark.parametrize(
    "units_listed",
    [
        [GOOD | {"step": "../../outside"}],
        [GOOD | {"step": "/outside"}],
        [GOOD | {"key": "../" * 13 + "x"}],
        [GOOD | {"files": [{"sha256": "../../../../etc/passwd", "size": 1}]}],
        [GOOD | {"files": [{"sha256": "0" * 64, "size": -1}]}],
        [GOOD | {"files": []}],
        [GOOD | {"files": [{"sha256": "0" * 64, "size": 9 << 30}] * 2}],
        [GOOD] * 10_001,
        "units",
        None,
    ],
)
def test_a_foreign_list_restores_nothing(units_listed, machine, tmp_path, capsys):
    desk = tmp_path / "units/stories/budget"
    desk.mkdir(parents=True)
    (desk / "r1.json").write_text(json.dumps({"units": units_listed}))
    workspace = machine("second", 2, "one")
    before = sorted(tmp_path.rglob("*"))
    bring_to(workspace, Address.parse(f"file:{tmp_path / 'units'}"))
    assert "cannot be restored and are rendered anew" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_fails_the_restore(machine, chain, tmp_path, monkeypatch):
    units = Address.parse(f"file:{tmp_path / 'units'}")
    first = machine("first", 1, "one")
    chain.run(first)
    save_units(first, units, PROGRESS)
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    honest = Storage.copy
    monkeypatch.setattr(Storage, "copy", lambda self, address, into, at_most: honest(self, address, full, at_most=at_most))
    with full, pytest.raises(DiskFull):
        bring_to(machine("second", 2, "one"), units)


def test_publish_saves_and_init_story_restores(newsroom, monkeypatch, tmp_path, chain, capsys):
    units = tmp_path / "units"
    monkeypatch.setenv("NEWSREEL_UNITS", f"file:{units}")
    root = newsroom.finished_workspace()
    (root / "in").mkdir()
    (root / "in/0").write_text("one")
    chain.run(Workspace(root))
    assert newsroom.publish(root) == 0
    newsroom.document["revision"] = 2
    newsroom.save()
    elsewhere = Workspace.lease(tmp_path / "elsewhere", "test")
    arguments = ["--story", newsroom.story, "--workspace", str(elsewhere.root), "--shards-file", str(tmp_path / "shards.json")]
    assert main(["init-story", *arguments]) == 0
    assert "restored from revision 1: 2 units, 0.0 MB in " in capsys.readouterr().err
    write_atomically(elsewhere.path("in/0"), "one")
    assert chain.run(elsewhere) == []
