"""The emitted manifests are executed as they are."""

import io
import sys
from pathlib import Path, PurePosixPath

import pytest
from local_harness import Harness, processes_mentioning

from tests.workflows.golden_manifests import write_manifests
from workflows.local import PlainDisplay, Result, run

pytestmark = pytest.mark.slow

FAKE_STEPS = Path(__file__).with_name("fake_steps.py")
WORK = ("init-story", "hibari", "gentle", "g2p", "dlib", "animate", "pix2pixhd", "compose", "publish")


def run_story(harness: Harness, profile: str = "embedded", shards: str = "1", **variables: str) -> tuple[Result, dict[str, str]]:
    program = harness.home / "python"
    program.write_text(f"#!{sys.executable} -IS\n{FAKE_STEPS.read_text()}")
    program.chmod(0o755)
    settings = harness.settings(
        host_path_root=PurePosixPath("/var/lib/kubelet/newsreel"),
        python=str(program),
        environment={"NEWSREEL_ADDRESSES": "file:///out/", "NEWSREEL_KEEP_WORKSPACE": "1", **variables},
        visibility_annotation="newsreel/shown",
        display=PlainDisplay(io.StringIO()),
    )
    arguments = {"story": "file:///tmp/budget.yaml", "finals": "file:///out/budget/", "shards": shards}
    manifests = harness.home / "manifests" / profile
    if not manifests.exists():
        write_manifests(profile, manifests)
    result = run(manifests, arguments, settings)
    return result, {step.name: step.phase for step in result.steps}


def log(harness: Harness, step: str) -> str:
    return (harness.home / "logs" / f"{step}.log").read_text()


def test_the_embedded_story_runs_from_check_to_report(harness: Harness) -> None:
    result, steps = run_story(harness)
    assert (result.status, result.message) == ("Succeeded", "")
    assert steps == dict.fromkeys(("check", *WORK, "report"), "Succeeded") | {"anchor": "Ready", "gentle service": "Ready"}
    assert log(harness, "report") == "file:///tmp/budget.yaml Succeeded\n"
    order = [step.name for step in result.steps]
    assert max(order.index("hibari"), order.index("g2p")) < order.index("gentle") < order.index("animate")
    assert order.index("dlib") < order.index("gentle service"), "dlib does not wait for the voice"
    assert processes_mentioning(str(harness.home)) == []


def test_a_published_story_is_skipped(harness: Harness) -> None:
    result, steps = run_story(harness, STATE="published")
    assert result.exit_status == 0
    assert steps == {"check": "Succeeded", "report": "Succeeded"} | dict.fromkeys(("anchor", *WORK), "Skipped")


def test_a_failed_step_ends_the_story_and_the_next_run_resumes(harness: Harness) -> None:
    result, steps = run_story(harness, FAIL="animate")
    assert (result.exit_status, result.message) == (2, "animate: wrong")
    assert (steps["animate"], steps["pix2pixhd"], steps["dlib"]) == ("Failed", "Omitted", "Succeeded")
    assert next(step for step in result.steps if step.name == "animate").tries == 1
    assert log(harness, "report").endswith(" Failed\n")
    assert run_story(harness)[0].exit_status == 0
    assert (log(harness, "g2p"), log(harness, "compose")) == ("unchanged\n", "worked\n")


def test_the_studio_story_runs_its_shards_in_parallel(harness: Harness) -> None:
    result, steps = run_story(harness, "studio", shards="3")
    assert result.exit_status == 0, result.message
    assert [steps[name] for name in ("waveglow", *(f"pix2pixhd {n}/3" for n in (1, 2, 3)))] == ["Succeeded"] * 4
    assert {path.name for path in (harness.home / "ssd" / "budget-r1").glob("pix2pixhd-*")} == {
        f"pix2pixhd-{k}-3" for k in range(3)
    }
