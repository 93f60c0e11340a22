"""Compose: a story's voice, presenter, pictures and words become one video.

Each scene, the opening and the closing are rendered alone (`scene`, `bookends`), then joined without encoding them again
while the sound is mixed and mastered (`join`). What is drawn once and never moves is a still (`stills`), what is written or
moves is an ASS sheet for libass (`sheet`, `titles`, `captions`), and ffmpeg puts it all together (`ffmpeg_run`).
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
