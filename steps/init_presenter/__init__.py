"""Prepare the workspace of a training: the presenter's footage at the right size and frame rate, and all that came with it."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="init-presenter",
    stage="footage",
    purpose="footage at the presenter's size, and what the newsroom gives beside it",
    writes=(
        "rehearsal/lesson.json",
        "rehearsal/footage.mp4",
        "rehearsal/exact.npz",
        "rehearsal/visemes.npz",
        "bundle/landmarks.dat",
    ),
    image="presenter",
    resources=Resources(cpu="1", memory="4Gi"),
    progress_unit="frames",
    durations={"cpu": Duration(fixed=3.0), "gpu": Duration(fixed=3.0)},
    deadline_seconds=3600,
    uses_storage=True,
    module="program",
)
