"""A small story made in the test, with flashes of the presenter and clicks of the voice at known times."""

import wave
from dataclasses import dataclass, field
from pathlib import Path

import ffmpeg
import numpy as np
from PIL import Image

from newsreel.artifacts import FRAME_RATE, Speech, SpokenWord, scene_file
from newsreel.media.encoder import chunk_files, chunks
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.compose.ffmpeg_graph import VIDEO, run_graph

HOSTILE = '{\\b1}%{pts} {{workflow.name}} "quoted" it\'s \\N <b>&amp;'
VOICE_RATE = 24_000
FLASH = 20
"""The frame of every scene in which the presenter turns white and the voice clicks."""
SCENE_FRAMES = 45


def spoken(words: str, start: float = 0.3, each: float = 0.2, sentence: int = 0) -> tuple[SpokenWord, ...]:
    return tuple(
        SpokenWord(shown=word, start=start + number * each, end=start + (number + 1) * each, sentence=sentence, phones=())
        for number, word in enumerate(words.split())
    )


def write_voice(path: Path, sound: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(VOICE_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def click_at(frame: int, frames: int) -> np.ndarray:
    """A burst of noise that begins with a frame."""
    sound = np.zeros(frames * VOICE_RATE // FRAME_RATE)
    start = frame * VOICE_RATE // FRAME_RATE
    burst = np.random.default_rng(frame).normal(size=VOICE_RATE // 4) * np.exp(-np.arange(VOICE_RATE // 4) / 2000)
    sound[start : start + burst.size] = 0.25 * burst[: sound.size - start]
    return sound


def write_actor(path: Path, frames: int, flash: int) -> None:
    """A blue-grey field that is white in one frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    field = ffmpeg.input(f"color=0x3e546e:s=320x320:r={FRAME_RATE}", f="lavfi")
    white = field.filter("drawbox", color="white", t="fill", enable=f"eq(n,{flash})")
    shown = white.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    run_graph(shown.output(str(path), **{**VIDEO, "preset": "ultrafast", "crf": 5, "frames:v": frames}))


@dataclass
class Sketch:
    """Content of a scene of the small story."""

    headline: str
    colour: tuple[int, int, int]
    words: tuple[SpokenWord, ...]
    captions: str = "boxed"
    frames: int = SCENE_FRAMES
    flash: int = field(default=FLASH)


def make_workspace(root: Path, sketches: list[Sketch], music: str = "bed") -> Workspace:
    workspace = Workspace.lease(root, "test")
    scenes = [
        {
            "headline": sketch.headline,
            "narration": " ".join(word.shown for word in sketch.words),
            "picture": {"file": f"{number}.jpg", "credit": "Photo: nobody", "alt": "A colour."},
            "captions": sketch.captions,
        }
        for number, sketch in enumerate(sketches)
    ]
    story = {"id": "small", "revision": 1, "title": "A small story", "presenter": "maya", "voice": "heart", "music": music}
    workspace.set_story(Story.model_validate({**story, "scenes": scenes}))
    for number, sketch in enumerate(sketches):
        (root / "assets").mkdir(exist_ok=True)
        (root / "phones").mkdir(exist_ok=True)
        Image.new("RGB", (640, 400), sketch.colour).save(root / scene_file("assets", number, ".jpg"), quality=95)
        speech = Speech(duration=sketch.frames / FRAME_RATE, words=sketch.words)
        (root / scene_file("phones", number, ".json")).write_text(speech.model_dump_json())
        write_voice(root / scene_file("voice", number, ".wav"), click_at(sketch.flash, sketch.frames))
        for file, chunk in zip(chunk_files("actor", number, sketch.frames, ".mp4"), chunks(sketch.frames), strict=True):
            write_actor(root / file, len(chunk), sketch.flash - chunk.start)
    return workspace


def compose(workspace: Workspace) -> None:
    from steps.compose import STEP
    from steps.compose.step import WORK

    run_step(STEP, WORK, workspace, Progress("compose", None))
