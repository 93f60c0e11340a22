"""The local runner: executes an Argo WorkflowTemplate on one machine, without a cluster.

    settings = LocalSettings(template="story", uid="budget-r1", root=..., host_path_root=..., logs=...)
    result = run(Path("dist/manifests/embedded"), {"story": "file:///..."}, settings)

It reads the manifest that Argo gets and executes the part of the specification that `supported_table` lists; everything else is
refused by name before anything runs. It is independent of newsreel: its callers hand in what is specific to them.

    specification model      the types of the API, and which of their fields are executed
    manifest check           reads manifests into a Program, checks it
    expression               `{{...}}`, `depends`, `when`, a retry's `expression`
    engine                   DAGs, fan-outs, retries
    container supervisor     a container as a supervised process with folders of its own
    service                  a Deployment behind a Service as a process
    workspace                lock and scratch folder
    status display           progress, and how it is shown
    settings run             a run from its settings to its result
"""

from workflows.local.display import Display, LiveDisplay, PlainDisplay
from workflows.local.run import Result, run
from workflows.local.settings import DiskFull, InvalidWorkflow, LocalRunError, LocalSettings, WorkspaceInUse
from workflows.local.specification import supported_table
from workflows.local.status import Phase, RunStatus, StepStatus

__all__ = [
    "DiskFull",
    "Display",
    "InvalidWorkflow",
    "LiveDisplay",
    "LocalRunError",
    "LocalSettings",
    "Phase",
    "PlainDisplay",
    "Result",
    "RunStatus",
    "StepStatus",
    "WorkspaceInUse",
    "run",
    "supported_table",
]
