"""`triage` and `refuse`: failures of the story end it with the step's message; others are retried on another node."""

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
def test_a_storys_failure_ends_it_with_message_and_status(workspace, tmp_path, capsys, status):
    Failure(step="pix2pixhd", exit_status=status, message="generator.pth: damaged {{workflow.name}} 'x'").write(workspace)
    ended, refusal = triage(workspace, tmp_path)
    assert ended == 0
    with pytest.raises(SystemExit) as refused:
        main(["refuse", "--refusal", refusal])
    assert refused.value.code == status
    assert capsys.readouterr().err == f"pix2pixhd: generator.pth: damaged {{{{workflow.name}}}} 'x' (exit {status})\n"


@pytest.mark.parametrize("status", [5, 70, 75, 137])
def test_a_nodes_failure_is_retried_elsewhere(workspace, tmp_path, status):
    Failure(step="pix2pixhd", exit_status=status, message="the disk is full").write(workspace)
    assert triage(workspace, tmp_path) == (1, None)  # and not 75, with which triage itself would be retried


@pytest.mark.parametrize("left", [None, b"", b"{", b'{"step": "x"}', b"\xff\xfe"])
def test_a_failure_without_record_is_retried_elsewhere(workspace, tmp_path, left):
    if left is not None:
        (workspace / "failure.json").write_bytes(left)
    assert triage(workspace, tmp_path) == (1, None)  # and not 75, with which triage itself would be retried


def test_a_failed_step_records_its_failure(workspace, tmp_path):
    (workspace / "story.json").write_text("{}")
    with pytest.raises(Exception, match="validation"):  # another exception is a defect: no failure is recorded
        Workspace(workspace).story  # noqa: B018
    assert main(["publish", "--workspace", str(workspace), "--finals", "ftp://x"]) == 2
    failure = Failure.read(workspace)
    assert (failure.step, failure.exit_status) == ("publish", 2)
    assert "ftp" in failure.message


def test_triage_does_not_record_its_own_failure(workspace, tmp_path):
    triage(workspace, tmp_path)
    assert Failure.read(workspace) is None


def test_a_new_attempt_deletes_the_last_failure(workspace):
    Failure(step="dlib", exit_status=6, message="old").write(workspace)
    Workspace.lease(workspace, "next")
    assert Failure.read(workspace) is None


def test_without_a_workspace_nothing_is_written(tmp_path):
    assert main(["publish", "--workspace", str(tmp_path), "--finals", "file:x"]) == 2
    assert list(tmp_path.iterdir()) == []


@given(message=st.text(max_size=3000), step=st.sampled_from(["dlib", "compose"]))
def test_any_refusal_survives_packing_as_plain_ascii(message, step):
    failure = Failure(step=step, exit_status=6, message=message)
    packed = failure.encode()
    assert packed.replace("-", "").replace("_", "").isalnum()
    assert packed.isascii()
    assert Failure.decode(packed) == failure


@given(st.text(max_size=200))
def test_an_invalid_refusal_is_refused_in_one_line(text):
    with pytest.raises(BadInput) as refused:
        Failure.decode(text)
    assert "\n" not in str(refused.value)
