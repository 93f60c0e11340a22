"""`cluster/up`: what it costs is told first, nothing is done before a yes, and what fails says what to do."""

import json
import sys
from pathlib import Path

import pytest

from cluster.gke.__main__ import main
from newsreel.errors import BadInput, MissingProgram, Unavailable
from tests.cluster.gke.conftest import POOL


def cluster(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["cluster", *words])
    return main()


CHANGING = ("terraform -chdir", " create ", " update ", "get-credentials", " apply ")


def changes(programs):
    return [call for call in programs.calls if any(word in call for word in CHANGING)]


def test_the_cost_is_shown_first_and_no_means_no(programs, monkeypatch, answers, capsys):
    answers("no")
    assert cluster(monkeypatch, "up") == BadInput.exit_status
    said = capsys.readouterr()
    assert "a month without a story" in said.out and "a video, at 100 stories a day" in said.out
    assert "not quotes" in said.out and "ASSUMED, not measured" in said.out
    assert "0 to 60 g2-standard-8 in europe-west4-a with nvidia-l4, spot" in said.out
    assert "nothing was changed" in said.err and changes(programs) == []


def test_a_dry_run_says_each_step_and_changes_nothing(programs, monkeypatch, capsys):
    programs.answer("buckets describe", status=1)
    programs.answer("kubectl .* diff --server-side", errors='error: context "gke" does not exist\n', status=1)
    programs.answer("images list", "[]")
    cluster(monkeypatch, "up", "--dry-run")
    said = capsys.readouterr().out
    assert "$ gcloud storage buckets create gs://my-project-newsreel-terraform" in said
    assert "$ terraform -chdir=" in said and " apply " in said
    assert changes(programs) == []


def test_the_state_bucket_is_made_before_terraform_runs(programs, monkeypatch, tmp_path, capsys):
    programs.answer("buckets describe", status=1)
    programs.answer("images list", errors="NOT_FOUND", status=1)
    cluster(monkeypatch, "up", "--yes")
    order = [programs.place(part) for part in ("buckets create", "--versioning", " init ", " apply ", "get-credentials")]
    assert order == sorted(order)
    [applied] = programs.asked("terraform -chdir")[-1:]
    file = applied.partition("-var-file=")[2].partition(" ")[0]
    assert json.loads(Path(file).read_text())["story_pools"].keys() == {"l4-spot-a", "l4-spot-b", "l4-a"}
    assert applied.endswith("-auto-approve")


def test_without_yes_terraform_asks_for_approval(programs, monkeypatch, answers):
    answers("yes")
    programs.answer("terraform .*apply", errors="Error: apply cancelled\n", status=1)
    assert cluster(monkeypatch, "up") == Unavailable.exit_status
    assert "-auto-approve" not in programs.calls[-1]


def test_a_bucket_that_is_there_is_not_made_again(programs, monkeypatch):
    programs.answer("terraform .*apply", errors="Error: x\n", status=1)
    cluster(monkeypatch, "up", "--yes")
    assert programs.asked("buckets create") == []


def test_in_mode_cluster_what_lasts_is_made_and_no_cluster(programs, monkeypatch, tmp_path, capsys):
    pool = tmp_path / "newsreel.yaml"
    pool.write_text(POOL.replace("mode: pool ", "mode: cluster "))
    assert cluster(monkeypatch, "up", "--yes", "--config", str(pool)) == 0
    assert "the manager makes the cluster" in capsys.readouterr().out
    assert programs.asked("terraform") and not programs.asked("get-credentials")


def test_insufficient_quotas_are_reported_early(programs, monkeypatch, answers, capsys):
    answers("no")
    quotas = [{"metric": "NVIDIA_L4_GPUS", "limit": 8.0}, {"metric": "PREEMPTIBLE_NVIDIA_L4_GPUS", "limit": 120.0}]
    programs.answer("regions describe", json.dumps({"quotas": quotas}))
    cluster(monkeypatch, "up")
    said = capsys.readouterr().out
    assert "WARNING: quota NVIDIA_L4_GPUS in europe-west4 is 8, newsreel.yaml wants 60" in said and "PREEMPTIBLE" not in said


def test_unknown_quotas_do_not_stop_it(programs, monkeypatch, answers, capsys):
    answers("no")
    programs.answer("regions describe", errors="API [compute] not enabled on project\n", status=1)
    cluster(monkeypatch, "up")
    assert "it is unknown whether the quotas" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "errors", "told"),
    [
        ("gcloud auth list", "", "gcloud auth login"),
        ("projects describe", "ERROR: User [a] does not have permission to access projects\n", "may not do that"),
        ("terraform .*apply", "│ Error: Quota 'CPUS' exceeded. Limit: 24\n", "ask for more"),
    ],
)
def test_a_failure_is_one_actionable_line(programs, monkeypatch, capsys, program, errors, told):
    programs.answer(program, errors=errors, status=1 if errors else 0)
    assert cluster(monkeypatch, "up", "--yes") == BadInput.exit_status
    last = capsys.readouterr().err.splitlines()[-1]
    assert told in last and last.endswith("(exit 2)")


def test_half_done_it_goes_on_where_it_stopped(programs, monkeypatch, capsys):
    programs.answer("terraform .*apply", errors="│ Error: i/o timeout\n", status=1)
    assert cluster(monkeypatch, "up", "--yes") == Unavailable.exit_status
    programs.answer("terraform .*apply")
    programs.answer("images list", "[]")
    cluster(monkeypatch, "up", "--yes")
    assert len(programs.asked(" init ")) == 2 and programs.asked("get-credentials")


def test_a_program_that_is_not_there_is_named(programs, monkeypatch, capsys, tmp_path):
    (programs.folder / "terraform").unlink()
    monkeypatch.setenv("PATH", str(programs.folder))
    assert cluster(monkeypatch, "up", "--yes") == MissingProgram.exit_status
    assert "terraform is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(("rate", "told"), [("0/day", "no rate"), ("9999999/s", "more than the 2,000,000")])
def test_a_price_for_stories_that_cannot_be_is_refused_at_once(programs, monkeypatch, capsys, rate, told):
    assert cluster(monkeypatch, "up", "--stories", rate) == BadInput.exit_status
    assert told in capsys.readouterr().err and programs.calls == []


def test_an_invalid_newsreel_yaml_is_refused_first(programs, monkeypatch, tmp_path, capsys):
    pool = tmp_path / "newsreel.yaml"
    pool.write_text(POOL.replace("disk_gb: 100", "disk_gb: -1"))
    assert cluster(monkeypatch, "up", "--yes", "--config", str(pool)) == BadInput.exit_status
    assert "site.disk_gb: must be at least 50" in capsys.readouterr().err and programs.calls == []
