"""A presenter's footage enters the workspace: at the sheet's size and frame rate, checked, with all that came along."""

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
