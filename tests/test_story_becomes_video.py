"""The promise of the whole: a story file goes in, a video comes out, by the manifest that ships; and again, and changed."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from PIL import Image, ImageDraw

from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.storage.address import Address
from newsreel.storage.unit_cache import save_units
from newsreel.workspace import Workspace
from steps import declared_steps, module_of
from steps.__main__ import main

pytestmark = pytest.mark.slow

NARRATIONS = (
    "The library opens on Sundays.",
    "It costs £1,200, up 3.5%.",
)
REVISION = 2


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a two-scene story and its pictures."""
    folder = tmp_path_factory.mktemp("newsroom")
    for number in range(len(NARRATIONS)):
        picture = Image.new("RGB", (960, 640), (30 + 90 * number, 90, 120))
        ImageDraw.Draw(picture).ellipse((300, 160, 660, 520), fill=(240, 200, 90))
        picture.save(folder / f"{number}.png")
    write_story(folder, NARRATIONS)
    return folder


def write_story(folder: Path, narrations: tuple[str, ...], revision: int = REVISION) -> None:
    scenes = [
        {
            "narration": narration,
            "headline": f'Scene {number}: "%{{pts}}" and {{{{workflow.name}}}}',
            "picture": {"file": f"{number}.png", "credit": "Newsreel", "alt": "A disc"},
        }
        for number, narration in enumerate(narrations)
    ]
    story = {
        "id": "library",
        "revision": revision,
        "title": "The library opens on Sundays",
        "presenter": "maya",
        "voice": "heart",
        "scenes": scenes,
    }
    (folder / "story.yaml").write_text(yaml.safe_dump(story, allow_unicode=True))


def render(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "render", "story.yaml", "--to", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def first_run(newsroom: Path) -> subprocess.CompletedProcess[str]:
    run = render(newsroom)
    assert run.returncode == 0, run.stdout + run.stderr
    return run


def test_a_story_becomes_a_video_that_streams_at_once(newsroom: Path, first_run: subprocess.CompletedProcess[str]) -> None:
    path = newsroom / "out/library/landscape.mp4"
    with av.open(str(path)) as video:
        picture, sound = video.streams.video[0], video.streams.audio[0]
        assert (picture.codec.name, picture.width, picture.height, picture.pix_fmt) == ("h264", 1920, 1080, "yuv420p")
        assert picture.average_rate == 30
        assert (sound.codec.name, sound.rate) == ("aac", 48000)
        seconds = float(video.duration) / av.time_base
        frames = sum(1 for _ in video.decode(picture))
    assert 8 < seconds < 25
    assert abs(frames / 30 - seconds) < 0.1
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert all(name in first_run.stdout for name in ("landscape.mp4", "poster.jpg", "captions.vtt", "in all"))


def test_captions_show_what_the_story_says_when_it_is_said(newsroom: Path, first_run: object) -> None:
    captions = (newsroom / "out/library/captions.vtt").read_text()
    assert captions.startswith("WEBVTT")
    said = " ".join(line for line in captions.splitlines() if line and "-->" not in line and line != "WEBVTT")
    assert "£1,200" in said
    assert "3.5%" in said
    starts = [float(minutes) * 60 + float(seconds) for minutes, seconds in re.findall(r"(\d\d):(\d\d\.\d+) -->", captions)]
    assert starts == sorted(starts)
    assert len(starts) >= 2


def test_the_words_are_recognised_back_from_the_sound(newsroom: Path, first_run: object) -> None:
    from pocketsphinx import Decoder

    pieces = []
    with av.open(str(newsroom / "out/library/landscape.mp4")) as video:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
        for frame in video.decode(audio=0):
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    sound = np.concatenate(pieces)
    assert np.abs(sound.astype(int)).max() < 32767, "the sound clips"
    decoder = Decoder(loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(sound.tobytes(), full_utt=True)
    decoder.end_utt()
    heard = set(decoder.hyp().hypstr.split())
    wanted = set(re.findall(r"\w+", "the library opens on it costs one thousand two hundred pounds up three point five"))
    assert len(wanted & heard) / len(wanted) > 0.6, heard


def test_unchanged_units_start_no_system_on_another_machine(
    newsroom: Path, first_run: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = f"file:{tmp_path / 'units'}"
    save_units(Workspace.lease(newsroom / "out/.work/library", "this machine"), Address.parse(units), Progress("publish", None))
    story = yaml.safe_load((newsroom / "story.yaml").read_text()) | {"revision": 2}
    (newsroom / "next.yaml").write_text(yaml.safe_dump(story, allow_unicode=True))
    monkeypatch.setenv("NEWSREEL_UNITS", units)
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{newsroom}")
    elsewhere = Workspace.lease(tmp_path / "elsewhere", "another machine")
    arguments = ["--workspace", str(elsewhere.root), "--shards-file", str(tmp_path / "shards.json")]
    assert main(["init-story", "--story", f"file:{newsroom}/next.yaml", *arguments]) == 0
    for name in ("hibari", "g2p", "gentle", "dlib", "animate", "pix2pixhd", "compose"):
        step, work = declared_steps()[name], import_module(module_of(name)).WORK
        run_step(step, replace(work, start=None), elsewhere, Progress(name, None))
    made = (newsroom / "out/library/landscape.mp4").read_bytes()
    assert elsewhere.path("final/landscape.mp4").read_bytes() == made


def test_only_a_changed_scene_is_rendered_again(newsroom: Path, first_run: object) -> None:
    before = (newsroom / "out/library/manifest.json").read_bytes()
    again = render(newsroom)
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout
    assert (newsroom / "out/library/manifest.json").read_bytes() == before

    write_story(newsroom, (NARRATIONS[0], "It costs nothing."), revision=REVISION + 1)
    changed = render(newsroom)
    assert changed.returncode == 0, changed.stdout + changed.stderr
    for step in ("hibari", "pix2pixhd", "compose"):
        logs = "".join(path.read_text() for path in sorted((newsroom / "out/.work/logs/library").glob(f"*{step}*.log")))
        assert re.search(r"scene 00: unchanged", logs), logs
        assert re.search(r"scene 01: \d+", logs), logs
    assert json.loads((newsroom / "out/library/manifest.json").read_text())["revision"] == REVISION + 1


def test_an_older_revision_is_refused_and_the_newer_video_stays(newsroom: Path, first_run: object) -> None:
    kept = (newsroom / "out/library/landscape.mp4").read_bytes()
    write_story(newsroom, NARRATIONS, revision=REVISION - 1)
    refused = render(newsroom)
    assert refused.returncode == 3
    assert "raise the revision" in refused.stderr
    assert (newsroom / "out/library/landscape.mp4").read_bytes() == kept
