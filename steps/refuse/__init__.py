"""refuse: end a story that no node can render, with the failed step's message and exit status."""

from newsreel.step import Resources, Step

STEP = Step(
    name="refuse",
    stage="admission",
    purpose="ends a story that no node can make, with the failed step's message and exit status",
    image="core",
    resources=Resources(cpu="50m", memory="128Mi"),
    progress_unit="failures",
    deadline_seconds=120,
    shown=False,
    after_failure=True,
    module="program",
)
