"""Publish a finished video to a folder or a bucket."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="publish",
    stage="publication",
    purpose="the video to its folder or bucket, the manifest last",
    reads=("final",),
    image="core",
    resources=Resources(cpu="500m", memory="512Mi"),
    progress_unit="files",
    durations={"cpu": Duration(scaled=0.2), "gpu": Duration(scaled=0.2)},
    uses_storage=True,
    uses_unit_cache=True,
    reports_cost=True,
    module="program",
)
