"""dlib: 68 landmarks of the presenter's face in every frame of the footage, and training of a predictor for a presenter."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="dlib",
    stage="landmarks",
    purpose="the presenter's footage to 68 landmarks a frame: dlib",
    reads=("story.json",),
    writes=("footage",),
    image="dlib",
    resources=Resources(cpu="1", memory="2Gi"),
    progress_unit="frames",
    durations={"cpu": Duration(fixed=3.0), "gpu": Duration(fixed=3.0)},
)
TRACK = Step(
    name="dlib-track",
    stage="landmarks",
    purpose="the footage that is learned from to landmarks: dlib",
    reads=("rehearsal/footage.mp4",),
    writes=("rehearsal/landmarks.npz",),
    image="dlib",
    resources=Resources(cpu="500m", memory="2Gi"),
    progress_unit="frames",
    durations={"cpu": Duration(fixed=5.0), "gpu": Duration(fixed=5.0)},
    deadline_seconds=7200,
    module="training_step",
)
