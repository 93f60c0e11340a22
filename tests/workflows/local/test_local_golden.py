"""The manifests that ship run as they are."""

import io
import sys
from pathlib import Path

from local_stage import Stage, mentioning

from tests.workflows.golden_manifests import write_manifests
from workflows.local import LocalSettings, Result, run

PRETENDING = Path(__file__).with_name("pretending.py")
WORK = ("init-story", "hibari", "gentle", "g2p", "dlib", "animate", "pix2pixhd", "compose", "publish")


def play(stage: Stage, profile: str = "embedded", shards: str = "1", **variables: str) -> tuple[Result, dict[str, str]]:
    program = stage.home / "python"
    program.write_text(f"#!{sys.executable} -IS\n{PRETENDING.read_text()}")
    program.chmod(0o755)
    settings = LocalSettings(
        uid="budget-r1",
        ssd=stage.home / "ssd",
        logs=stage.home / "logs",
        python=str(program),
        environment={"NEWSREEL_ADDRESSES": "file:///out/", "NEWSREEL_KEEP_WORKSPACE": "1", **variables},
        stream=io.StringIO(),
    )
    arguments = {"story": "file:///tmp/budget.yaml", "finals": "file:///out/budget/", "shards": shards}
    manifests = stage.home / "manifests" / profile
    if not manifests.exists():
        write_manifests(profile, manifests)
    result = run(manifests, arguments, settings)
    return result, {step.step: step.status for step in result.steps}


def log(stage: Stage, step: str) -> str:
    return (stage.home / "logs" / f"{step}.log").read_text()


def test_the_embedded_story_runs_from_check_to_report(stage: Stage) -> None:
    result, steps = play(stage)
    assert (result.status, result.message) == ("Succeeded", "")
    assert steps == dict.fromkeys(("check", *WORK, "report"), "Succeeded") | {"anchor": "Ready", "gentle service": "Ready"}
    assert log(stage, "report") == "file:///tmp/budget.yaml Succeeded\n"
    order = [step.step for step in result.steps]
    assert max(order.index("hibari"), order.index("g2p")) < order.index("gentle") < order.index("animate")
    assert order.index("dlib") < order.index("gentle service"), "dlib does not wait for the voice"
    assert mentioning(str(stage.home)) == []


def test_what_is_published_is_not_made_again(stage: Stage) -> None:
    result, steps = play(stage, STATE="published")
    assert result.exit_status == 0
    assert steps == {"check": "Succeeded", "report": "Succeeded"} | dict.fromkeys(("anchor", *WORK), "Skipped")


def test_a_failed_step_ends_the_story_with_its_status_and_the_next_run_goes_on_from_there(stage: Stage) -> None:
    result, steps = play(stage, FAIL="animate")
    assert (result.exit_status, result.message) == (2, "animate: wrong")
    assert (steps["animate"], steps["pix2pixhd"], steps["dlib"]) == ("Failed", "Omitted", "Succeeded")
    assert next(step for step in result.steps if step.step == "animate").tries == 1
    assert log(stage, "report").endswith(" Failed\n")
    assert play(stage)[0].exit_status == 0
    assert (log(stage, "g2p"), log(stage, "compose")) == ("unchanged\n", "worked\n")


def test_the_studio_story_runs_the_same_way_its_shards_side_by_side(stage: Stage) -> None:
    result, steps = play(stage, "studio", shards="3")
    assert result.exit_status == 0, result.message
    assert [steps[name] for name in ("waveglow", *(f"pix2pixhd {n}/3" for n in (1, 2, 3)))] == ["Succeeded"] * 4
    assert {path.name for path in (stage.home / "ssd" / "budget-r1").glob("pix2pixhd-*")} == {
        f"pix2pixhd-{k}-3" for k in range(3)
    }
