"""`newsreel submit`: one story, one run, whatever is done twice; nothing half done, and one line for what is wrong."""

import hashlib
import json

import pytest

from cli.submission import USUAL_FINALS, USUAL_STORIES
from newsreel.config.settings import Settings
from newsreel.runtime.failure import Failure
from newsreel.story.source import read_story
from tests.cli.newsdesk import EDITORS


def end(server, name, phase, **status):
    """What Argo writes when a workflow is over."""
    server.workflow(name)["status"] = {"phase": phase, "finishedAt": "2026-05-03T12:01:00Z", **status}


def pod(step, phase, status=None, **told):
    return {"type": "Pod", "templateName": step, "phase": phase, "startedAt": "2026-05-03T12:00:00Z"} | told | (
        {"outputs": {"exitCode": status}} if status else {}
    )  # fmt: skip


def test_workflow_refers_to_the_installed_template(desk, stored, bucket):
    status, said, errors = desk.submit("--priority", "breaking")
    assert (status, errors) == (0, "")
    assert said == "budget-r1: submitted; `newsreel status budget-r1` shows its progress\n"
    workflow = desk.server.workflow("budget-r1")
    generation = stored()["stories/budget/r1.json"][1]
    shown = workflow["spec"].pop("workflowMetadata")["annotations"]
    assert "The budget" in shown["workflows.argoproj.io/title"]
    assert f"{bucket.removeprefix('gs://')}/finals/budget/r1" in shown["workflows.argoproj.io/description"]
    assert workflow["spec"] == {
        "workflowTemplateRef": {"name": "story"},
        "priority": 1000,
        "arguments": {
            "parameters": [
                {"name": "story", "value": f"{bucket}/stories/budget/r1.json#{generation}"},
                {"name": "finals", "value": f"{bucket}/finals"},
                {"name": "priority", "value": "breaking"},
            ]
        },
    }
    assert workflow["metadata"]["labels"] == {
        "app.kubernetes.io/part-of": "newsreel",
        "newsreel/story": "budget",
        "newsreel/revision": "1",
        "newsreel/priority": "breaking",
    }


def test_saved_pictures_are_named_by_content(desk, stored):
    desk.submit()
    objects = stored()
    document = objects.pop("stories/budget/r1.json")[0]
    assert json.loads(objects.pop("stories/budget/r1.order.json")[0])["priority"] == "normal"
    story = read_story(document, "r1.json")
    assert [scene.narration for scene in story.scenes] == ["The council agreed on its budget.", "It was late at night."]
    pictures = [(desk.folder / "pictures" / name).read_bytes() for name in ("one.png", "two.jpg")]
    names = [f"pictures/{hashlib.sha256(picture).hexdigest()[:20]}" for picture in pictures]
    assert [scene.picture.file for scene in story.scenes] == [f"{names[0]}.png", f"{names[1]}.jpg"]
    assert {name: content for name, (content, _) in objects.items()} == {
        f"stories/budget/{names[0]}.png": pictures[0],
        f"stories/budget/{names[1]}.jpg": pictures[1],
    }


def test_the_same_story_twice_is_one_run_and_one_line(desk, stored):
    desk.submit()
    before, workflow = stored(), json.dumps(desk.server.workflow("budget-r1"))
    desk.story.write_text("# a remark makes no other story\n" + desk.story.read_text())
    assert desk.submit() == (0, "budget-r1: was submitted before, nothing to do: Waiting\n", "")
    assert (stored(), json.dumps(desk.server.workflow("budget-r1"))) == (before, workflow)
    assert desk.server.names("workflows") == ["budget-r1"]


def test_other_story_of_same_name_is_refused(desk, stored):
    desk.submit()
    before = stored()
    desk.story.write_text(desk.story.read_text().replace("The budget", "Another budget"))
    status, said, told = desk.submit()
    assert (status, said, told.count("\n")) == (3, "", 1)
    assert told.startswith(f"{desk.bucket}/stories/budget/r1.json: other content is already there")
    assert "raise the revision (exit 3)" in told
    assert stored() == before


def test_name_taken_by_another_story_is_refused(desk):
    parameters = [{"name": "story", "value": "gs://other/x.yaml"}, {"name": "finals", "value": f"{desk.bucket}/finals"}]
    desk.server.put("workflows", "budget-r1", spec={"arguments": {"parameters": parameters}})
    status, _, told = desk.submit()
    assert (status, told) == (
        3,
        "budget-r1: this revision was submitted before with other content; raise the revision (exit 3)\n",
    )


def test_a_revision_that_goes_elsewhere_is_refused(desk):
    desk.submit()
    status, _, told = desk.submit("--to", f"{desk.bucket}/elsewhere")
    assert (status, told) == (
        3,
        f"budget-r1: this revision was submitted before to {desk.bucket}/finals; raise the revision (exit 3)\n",
    )


def test_a_story_that_failed_before_says_why_and_what_to_do(desk):
    desk.submit()
    refusal = Failure(step="animate", exit_status=2, message="too quick").encode()
    nodes = {"a": {"type": "DAG", "outputs": {"parameters": [{"name": "refusal", "value": refusal}]}}}
    end(desk.server, "budget-r1", "Failed", nodes=nodes)
    status, said, _ = desk.submit()
    assert (status, said.count("\n")) == (0, 1)
    assert "was submitted before and ended as Failed: animate: too quick; mend it and raise the revision" in said


def test_a_raised_revision_shares_the_pictures_it_has_in_common(desk, stored):
    desk.submit()
    before = stored()
    desk.story.write_text(desk.story.read_text().replace("revision: 1", "revision: 2"))
    assert desk.submit()[0] == 0
    after = stored()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"stories/budget/r2.json", "stories/budget/r2.order.json"}


def test_wrong_story_is_refused_before_anything_is_saved(desk, stored):
    (desk.folder / "pictures" / "one.png").unlink()
    desk.story.write_text(desk.story.read_text().replace("maya", "nobody"))
    status, _, told = desk.submit()
    assert status == 2
    assert [line.split(" ")[0] for line in told.splitlines()] == ["story.yaml:", "story.yaml:4:", "story.yaml:9:"]
    assert (stored(), desk.server.names("workflows")) == ({}, [])


def test_interrupted_submission_is_completed_by_the_next(desk, stored):
    desk.server.down = True
    status, _, told = desk.submit()
    assert (status, told) == (75, "the cluster cannot answer now: 503 the server is going down (exit 75)\n")
    saved = stored()
    assert "stories/budget/r1.json" in saved
    desk.server.down = False
    assert desk.submit()[0] == 0
    assert stored() == saved


@pytest.mark.parametrize(
    ("changed", "status", "expected"),
    [
        ({"KUBECONFIG": "/nowhere", "HOME": "/nowhere"}, 2, "no cluster: no configuration found; set KUBECONFIG, or run"),
        ({"NEWSREEL_STORIES": "file:/tmp"}, 2, "file:/tmp: a cluster reads stories from a bucket; name one as gs://bucket"),
        ({"NEWSREEL_STORIES": "gs://Not A Bucket"}, 2, "a bucket's name is"),
        ({"NEWSREEL_STORIES": "gs://not-there-at-all"}, 2, "there is no such object or bucket"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_line_that_says_what_to_do(desk, changed, status, expected):
    found, said, told = desk.submit(**changed)
    assert (found, said, told.count("\n")) == (status, "", 1), told
    assert expected in told


def test_a_person_without_the_role_gets_its_name(desk, tmp_path):
    stranger = str(desk.server.kubeconfig(tmp_path, "stranger"))
    for command, doing in (
        (["submit", "story.yaml"], "submit a story"),
        (["status"], "look at stories"),
        (["logs", "x"], "look at stories"),
    ):
        status, said, told = desk.newsreel(*command, KUBECONFIG=stranger)
        assert (status, said, told.count("\n")) == (2, "", 1)
        assert told.startswith(f"you may not {doing} in namespace newsreel; ask for its role newsreel-editor (")


def test_a_cluster_that_is_not_there_is_said_to_be_away(desk, tmp_path):
    path = desk.server.kubeconfig(tmp_path, "away")
    path.write_text(path.read_text().replace(str(desk.server.port), "9"))
    status, _, told = desk.newsreel("status", KUBECONFIG=str(path))
    assert (status, told.count("\n")) == (75, 1)
    assert told.startswith("the cluster at http://127.0.0.1:9 does not answer: ")


def test_wait_follows_the_successor(desk):
    desk.submit()
    end(desk.server, "budget-r1", "Failed", message="Stopped with strategy 'Terminate'")
    first = desk.server.workflow("budget-r1")
    labels = {**first["metadata"]["labels"], "newsreel/run": "2", "newsreel/origin": "budget-r1"}
    desk.server.put("workflows", "budget-r1-t2", metadata={"labels": labels}, spec=first["spec"])
    end(desk.server, "budget-r1-t2", "Succeeded")
    status, said, _ = desk.submit("--wait")
    assert status == 0
    assert said.splitlines()[-1] == f"{desk.bucket}/finals/budget/r1"


@pytest.mark.parametrize(("exit_status", "expected"), [("2", 2), ("75", 75), (None, 1)])
def test_waiting_for_a_story_that_fails_ends_as_its_step_did(desk, exit_status, expected):
    desk.submit()
    nodes = {"a": pod("check", "Failed", exit_status, message="Error (exit code 2)")}
    end(desk.server, "budget-r1", "Failed", nodes=nodes)
    status, _, told = desk.submit("--wait")
    assert status == expected
    assert told == f"budget-r1: check: Error (exit code 2) (exit {expected})\n"


def test_commands_use_the_rights_of_an_editor(desk):
    desk.submit()
    labels = {"workflows.argoproj.io/workflow": "budget-r1", "newsreel/system": "check"}
    running = {
        "containerStatuses": [
            {"name": "main", "image": "", "imageID": "", "ready": True, "restartCount": 0, "state": {"running": {}}}
        ]
    }
    desk.server.put("pods", "one", metadata={"labels": labels}, status={"phase": "Running", **running})
    for command in (["status"], ["status", "budget-r1"], ["logs", "budget-r1"]):
        assert desk.newsreel(*command)[0] == 0
    of_argo = {("workflowtemplates", "get"), ("workflows", "watch"), ("pods", "get"), ("pods", "watch")}
    assert {right[2:] for right in desk.server.rights[EDITORS] - desk.server.used} == of_argo


def test_defaults_of_submit_and_settings_agree():
    assert (Settings().stories, Settings().finals) == (USUAL_STORIES, USUAL_FINALS)


def test_an_invalid_story_is_refused_before_connecting(desk, tmp_path):
    desk.story.write_text("id: budget\nrevision: none\n")
    status, said, told = desk.submit(KUBECONFIG=str(tmp_path / "none"))
    assert (status, said) == (2, "") and "story.yaml:2: revision: " in told and "cluster" not in told
