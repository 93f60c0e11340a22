"""The measurements, one after the other in one run, in a folder of their own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsreel.errors import NewsreelError
from newsreel.fingerprints import software_digest
from newsreel.story.schema import Story
from tests.bench import stories
from tests.bench.renders import Home, Rendering, bytes_in, video_seconds
from tests.bench.results import Changed, Long, PngFiles, Results, machine
from tests.bench.watch import Failed, watched

__all__ = ["Course"]

PNG_STAGES = ("edges", "generate", "compose", "encode")
"""Of `tests.bench.png_files`, which is not imported here, nor is anything heavy: what lies in this process's memory as well is
counted half in those that are measured."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """All measurements on one story."""

    story: Story
    pictures: Path
    """The folder its pictures lie in."""
    folder: Path
    """Where everything happens."""
    times: int | None
    """How many times as long the long story is; None leaves it out."""
    say: Callable[[str], None]
    """Told what is going on."""

    def run(self) -> Results:
        """Measure everything. Where one measurement fails the others are made all the same, unless it was the first."""
        software = software_digest()
        results = Results(story=self.story.id, machine=machine())
        for measure in (self.cold, self.again, self.png_files, self.changed, self.lips_sound_and_picture, self.long):
            name = measure.__name__.replace("_", " ")
            self.say(f"{name} ...")
            try:
                measure(results)
            except (Failed, NewsreelError) as fault:
                self.say(f"{name}: {fault}")
                results.failed.append(name)
                if results.cold is None:
                    break
        if software_digest() != software:
            results.failed.append("anything for certain: newsreel itself was changed meanwhile, so work was done again")
        return results

    @property
    def home(self) -> Home:
        return Home(self.folder / "demo", self.story.id)

    @property
    def sheet(self) -> Path:
        return self.folder / "newsroom" / stories.SHEET

    def cold(self, results: Results) -> None:
        stories.write(self.story, self.pictures, self.sheet.parent)
        results.cold = self.rendered(self.home, self.sheet)
        results.workspace_bytes = bytes_in(self.home.workspace)

    def again(self, results: Results) -> None:
        results.again = self.rendered(self.home, self.sheet)
        shutil.rmtree(self.home.finals)
        results.without_finals = self.rendered(self.home, self.sheet)

    def png_files(self, results: Results) -> None:
        """From the landmarks in the finished workspace to the video once more; the PNG files are removed again."""
        folder = self.folder / "png"
        folder.mkdir()
        stages = {}
        with self.home.open():
            for stage in PNG_STAGES:
                command = [sys.executable, "-m", "tests.bench.png_files", stage, str(self.home.workspace), str(folder)]
                stages[stage] = watched(command, self.home.folder / f"png-{stage}.log")
                self.say(f"  {stage}: {stages[stage].wall:.1f} s, at most {stages[stage].peak / 1e6:.0f} MB")
        video = folder / "landscape.mp4"
        results.png_files = PngFiles(
            stages=stages,
            files=sum(1 for _ in folder.rglob("*.png")),
            bytes=bytes_in(folder),
            video_seconds=video_seconds(video),
            likeness=likeness(video, self.home.video),
        )
        for kind in ("edges", "actor", "frames"):
            shutil.rmtree(folder / kind)

    def changed(self, results: Results) -> None:
        number = len(self.story.scenes) // 2
        home = self.home.copied_to(self.folder / "changed")
        sheet = stories.write(stories.changed(self.story, number), self.pictures, self.folder / "revised")
        results.changed = Changed(unit=f"scene {number:02d}", rendering=self.rendered(home, sheet))

    def lips_sound_and_picture(self, results: Results) -> None:
        with self.home.open() as workspace:
            results.lips = figures("lipsync", str(workspace), "--json")
            results.sound = figures("sound", str(workspace), str(self.home.video))
        results.picture = figures("picture", self.story.presenter)

    def long(self, results: Results) -> None:
        if self.times is None:
            self.say("  left out")
            return
        story = stories.repeated(self.story, self.times)
        sheet = stories.write(story, self.pictures, self.folder / "longer")
        results.long = Long(times=self.times, rendering=self.rendered(Home(self.folder / "long", story.id), sheet))

    def rendered(self, home: Home, sheet: Path) -> Rendering:
        rendering = home.render(sheet)
        use = rendering.use
        self.say(f"  {use.wall:.1f} s for {rendering.video_seconds:.1f} s of video, at most {use.peak / 1e6:.0f} MB")
        return rendering


def likeness(video: Path, other: Path) -> float:
    """PSNR of all planes of two videos of the same length, dB."""
    import ffmpeg

    from steps.compose.ffmpeg_graph import run_graph

    compared = ffmpeg.filter([ffmpeg.input(str(video)).video, ffmpeg.input(str(other)).video], "psnr")
    said = run_graph(compared.output("-", f="null"), messages="info")
    return float(said.rpartition("average:")[2].split()[0])


def figures(module: str, *arguments: str) -> Any:
    """What a program of the bench prints as JSON. Raises Failed."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ended.returncode:
        raise Failed(f"{' '.join(command)}: ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    return json.loads(ended.stdout)
