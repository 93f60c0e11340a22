"""Compose: a story's voice, presenter, pictures and words become one video.

The opening, each scene and the closing are rendered one by one (`pieces`), then joined without encoding them again while the
sound is mixed and mastered (`compositor`, `sound`). Static layers are PNG files (`graphics.stills`), text and moving shapes are
an ASS overlay for libass (`graphics.overlay`, `titles`, `captions`), and ffmpeg does the rest (`ffmpeg_graph`).
"""

from newsreel.step import Duration, Resources, Step

STEP = Step(
    name="compose",
    stage="composition",
    purpose="frames, pictures, graphics and music to the video: ffmpeg, libass",
    reads=("story.json", "assets", "voice", "phones", "actor"),
    writes=("scenes", "final"),
    image="compose",
    resources=Resources(cpu="3", memory="4Gi"),
    progress_unit="frames",
    durations={"cpu": Duration(scaled=31.0), "gpu": Duration(scaled=10.0)},
)
