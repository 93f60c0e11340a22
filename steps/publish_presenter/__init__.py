"""Publish a trained presenter to a folder or a bucket."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="publish-presenter",
    stage="publication",
    purpose="the presenter's bundle to its folder or bucket",
    reads=("bundle",),
    image="presenter",
    resources=Resources(cpu="500m", memory="512Mi"),
    progress_unit="files",
    durations={"cpu": Duration(fixed=2.0), "gpu": Duration(fixed=2.0)},
    deadline_seconds=900,
    uses_storage=True,
    module="program",
)
