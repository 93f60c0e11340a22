"""The local runner gets our settings, and its errors become ours."""

from pathlib import Path, PurePosixPath

import pytest

from newsreel.errors import BadInput, Conflict, DiskFull, NewsreelError
from workflows import local, render
from workflows.local import InvalidWorkflow, LocalRunError, LocalSettings, WorkspaceInUse


def run_in(folder: Path, uid: str = "budget") -> None:
    render.run_locally(folder, {}, uid=uid, work=folder, environment={"NEWSREEL_LOG": "json", "GENTLE_URL": "http://x"})


@pytest.mark.parametrize(("error", "ours"), [(InvalidWorkflow, BadInput), (WorkspaceInUse, Conflict), (local.DiskFull, DiskFull)])
def test_an_error_of_the_runner_becomes_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[LocalRunError], ours: type[NewsreelError]
) -> None:
    def run(*_: object) -> None:
        raise error("one line")

    monkeypatch.setattr(render, "run", run)
    with pytest.raises(ours, match=r"^one line$"):
        run_in(tmp_path)


def test_an_invalid_uid_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Budget"):
        run_in(tmp_path, uid="Budget")


def test_steps_get_googles_credentials_and_log_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[LocalSettings] = []
    monkeypatch.setattr(render, "run", lambda _manifests, _arguments, settings: used.append(settings))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "newsroom")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    run_in(tmp_path)
    assert used[0].environment == {"GOOGLE_CLOUD_PROJECT": "newsroom", "GENTLE_URL": "http://x", "NEWSREEL_LOG": "text"}
    assert used[0].host_path_root == PurePosixPath("/var/lib/kubelet/newsreel")
    assert (used[0].template, used[0].workspace, used[0].logs) == ("story", tmp_path / "budget", tmp_path / "logs" / "budget")
