"""Animation: phones with their times and the voice to a speaking presenter's landmarks in every frame.

    phones -> visemes -> coarticulation ----> mouth and jaw in the head's frame --+
    voice  -> prosody --> nods, brows, opening of vowels -------------------------+-> motion: pixels
    footage -> head ----> pose, blinks, brows in a seamless loop -----------------+

The head's frame is the presenter's face upright and frontal: origin midway between the outer eye corners, unit the distance
between them, y down. Times are seconds; a frame shows the moment in its middle.
"""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="animate",
    stage="motion",
    purpose="phones and landmarks to landmarks that speak: dominance functions (Cohen and Massaro 1993)",
    reads=("story.json", "phones", "voice", "footage"),
    writes=("motion",),
    image="animate",
    resources=Resources(cpu="1", memory="1Gi"),
    progress_unit="frames",
    durations={"cpu": Duration(scaled=0.5), "gpu": Duration(scaled=0.5)},
)
VISEMES = Step(
    name="animate-visemes",
    stage="mouth shapes",
    purpose="mouth shapes fitted to the presenter's face",
    reads=("rehearsal/landmarks.npz",),
    writes=("bundle/visemes.npz",),
    image="animate",
    resources=Resources(cpu="250m", memory="1Gi"),
    progress_unit="faces",
    durations={"cpu": Duration(fixed=1.0), "gpu": Duration(fixed=1.0)},
    deadline_seconds=600,
    module="training_step",
)
