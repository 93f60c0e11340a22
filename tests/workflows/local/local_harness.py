"""Small workflows, written in each test as the YAML of their templates, and run as real processes."""

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
from pathlib import Path, PurePosixPath

from workflows.local import LocalSettings, PlainDisplay, Result, run

HOST_PATH_ROOT = PurePosixPath("/var/lib/kubelet/ssd")
WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: story}
spec:
  entrypoint: main
"""
TMP = "volumes: [{name: tmp, emptyDir: {}}]"
MOUNT = "volumeMounts: [{name: tmp, mountPath: /tmp}]"
ECHO = f"""
- name: echo
  inputs: {{parameters: [{{name: text}}]}}
  outputs: {{parameters: [{{name: text, valueFrom: {{path: /tmp/text}}}}]}}
  {TMP}
  container:
    image: i
    command: [sh, -c, 'printf %s "$1" | tee /tmp/text', echo]
    args: ["{{{{inputs.parameters.text}}}}"]
    {MOUNT}
"""


def script(name: str, text: str, more: str = "") -> str:
    """A template that runs a shell script."""
    return f"- {{name: {name}, container: {{image: i, command: [sh, -c, {json.dumps(text)}]}}{more}}}\n"


def dag(*tasks: str, more: str = "") -> str:
    return f"- {{name: main, dag: {{tasks: [{', '.join('{' + task + '}' for task in tasks)}]}}{more}}}\n"


def echo(name: str, text: str, more: str = "") -> str:
    """A task that writes a text to its log and to its output `text`."""
    return f"name: {name}, template: echo, arguments: {{parameters: [{{name: text, value: {json.dumps(text)}}}]}}{more}"


def workflow(templates: str, spec: str = "") -> str:
    """A WorkflowTemplate from the YAML of its templates and of the rest of its spec."""
    return WORKFLOW + indented(spec, 2) + "  templates:\n" + indented(templates, 2)


def indented(text: str, by: int) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), " " * by) + "\n" if text.strip() else ""


@dataclass(frozen=True)
class FinishedRun:
    result: Result
    output: str
    """What the display has shown."""
    home: Path

    @property
    def phases(self) -> dict[str, str]:
        return {step.name: step.phase for step in self.result.steps}

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text()


@dataclass(frozen=True)
class Harness:
    home: Path

    def write(self, templates: str, spec: str = "") -> Path:
        folder = self.home / "manifests"
        folder.mkdir(exist_ok=True)
        (folder / "story.yaml").write_text(workflow(templates, spec))
        return folder

    def settings(self, **changes: object) -> LocalSettings:
        own = {"template": "story", "uid": "budget-r1", "host_path_root": HOST_PATH_ROOT, "grace": 0.5}
        own |= {"root": self.home / "ssd", "logs": self.home / "logs", "unit_annotation": "unit"}
        return LocalSettings(**(own | changes))

    def run(self, templates: str, spec: str = "", arguments: dict[str, str] | None = None, **changes: object) -> FinishedRun:
        stream = io.StringIO()
        result = run(self.write(templates, spec), arguments or {}, self.settings(display=PlainDisplay(stream), **changes))
        return FinishedRun(result, stream.getvalue(), self.home)

    def start(self, templates: str, grace: float = 0.5) -> subprocess.Popen[str]:
        """The same in a process of its own, which a test may kill; it ends with the result's exit status."""
        self.write(templates)
        command = [sys.executable, "-c", self.program(grace)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def program(self, grace: float = 0.5) -> str:
        return textwrap.dedent(f"""
            import sys
            from pathlib import Path, PurePosixPath
            from workflows.local import LocalSettings, run
            home = Path({str(self.home)!r})
            result = run(home / "manifests", {{}}, LocalSettings(
                template="story", uid="budget-r1", root=home / "ssd", host_path_root={HOST_PATH_ROOT!r}, logs=home / "logs",
                grace={grace}, unit_annotation="unit",
            ))
            print(result.message)
            sys.exit(result.exit_status)
        """)


def eventually(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a condition holds; fails when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {holds}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_mentioning(text: str) -> list[int]:
    """Other processes whose command line, working directory or environment contains a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            texts = [(folder / "cmdline").read_bytes(), (folder / "environ").read_bytes(), bytes((folder / "cwd").readlink())]
        except OSError:
            continue
        if int(folder.name) != os.getpid() and any(text.encode() in one for one in texts):
            found.append(int(folder.name))
    return [pid for pid in found if alive(pid)]


def send_signal(runner: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a runner after a signal."""
    runner.send_signal(number)
    out, err = runner.communicate(timeout=20)
    return runner.returncode, out, err
