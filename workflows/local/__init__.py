"""The runner: an emitted WorkflowTemplate, executed on this machine.

    result = run(Path("dist/manifests/embedded"), {"story": "file:///..."}, LocalSettings(uid="budget-r1", ssd=..., logs=...))

It reads the very document that Argo gets, does exactly what that document uses, and refuses anything else by name.

    model pod manifest check  what is accepted, how it is read, what must hold before anything runs
    references expression conditions      `{{...}}`, and what `depends`, `when` and a retry say
    engine dag retry          which step when, as Argo decides it
    leaf room process keeper service      a step, a daemon or a service as a process with its folders
    board screen live         what people see
    run lock settings         a whole run
"""

from workflows.local.run import run
from workflows.local.settings import LocalSettings, Result, StepTime

__all__ = ["LocalSettings", "Result", "StepTime", "run"]
