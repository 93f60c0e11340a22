"""Small real workflows, written in each test as the YAML of their templates, and run for real."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workflows.local import LocalSettings, Result, run

WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: story}
spec:
  entrypoint: main
"""
TMP = "volumes: [{name: tmp, emptyDir: {}}]"
MOUNT = "volumeMounts: [{name: tmp, mountPath: /tmp}]"
SAY = f"""
- name: say
  inputs: {{parameters: [{{name: text}}]}}
  outputs: {{parameters: [{{name: said, valueFrom: {{path: /tmp/said}}}}]}}
  {TMP}
  container:
    image: i
    command: [sh, -c, 'printf %s "$1" | tee /tmp/said', say]
    args: ["{{{{inputs.parameters.text}}}}"]
    {MOUNT}
"""


def script(name: str, text: str, more: str = "") -> str:
    """A template that runs a shell script."""
    return f"- {{name: {name}, container: {{image: i, command: [sh, -c, {json.dumps(text)}]}}{more}}}\n"


def dag(*tasks: str, more: str = "") -> str:
    return f"- {{name: main, dag: {{tasks: [{', '.join('{' + task + '}' for task in tasks)}]}}{more}}}\n"


def says(name: str, text: str, more: str = "") -> str:
    """A task that says a text, in its log and as its output `said`."""
    return f"name: {name}, template: say, arguments: {{parameters: [{{name: text, value: {json.dumps(text)}}}]}}{more}"


def workflow(templates: str, spec: str = "") -> str:
    """A WorkflowTemplate from the YAML of its templates and of what else its spec says."""
    return WORKFLOW + indented(spec, 2) + "  templates:\n" + indented(templates, 2)


def indented(text: str, by: int) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), " " * by) + "\n" if text.strip() else ""


@dataclass(frozen=True)
class Played:
    result: Result
    said: str
    home: Path

    @property
    def steps(self) -> dict[str, str]:
        return {step.step: step.status for step in self.result.steps}

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text()


@dataclass(frozen=True)
class Stage:
    home: Path

    def write(self, templates: str, spec: str = "", name: str = "story.yaml") -> Path:
        path = self.home / "manifests" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(workflow(templates, spec))
        return path.parent

    def settings(self, **changes: object) -> LocalSettings:
        own = {"uid": "budget-r1", "ssd": self.home / "ssd", "logs": self.home / "logs", "grace": 0.5, "terminal": False}
        return LocalSettings(**(own | changes))

    def play(self, templates: str, spec: str = "", arguments: dict[str, str] | None = None, **changes: object) -> Played:
        screen = io.StringIO()
        result = run(self.write(templates, spec), arguments or {}, self.settings(stream=screen, **changes))
        return Played(result, screen.getvalue(), self.home)

    def begin(self, templates: str, grace: float = 0.5) -> subprocess.Popen[str]:
        """The same in a process of its own, which a test may kill; it ends with the result's exit status."""
        script = f"""
            import sys
            from pathlib import Path
            from workflows.local import LocalSettings, run
            home = Path({str(self.home)!r})
            settings = LocalSettings(uid="budget-r1", ssd=home / "ssd", logs=home / "logs", grace={grace}, terminal=False)
            result = run(home / "manifests", {{}}, settings)
            print(result.message)
            sys.exit(result.exit_status)
        """
        self.write(templates)
        command = [sys.executable, "-c", textwrap.dedent(script)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def eventually(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds; fails when it does not."""
    patience = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < patience, f"never: {holds}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def mentioning(text: str) -> list[int]:
    """Processes other than this one whose command line, working directory or environment mentions a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = [(folder / "cmdline").read_bytes(), (folder / "environ").read_bytes(), bytes((folder / "cwd").readlink())]
        except OSError:
            continue
        if int(folder.name) != os.getpid() and any(text.encode() in one for one in told):
            found.append(int(folder.name))
    return [pid for pid in found if alive(pid)]


def end(runner: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    runner.send_signal(number)
    out, err = runner.communicate(timeout=20)
    return runner.returncode, out, err
