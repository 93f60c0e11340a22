"""Phones in time for every token: gentle's where it has them, a dictionary's and Kyubyong Park's g2p where it has none."""

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
