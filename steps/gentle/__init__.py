"""gentle: words and phones in time, by a client of gentle's HTTP API (lowerquality's gentle or gentle_server)."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="gentle",
    stage="alignment",
    purpose="voice, words and phones to words and phones in time: gentle's HTTP API",
    reads=("voice", "script", "pronounced"),
    writes=("words", "phones"),
    image="gentle",
    resources=Resources(cpu="250m", memory="512Mi"),
    progress_unit="words",
    durations={"cpu": Duration(scaled=4.3), "gpu": Duration(scaled=4.3)},
    service="gentle",
)
