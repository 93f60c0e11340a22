"""triage: after a failure, decide whether the story or the node is at fault."""

from newsreel.step import Resources, Step

STEP = Step(
    name="triage",
    stage="placement",
    purpose="decides after a failure whether another node may do better",
    image="core",
    resources=Resources(cpu="50m", memory="128Mi"),
    progress_unit="failures",
    deadline_seconds=120,
    shown=False,
    after_failure=True,
    module="program",
)
