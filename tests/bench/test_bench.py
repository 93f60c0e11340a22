"""What the bench says is what was: programs are really run and watched, sounds really measured, stories really read."""

import doctest
import importlib
import itertools
import sys
import wave
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.bench import __main__, stories
from tests.bench.goals import PEAK, goals
from tests.bench.png_files import read_png, run_ffmpeg, through_pictures, write_png
from tests.bench.renders import Rendering, bytes_in, step_seconds, units_done
from tests.bench.report import report
from tests.bench.results import Changed, Long, PngFiles, Results, machine
from tests.bench.sound import compared, levels
from tests.bench.watch import Failed, Use, process_name, watched

pytestmark = pytest.mark.slow

STORY = """\
id: harbour
revision: 3
title: The harbour opens
presenter: maya
voice: heart
scenes:
  - {narration: It opens on Monday., headline: It opens, picture: {file: pictures/a.png, credit: Us, alt: A harbour}}
  - {narration: It was closed., headline: It was closed, picture: {file: pictures/b.png, credit: Us, alt: A gate}}
  - {narration: It is large., headline: It is large, picture: {file: pictures/a.png, credit: Us, alt: A harbour}}
"""


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    folder = tmp_path / "newsroom"
    (folder / "pictures").mkdir(parents=True)
    for number, name in enumerate("ab"):
        Image.new("RGB", (64, 48), (90 * number, 60, 60)).save(folder / f"pictures/{name}.png")
    (folder / "story.yaml").write_text(STORY)
    return folder


def used(wall: float = 10.0, peak: int = 800_000_000) -> Use:
    return Use(wall=wall, cpu=2 * wall, peak=peak, largest=peak // 2, largest_process="pix2pixhd")


def rendering(wall: float = 10.0, peak: int = 800_000_000, **worked_on: tuple[str, ...]) -> Rendering:
    steps = {"hibari": 1.0, "pix2pixhd": 4.0, "compose": 3.0}
    return Rendering(use=used(wall, peak), video_seconds=5.0, steps=steps, worked_on=worked_on)


@pytest.mark.parametrize("module", ["renders", "report", "sound"])
def test_documentation_examples_are_correct(module: str) -> None:
    told = doctest.testmod(importlib.import_module(f"tests.bench.{module}"))
    assert told.attempted > 0
    assert told.failed == 0


def test_memory_and_time_of_every_descendant_are_counted(tmp_path: Path) -> None:
    hungry = "import time; held = b'x' * 120_000_000; began = time.process_time()\nwhile time.process_time() - began < 1.2: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}], start_new_session=True, check=True)"
    use = watched([sys.executable, "-c", parent], tmp_path / "log")
    assert 120e6 < use.largest < use.peak + 30e6
    assert 120e6 < use.peak < 400e6
    assert 1.2 <= use.cpu < use.wall + 1


def test_failed_command_is_not_measured_but_reported(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"(?s)ended with 3.*no such presenter"):
        watched([sys.executable, "-c", "import sys; print('no such presenter'); sys.exit(3)"], tmp_path / "log")


def test_process_is_named_by_its_step() -> None:
    assert process_name(["/venv/bin/python", "-m", "steps", "pix2pixhd", "--workspace", "x"]) == "pix2pixhd"
    assert process_name(["/venv/bin/python", "-m", "workflows", "render"]) == "workflows"
    assert process_name(["/x/ffmpeg-linux-x86_64-v7.0.2", "-i"]) == "ffmpeg"


def test_hard_linked_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 1000)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    (tmp_path / "three").write_bytes(b"x" * 10)
    assert bytes_in(tmp_path) == 1010


def test_table_of_other_programs_is_not_taken_for_steps() -> None:
    said = "  0.5 s  check: finished in 0.5 s\ncheck   0.5 s\nin all  6.7 s\n\nout/landscape.mp4   2.16 MB"
    assert step_seconds(said) == {"check": 0.5}


def test_only_steps_over_scenes_count_scenes() -> None:
    lines = ["init-story: scene 01: 1 scenes in 0.1 s", "compose: the whole: 40 frames in 9.0 s", "gentle: trying again"]
    assert units_done(lines) == {"compose": ("the whole",)}


@pytest.mark.parametrize(
    ("worked_on", "alone"),
    [
        ({"hibari": ("scene 01",), "compose": ("scene 01", "the whole")}, True),
        ({"hibari": ("scene 01",), "compose": ("scene 01", "scene 02", "the whole")}, False),
        ({"hibari": ("scene 02",)}, False),
        ({"compose": ("the whole",)}, False),
        ({}, False),
    ],
)
def test_one_scene_alone_means_that_one_in_every_step(worked_on: dict[str, tuple[str, ...]], alone: bool) -> None:
    assert Changed(unit="scene 01", rendering=rendering(**worked_on)).only_that_one is alone


def test_written_story_reads_the_same(newsroom: Path, tmp_path: Path) -> None:
    story = stories.read(newsroom / "story.yaml")
    sheet = stories.write(story, newsroom, tmp_path / "copy")
    assert stories.read(sheet) == story
    assert (tmp_path / "copy/pictures/b.png").read_bytes() == (newsroom / "pictures/b.png").read_bytes()


def test_changed_story_differs_in_one_narration(newsroom: Path) -> None:
    story = stories.read(newsroom / "story.yaml")
    changed = stories.changed(story, 1)
    assert changed.revision == story.revision + 1
    assert [one == other for one, other in zip(story.scenes, changed.scenes, strict=True)] == [True, False, True]


def test_long_story_has_no_repeated_sentence(newsroom: Path) -> None:
    story = stories.read(newsroom / "story.yaml")
    longer = stories.repeated(story, 10)
    narrations = {scene.narration for scene in longer.scenes}
    assert len(narrations) == len(longer.scenes) == 10 * len(story.scenes)
    assert narrations.isdisjoint(scene.narration for scene in story.scenes)


Words = st.lists(st.sampled_from("abc"), max_size=5)


@given(Words, Words)
def test_word_errors_are_the_edit_distance(said: list[str], heard: list[str]) -> None:
    pairs = range(min(len(said), len(heard)) + 1)
    choices = [
        cost(said, heard, ones, others)
        for count in pairs
        for ones in itertools.combinations(range(len(said)), count)
        for others in itertools.combinations(range(len(heard)), count)
    ]
    hits, edits = compared(said, heard)
    assert edits == min(choices)
    assert 0 <= hits <= len(said)
    assert (hits == len(said) == len(heard)) == (edits == 0)


def cost(said: list[str], heard: list[str], ones: tuple[int, ...], others: tuple[int, ...]) -> int:
    """Edits where words are paired in this order: pairs that differ are replaced, all else removed or added."""
    replaced = sum(said[one] != heard[other] for one, other in zip(ones, others, strict=True))
    return replaced + len(said) + len(heard) - 2 * len(ones)


def test_loudness_peak_and_silence_are_measured(tmp_path: Path) -> None:
    """EBU Tech 3341: a 1000 Hz tone of -23 dBFS on both channels is -23 LUFS."""
    time = np.arange(6 * 48_000) / 48_000
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * time)
    tone[2 * 48_000 : 2 * 48_000 + 36_000] = 0
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(np.repeat(np.rint(tone * 32767), 2).astype("<i2").tobytes())
    loudness, peak, silence = levels(tmp_path / "tone.wav")
    assert loudness == pytest.approx(-23, abs=0.5)
    assert peak == pytest.approx(-23, abs=0.3)
    assert silence == pytest.approx(0.75, abs=0.02)


def test_graph_reads_and_writes_numbered_pictures(tmp_path: Path) -> None:
    (tmp_path / "actor").mkdir()
    shades = [40, 120, 200]
    for number, shade in enumerate(shades):
        write_png(tmp_path / f"actor/{number:06d}.png", np.full((32, 32, 3), (shade, 0, 255 - shade), np.uint8))
    actor, target = tmp_path / "actor/%06d.png", tmp_path / "%06d.png"
    ground = ffmpeg.input("color=c=black:s=64x64:r=30", f="lavfi")
    graph = ground.overlay(ffmpeg.input(str(actor)), format="rgb").output(str(target), **{"c:v": "libx264", "crf": 20}, an=None)
    run_ffmpeg(through_pictures(ffmpeg.get_args(graph), actor, first=5, frames=3))
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["000005.png", "000006.png", "000007.png"]
    assert [int(read_png(tmp_path / f"{5 + number:06d}.png")[4, 4, 0]) for number in range(3)] == shades
    assert cv2.imread(str(tmp_path / "000005.png")).shape == (64, 64, 3)


def test_unmeasured_goal_is_neither_met_nor_missed() -> None:
    assert {goal.verdict for goal in goals(Results(story="x", machine=machine()))} == {"not measured"}


def test_goals_are_met_or_missed_by_the_figures() -> None:
    results = Results(story="x", machine=machine(), cold=rendering(12.5), again=rendering(5.1))
    results.long = Long(times=10, rendering=rendering(100, peak=900_000_000))
    verdicts = [goal.verdict for goal in goals(results)]
    assert verdicts == ["met", "not met", "not measured", "met", "met", "not met"]
    results.long = Long(times=10, rendering=rendering(100, peak=PEAK))
    assert [goal.verdict for goal in goals(results)][4:] == ["not met", "not met"]


def test_report_compares_both_ways_and_names_gaps() -> None:
    results = Results(story="harbour", machine=machine(), cold=rendering(), workspace_bytes=9_000_000)
    stages = {name: used(wall) for name, wall in {"edges": 1, "generate": 10, "compose": 20, "encode": 30}.items()}
    results.png_files = PngFiles(stages=stages, files=3600, bytes=4_000_000_000, video_seconds=5.0, likeness=44.0)
    text = report(results)
    rows = {tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line.startswith("|")}
    assert ("from landmarks to the video", "7.0 s", "61.0 s") in rows
    assert ("the whole story", "10.0 s", "64.0 s") in rows
    assert ("written to the disk", "9 MB", "4,000 MB") in rows
    assert "the long story was left out" in text


def test_invalid_story_or_used_folder_is_refused_early(
    newsroom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["--story", str(newsroom / "story.yaml"), "--keep", str(newsroom)]) == 2
    assert "is there already" in capsys.readouterr().err
    (newsroom / "story.yaml").write_text(STORY.replace("maya", "nobody"))
    assert __main__.main(["--story", str(newsroom / "story.yaml"), "--keep", str(tmp_path / "new")]) == 2
    assert "unknown presenter 'nobody'" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
