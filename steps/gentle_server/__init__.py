"""A forced aligner behind the HTTP API of lowerquality's gentle, `python -m steps gentle-server`; pocketsphinx listens."""

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
