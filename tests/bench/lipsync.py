"""Do the lips follow the sound? Measured on what was rendered, by `python -m tests.bench.lipsync WORKSPACE`.

The presenter's frames are decoded and her mouth is found in them by dlib. How far it stands open is held against two things:
the opening that the phones ask for, by a table of its own, coarser than the mouth shapes she was animated with; and, with no
table at all, the loudness of the voice between 300 and 3000 Hz, where an open mouth lets out more than a closed one.
A lag is positive where the lips come after the sound. People notice from about -125 ms (lips first) and +45 ms (lips late) on
(ITU-R BT.1359-1).
"""

import argparse
import json
import sys
import wave
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from newsreel.artifacts import FRAME_RATE, Phone, Speech, count_video_frames, scene_file
from newsreel.errors import BadInput
from newsreel.media.encoder import chunk_files
from newsreel.presenters.bundle import load_presenter
from newsreel.workspace import Workspace
from steps.dlib.footage import luma
from steps.dlib.predictor import UPSCALE, FaceFinder, mouth_opening

__all__ = ["Scene", "Verdict", "best_lag", "closures_kept", "loudness", "measure", "opening_asked"]

Signal = NDArray[np.float64]

OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
LIPS_TOGETHER = frozenset({"B", "M", "P"})
OPENNESS = {
    **dict.fromkeys(OPEN_VOWELS, 1.0),
    **dict.fromkeys(("EH", "AH", "OW", "OY", "EY"), 0.7),
    **dict.fromkeys(("IH", "ER", "L", "HH", "K", "G", "NG"), 0.5),
    **dict.fromkeys(("IY", "UH", "Y", "R", "T", "D", "N", "TH", "DH"), 0.35),
    **dict.fromkeys(("UW", "W", "S", "Z", "SH", "ZH", "CH", "JH"), 0.25),
    **dict.fromkeys(("F", "V"), 0.1),
    **dict.fromkeys(LIPS_TOGETHER, 0.0),
}
"""How open the mouth is for a phone, from closed to widest, by the height of vowels in any phonetics textbook; 0 in silence."""
FURTHEST = 0.25
"""Lags are looked for this far to both sides, seconds."""
LAGS = np.arange(-FURTHEST, FURTHEST + 1e-9, 0.005)
CLOSED = 0.25
"""Lips count as together up to this share of the way from rest to an open vowel: where pressed lips truly meet, dlib still finds
a sixth of that way."""


@dataclass(frozen=True)
class Scene:
    """What is measured of one scene."""

    name: str
    opening: Signal
    """(frames,) how far the inner lips stand apart, in distances between the outer corners of the eyes."""
    phones: tuple[Phone, ...]
    samples: Signal
    rate: int


@dataclass(frozen=True)
class Verdict:
    """How well lips follow; correlations from -1 to 1 at the lag in milliseconds where they are highest."""

    name: str
    phones_correlation: float
    phones_lag: float
    loudness_correlation: float
    loudness_lag: float
    opening_at_open_vowels: float
    opening_at_m_b_p: float
    closures: int
    closures_kept: int


def frame_times(frames: int) -> Signal:
    return (np.arange(frames) + 0.5) / FRAME_RATE


def opening_asked(phones: Sequence[Phone], times: Signal) -> Signal:
    """What the phones ask for at each moment, seen as a camera sees it: over the time of one frame."""
    shutter = np.linspace(-0.5, 0.5, 9) / FRAME_RATE
    moments = times[:, None] + shutter
    asked = np.zeros(moments.shape)
    for phone in phones:
        asked[(moments >= phone.start) & (moments < phone.end)] = OPENNESS[phone.phone]
    return np.asarray(asked.mean(axis=1))


def loudness(samples: Signal, rate: int) -> Callable[[Signal], Signal]:
    """The level of the voice band around any moments, decibels down to 40 under the loudest of them."""
    frequency = np.fft.rfftfreq(len(samples), 1 / rate)
    voiced = np.fft.irfft(np.where((frequency > 300) & (frequency < 3000), np.fft.rfft(samples), 0), len(samples))
    energy = np.concatenate([[0.0], np.cumsum(voiced**2)])

    def level(times: Signal) -> Signal:
        first, last = (
            np.clip(np.rint((times + side) * rate), 0, len(samples)).astype(int) for side in (-1 / FRAME_RATE, 1 / FRAME_RATE)
        )
        decibels = 10 * np.log10((energy[last] - energy[first]) / np.maximum(last - first, 1) + 1e-12)
        return np.asarray(np.maximum(decibels, decibels.max() - 40))

    return level


def best_lag(opening: Sequence[Signal], expected: Sequence[Callable[[Signal], Signal]]) -> tuple[float, float]:
    """The highest correlation of scenes' openings with what is expected at the moments given, and its lag in seconds.

    Scenes are pooled, each without its own mean. Where nothing moves there is no correlation: (0, 0).
    """
    seen = np.concatenate([track - track.mean() for track in opening])
    found = []
    for lag in LAGS:
        moments = [then(frame_times(len(track)) - lag) for track, then in zip(opening, expected, strict=True)]
        found.append(correlation(seen, np.concatenate([track - track.mean() for track in moments])))
    best = int(np.argmax(found))
    return (float(found[best]), float(LAGS[best])) if any(found) else (0.0, 0.0)


def correlation(one: Signal, other: Signal) -> float:
    power = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / power) if power > 0 else 0.0


def near(phone: Phone, frames: int, before: float = 0.0) -> NDArray[np.int_]:
    """The frames of a phone, at least one, from `before` seconds ahead of it."""
    first, last = (round(time * FRAME_RATE - 0.5) for time in (phone.start - before, phone.end))
    return np.clip(np.arange(first, max(last, first) + 1), 0, frames - 1)


def closures_kept(scene: Scene, rest: float, wide: float) -> tuple[int, int]:
    """How many M, B and P the scene has, and at how many of them the lips met (at or up to 60 ms before the sound)."""
    limit = rest + CLOSED * (wide - rest)
    lowest = [
        scene.opening[near(phone, len(scene.opening), 0.06)].min() for phone in scene.phones if phone.phone in LIPS_TOGETHER
    ]
    return len(lowest), int(np.sum(np.array(lowest) <= limit))


def mean_opening(scenes: Sequence[Scene], phones: frozenset[str]) -> float:
    """The opening in the middle of these phones."""
    middles = [
        scene.opening[min(int((phone.start + phone.end) / 2 * FRAME_RATE), len(scene.opening) - 1)]
        for scene in scenes
        for phone in scene.phones
        if phone.phone in phones
    ]
    return float(np.mean(middles)) if middles else 0.0


def measure(name: str, scenes: Sequence[Scene]) -> Verdict:
    """Judge some scenes as one."""
    openings = [scene.opening for scene in scenes]
    by_phones = best_lag(openings, [partial(opening_asked, scene.phones) for scene in scenes])
    by_loudness = best_lag(openings, [loudness(scene.samples, scene.rate) for scene in scenes])
    wide = mean_opening(scenes, OPEN_VOWELS)
    rest = float(np.percentile(np.concatenate(openings), 2))
    closures = [closures_kept(scene, rest, wide) for scene in scenes]
    return Verdict(
        name,
        round(by_phones[0], 3),
        round(1000 * by_phones[1]),
        round(by_loudness[0], 3),
        round(1000 * by_loudness[1]),
        round(wide, 4),
        round(mean_opening(scenes, LIPS_TOGETHER), 4),
        sum(count for count, _ in closures),
        sum(kept for _, kept in closures),
    )


def landmarks_in(video: Path, finder: FaceFinder) -> NDArray[np.float64]:
    """The face in every frame of a rendered scene, (frames, 68, 2) pixels: no smoothing, which would open closed lips.

    Raises BadInput where the first frame shows none.
    """
    found: list[NDArray[np.float64]] = []
    box = None
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            box = next(iter(finder.faces(luma(frame))), box)
            if box is None:
                raise BadInput(f"{video}: no face in its first frame")
            twice = frame.reformat(frame.width * UPSCALE, frame.height * UPSCALE, "yuv420p", interpolation="BICUBIC")
            found.append(finder.landmarks(luma(twice), box))
    return np.stack(found)


def read_scene(workspace: Workspace, finder: FaceFinder, number: int) -> Scene:
    """Find the mouth in a scene's rendered frames, and read what is said."""
    speech = Speech.model_validate_json(workspace.path(scene_file("phones", number, ".json")).read_bytes())
    voice = workspace.path(scene_file("voice", number, ".wav"))
    with wave.open(str(voice)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") / 32768
        rate = sound.getframerate()
    phones = tuple(phone for word in speech.words for phone in word.phones)
    actor = chunk_files("actor", number, count_video_frames(voice), ".mp4")
    return Scene(
        f"{number:02d}",
        mouth_opening(np.concatenate([landmarks_in(workspace.path(file), finder) for file in actor])),
        phones,
        samples,
        rate,
    )


def table_of(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="Lips against sound, measured on the rendered presenter")
    for heading in ("scene", "r phones", "lag ms", "r loudness", "lag ms", "open vowels", "M B P", "lips met at M B P"):
        table.add_column(heading, justify="right")
    for v in verdicts:
        table.add_row(
            v.name,
            f"{v.phones_correlation:.2f}",
            f"{v.phones_lag:+.0f}",
            f"{v.loudness_correlation:.2f}",
            f"{v.loudness_lag:+.0f}",
            f"{v.opening_at_open_vowels:.3f}",
            f"{v.opening_at_m_b_p:.3f}",
            f"{v.closures_kept} of {v.closures}",
            end_section=v is verdicts[-2] if len(verdicts) > 1 else False,
        )
    table.caption = "openings in distances between the outer eye corners; lag < 0: lips first; all: scenes pooled"
    return table


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lipsync", description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path, help="the directory of a story that has been rendered")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    workspace = Workspace(options.workspace)
    finder = FaceFinder(load_presenter(workspace.story.presenter).landmarks)
    scenes = [read_scene(workspace, finder, number) for number in range(len(workspace.story.scenes))]
    verdicts = [*(measure(scene.name, [scene]) for scene in scenes), measure("all", scenes)]
    if options.json:
        print(json.dumps([asdict(verdict) for verdict in verdicts], indent=2))
    else:
        Console().print(table_of(verdicts))


if __name__ == "__main__":
    main(sys.argv[1:])
