"""Validate a presenter's training data before a node is started."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="check-presenter",
    stage="admission",
    purpose="refuses footage that cannot be used before it takes a node",
    image="presenter",
    resources=Resources(cpu="100m", memory="512Mi"),
    progress_unit="presenters",
    durations={"cpu": Duration(fixed=1.0), "gpu": Duration(fixed=1.0)},
    deadline_seconds=300,
    uses_storage=True,
    module="program",
)
