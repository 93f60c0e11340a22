"""check: refuses an invalid story before a node is taken, and recognises one that is already published."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="check",
    stage="admission",
    purpose="refuses a faulty story before it takes a node, and computes deadlines",
    image="core",
    resources=Resources(cpu="100m", memory="512Mi"),
    progress_unit="stories",
    durations={"cpu": Duration(fixed=0.5), "gpu": Duration(fixed=0.5)},
    deadline_seconds=300,
    uses_weights=True,
    uses_storage=True,
    module="program",
)
