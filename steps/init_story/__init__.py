"""init-story: load a story into the workspace: pictures normalised, narration turned into scripts."""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="init-story",
    stage="script",
    purpose="story and pictures to normalised pictures, and to each word as shown and as spoken",
    writes=("story.json", "script", "assets", "weights"),
    image="core",
    resources=Resources(cpu="1", memory="2Gi"),
    progress_unit="scenes",
    durations={"cpu": Duration(scaled=0.9), "gpu": Duration(scaled=0.9)},
    uses_weights=True,
    uses_storage=True,
    uses_unit_cache=True,
    module="program",
)
