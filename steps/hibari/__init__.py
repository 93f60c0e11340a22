"""hibari: the voice of the embedded profile, hibari-tts, whose model is in its wheel."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="hibari",
    stage="voice",
    purpose="words to voice: hibari-tts",
    reads=("story.json", "script"),
    writes=("voice",),
    image="hibari",
    resources=Resources(cpu="1", memory="2Gi"),
    progress_unit="seconds of speech",
    durations={"cpu": Duration(scaled=1.8)},
)
