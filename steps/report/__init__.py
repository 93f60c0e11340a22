"""Report how a workflow ended."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="report",
    stage="notice",
    purpose="notifies of the story's end",
    image="core",
    resources=Resources(cpu="100m", memory="256Mi"),
    progress_unit="reports",
    durations={"cpu": Duration(fixed=0.5), "gpu": Duration(fixed=0.5)},
    deadline_seconds=300,
    shown=False,
    uses_storage=True,
    sends_notifications=True,
    module="program",
)
