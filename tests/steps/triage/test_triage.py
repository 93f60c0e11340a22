"""After a failure: what no node can heal ends the story with the step's own words; all else is tried on another node."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput
from newsreel.runtime.failure import Failure
from newsreel.workspace import Workspace
from steps.__main__ import main


@pytest.fixture
def workspace(tmp_path):
    return Workspace.lease(tmp_path / "story", "test").root


def triage(workspace, tmp_path):
    try:
        status = main(["triage", "--workspace", str(workspace), "--refusal-file", str(tmp_path / "refusal")])
    except SystemExit as ended:
        status = ended.code
    return status, (tmp_path / "refusal").read_text() if (tmp_path / "refusal").exists() else None


@pytest.mark.parametrize("status", [2, 3, 4, 6])
def test_what_no_node_can_heal_ends_the_story_with_the_steps_own_words_and_status(workspace, tmp_path, capsys, status):
    Failure(step="pix2pixhd", exit_status=status, message="generator.pth: damaged {{workflow.name}} 'x'").write(workspace)
    ended, refusal = triage(workspace, tmp_path)
    assert ended == 0
    with pytest.raises(SystemExit) as refused:
        main(["refuse", "--refusal", refusal])
    assert refused.value.code == status
    assert capsys.readouterr().err == f"pix2pixhd: generator.pth: damaged {{{{workflow.name}}}} 'x' (exit {status})\n"


@pytest.mark.parametrize("status", [5, 70, 75, 137])
def test_what_another_node_may_heal_is_tried_there(workspace, tmp_path, status):
    Failure(step="pix2pixhd", exit_status=status, message="the disk is full").write(workspace)
    assert triage(workspace, tmp_path) == (1, None)  # and not 75, with which triage itself would be tried again


@pytest.mark.parametrize("left", [None, b"", b"{", b'{"step": "x"}', b"\xff\xfe"])
def test_a_step_that_died_without_a_word_is_tried_elsewhere(workspace, tmp_path, left):
    if left is not None:
        (workspace / "failure.json").write_bytes(left)
    assert triage(workspace, tmp_path) == (1, None)  # and not 75, with which triage itself would be tried again


def test_a_step_leaves_word_of_what_it_failed_of(workspace, tmp_path):
    (workspace / "story.json").write_text("{}")
    with pytest.raises(Exception, match="validation"):  # what is not ours is a defect: nothing is said of it
        Workspace(workspace).story  # noqa: B018
    assert main(["publish", "--workspace", str(workspace), "--finals", "ftp://x"]) == 2
    told = Failure.read(workspace)
    assert (told.step, told.exit_status) == ("publish", 2)
    assert "ftp" in told.message


def test_triage_does_not_take_its_own_failure_for_the_storys(workspace, tmp_path):
    triage(workspace, tmp_path)
    assert Failure.read(workspace) is None


def test_a_new_attempt_forgets_what_the_last_one_failed_of(workspace):
    Failure(step="dlib", exit_status=6, message="old").write(workspace)
    Workspace.lease(workspace, "next")
    assert Failure.read(workspace) is None


def test_where_there_is_no_storys_directory_nothing_is_written(tmp_path):
    assert main(["publish", "--workspace", str(tmp_path), "--finals", "file:x"]) == 2
    assert list(tmp_path.iterdir()) == []


@given(message=st.text(max_size=3000), step=st.sampled_from(["dlib", "compose"]))
def test_whatever_it_says_a_refusal_travels_as_plain_letters_and_comes_out_the_same(message, step):
    failure = Failure(step=step, exit_status=6, message=message)
    packed = failure.encode()
    assert packed.replace("-", "").replace("_", "").isalnum()
    assert packed.isascii()
    assert Failure.decode(packed) == failure


@given(st.text(max_size=200))
def test_what_is_no_refusal_is_refused_in_one_line(text):
    with pytest.raises(BadInput) as refused:
        Failure.decode(text)
    assert "\n" not in str(refused.value)
