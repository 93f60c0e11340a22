"""What fails is tried again where the document says so, and what takes too long is stopped."""

import pytest
from local_stage import Stage, dag, script

pytestmark = pytest.mark.slow

RETRY = (
    "retryStrategy: {limit: '2', retryPolicy: Always, expression: asInt(lastRetry.exitCode) == 75, "
    "backoff: {duration: 10ms, factor: 2}}"
)


@pytest.mark.parametrize(("statuses", "tries", "ended"), [("75 0", 2, 0), ("75 75 75 0", 3, 75), ("2 0", 1, 2), ("75 4 0", 2, 4)])
def test_a_step_is_tried_again_only_after_the_statuses_listed(stage: Stage, statuses: str, tries: int, ended: int) -> None:
    book = stage.home / "tries"
    played = stage.play(
        script("main", f"echo x >> {book}; set -- {statuses}; shift $(($(wc -l < {book}) - 1)); echo try; exit $1", f", {RETRY}")
    )
    assert book.read_text().count("x") == tries == played.result.steps[0].tries
    assert played.result.exit_status == ended
    assert played.log("main") == "try\n" * tries
    assert played.said.count("again in") == tries - 1


@pytest.mark.parametrize(
    ("policy", "tries"), [("retryPolicy: OnError", 1), ("retryPolicy: OnFailure", 2), ("retryPolicy: Always", 2), ("", 2)]
)
def test_the_policy_says_which_ends_are_tried_again(stage: Stage, policy: str, tries: int) -> None:
    fields = ", ".join(field for field in ("limit: 1", policy) if field)
    played = stage.play(script("main", "exit 1", f", retryStrategy: {{{fields}}}"))
    assert played.result.steps[0].tries == tries


def test_a_whole_dag_is_tried_again_but_not_where_another_node_is_wanted(stage: Stage) -> None:
    for elsewhere, tries in (("", 2), (", affinity: {nodeAntiAffinity: {}}", 1)):
        book = stage.home / f"tries{tries}"
        played = stage.play(
            dag("name: a, template: a", more=f", retryStrategy: {{limit: 3, retryPolicy: Always{elsewhere}}}")
            + script("a", f"echo x >> {book}; test $(wc -l < {book}) = 2")
        )
        assert book.read_text().count("x") == tries
        assert played.result.exit_status == (tries == 1)


def test_a_step_that_hangs_is_stopped_at_its_deadline(stage: Stage) -> None:
    played = stage.play(script("main", "sleep 1000 & sleep 1000", f", activeDeadlineSeconds: 1, {RETRY}"))
    assert played.result.exit_status == 75
    assert played.result.steps[0].tries == 1, "its exit status is not one that is tried again, in Argo neither"
    assert "activeDeadlineSeconds" in played.result.message


def test_the_deadline_of_the_whole_still_lets_the_hook_report(stage: Stage) -> None:
    played = stage.play(
        dag("name: a, template: a") + script("a", "sleep 1000") + script("bye", "echo {{workflow.status}}"),
        "activeDeadlineSeconds: 1\nonExit: bye",
    )
    assert played.log("bye") == "Failed\n"
    assert (played.result.exit_status, played.steps["a"]) == (75, "Stopped")
