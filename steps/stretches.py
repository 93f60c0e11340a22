"""A scene's frames in stretches: the pieces that GPUs share, and that a scene is joined from without being encoded again.

Where a scene is cut depends on its length alone, not on who renders it: the same frames always make the same files.
"""

from steps.handover import scene_file

__all__ = ["LONGEST", "WHOLE", "stretch_files", "stretches"]

LONGEST = 300
"""Frames: ten seconds. Short enough to share a scene, long enough that starting an encoder does not count."""
WHOLE = 60
"""Frames a stretch is a multiple of, but for a scene's last: whole groups of pictures (30) and batches (4), as uncut."""


def stretches(frames: int) -> tuple[range, ...]:
    """The frames of each stretch: as few as can be, of much the same length. 640 is cut into 240, 240 and 160."""
    count = -(-frames // LONGEST)
    length = -(-frames // (count * WHOLE)) * WHOLE if count else WHOLE
    return tuple(range(first, min(first + length, frames)) for first in range(0, frames, length))


def stretch_files(folder: str, scene: int, frames: int, suffix: str) -> tuple[str, ...]:
    """The file of each stretch: `stretch_files("actor", 3, 640, ".mp4")` ends with `actor/03-02.mp4`."""
    return tuple(scene_file(folder, scene, f"-{number:02d}{suffix}") for number in range(len(stretches(frames))))
