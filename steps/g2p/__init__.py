"""g2p: graphemes to phonemes, the pronunciation of every word of a scene."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="g2p",
    stage="phonemes",
    purpose="words to phones: CMU dictionary, and g2p-en's network for the rest",
    reads=("story.json", "script"),
    writes=("pronounced",),
    image="g2p",
    resources=Resources(cpu="250m", memory="512Mi"),
    progress_unit="words",
    durations={"cpu": Duration(scaled=0.5), "gpu": Duration(scaled=0.5)},
)
