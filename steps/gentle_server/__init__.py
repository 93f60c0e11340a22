"""gentle-server: a forced aligner with the HTTP API of lowerquality's gentle, on pocketsphinx."""

from newsreel.step import Resources, Step

STEP = Step(
    name="gentle-server",
    stage="alignment",
    purpose="the aligner behind gentle's HTTP API: pocketsphinx",
    image="gentle",
    resources=Resources(cpu="1", memory="2Gi"),
    progress_unit=None,
    shown=False,
    module="program",
)
