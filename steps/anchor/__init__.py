"""anchor: reserves a node and a directory on it for one story, while the story is made."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="anchor",
    stage="placement",
    purpose="holds the node and the story's directory on its SSD",
    image="core",
    resources=Resources(cpu="50m", memory="128Mi"),
    progress_unit=None,
    durations={"cpu": Duration(fixed=0.3), "gpu": Duration(fixed=0.3)},
    shown=False,
    module="program",
)
