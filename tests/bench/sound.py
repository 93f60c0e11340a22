"""What a listener gets: loudness, peaks, silence, and how many of the story's words are recognised back from the sound.

    python -m tests.bench.sound WORKSPACE VIDEO

Recognition is pocketsphinx with the general English language model of its wheel, which knows nothing of the story. It is told
where scenes begin, no more. Its own errors are in the figures: they compare, they do not certify.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, Script, count_video_frames, scene_file
from newsreel.workspace import Workspace

__all__ = ["Recognition", "Sound", "compared"]

RECOGNISER_RATE = 16_000
QUIET = "-50dB"
SHORTEST_SILENCE = 0.1
Samples = NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What came back of the words that were spoken, all scenes together."""

    words: int
    unknown: int
    """Words among them that are not in the recogniser's dictionary, so cannot come back."""
    recognised: float
    """Share of the words that came back, in their order."""
    error_rate: float
    """Word error rate: words to replace, add or remove, in shares of the words spoken."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    loudness: float
    """Integrated, LUFS (ITU-R BS.1770)."""
    true_peak: float
    """dBTP."""
    longest_silence: float
    """Seconds under -50 dBFS; 0 where none lasts a tenth of a second."""
    voice: Recognition
    """From the voice as it was synthesised."""
    published: Recognition
    """From the published video, with music."""


def levels(video: Path) -> tuple[float, float, float]:
    """Integrated loudness, true peak and longest silence of a file's sound, by ffmpeg's ebur128 and silencedetect."""
    from steps.compose.ffmpeg_graph import run_graph

    heard = ffmpeg.input(str(video)).audio.filter("silencedetect", noise=QUIET, duration=SHORTEST_SILENCE)
    said = run_graph(heard.filter("ebur128", peak="true", framelog="quiet").output("-", f="null"), messages="info")
    return read_levels(said)


def read_levels(said: str) -> tuple[float, float, float]:
    """The figures in what ffmpeg says; its summary comes last."""
    loudness = re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1]
    peak = re.findall(r"Peak: +(-?[\d.]+|-inf) dBFS", said)[-1]
    silences = [float(seconds) for seconds in re.findall(r"silence_duration: ([\d.]+)", said)]
    return float(loudness), float(peak), max(silences, default=0.0)


def recognised(scenes: Iterable[tuple[Sequence[str], Samples]]) -> Recognition:
    """Recognise each scene alone, given its spoken words and its samples at 16 kHz."""
    from pocketsphinx import Decoder

    words = unknown = hits = edits = 0
    for spoken, samples in scenes:
        decoder = Decoder(loglevel="FATAL", samprate=RECOGNISER_RATE)
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        guess = decoder.hyp()
        came_back, wrong = compared(spoken, guess.hypstr.split() if guess else [])
        hits, edits = hits + came_back, edits + wrong
        words += len(spoken)
        unknown += sum(decoder.lookup_word(word) is None for word in spoken)
    return Recognition(words=words, unknown=unknown, recognised=hits / words, error_rate=edits / words)


def compared(said: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How many words came back, and how many are to be replaced, added or removed, in the alignment with the fewest of these.

    Levenshtein's distance over words (Wagner and Fischer, 1974); among equals the alignment that keeps most words.

    >>> compared("the park has to wait".split(), "the bark has to wait a".split())
    (4, 2)
    """
    row = [(edits, 0) for edits in range(len(heard) + 1)]
    for number, word in enumerate(said, 1):
        above, row = row, [(number, 0)]
        for place, other in enumerate(heard):
            same = word == other
            kept = (above[place][0] + (not same), above[place][1] - same)
            removed = (above[place + 1][0] + 1, above[place + 1][1])
            added = (row[place][0] + 1, row[place][1])
            row.append(min(kept, removed, added))
    edits, hits = row[-1]
    return -hits, edits


def spoken_words(workspace: Workspace) -> list[list[str]]:
    scripts = (workspace.path(scene_file("script", scene, ".json")) for scene in range(len(workspace.story.scenes)))
    return [Script.model_validate_json(path.read_bytes()).transcript.split() for path in scripts]


def samples_of(path: Path) -> Samples:
    """The sound of any file, mono at 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RECOGNISER_RATE)
    with av.open(str(path)) as file:
        frames = [part.to_ndarray()[0] for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([*frames, *(part.to_ndarray()[0] for part in resampler.resample(None))])


def scenes_in(video: Path, lengths: Sequence[int]) -> Iterator[Samples]:
    """The video's sound, scene by scene; `lengths` in frames, the scenes stand between an opening and a closing."""
    from steps.compose.specs import OPENING_FRAMES

    sound, start = samples_of(video), OPENING_FRAMES
    for length in lengths:
        first, last = (frame * RECOGNISER_RATE // FRAME_RATE for frame in (start, start + length))
        yield sound[first:last]
        start += length


def listen(workspace: Workspace, video: Path) -> Sound:
    words = spoken_words(workspace)
    voices = [workspace.path(scene_file("voice", scene, ".wav")) for scene in range(len(words))]
    lengths = [count_video_frames(path) for path in voices]
    loudness, peak, silence = levels(video)
    return Sound(
        loudness=loudness,
        true_peak=peak,
        longest_silence=silence,
        voice=recognised(zip(words, map(samples_of, voices), strict=True)),
        published=recognised(zip(words, scenes_in(video, lengths), strict=True)),
    )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sound", description=__doc__)
    parser.add_argument("workspace", type=Path, help="the directory of a story that has been rendered")
    parser.add_argument("video", type=Path, help="the video that was published of it")
    options = parser.parse_args(arguments)
    print(json.dumps(asdict(listen(Workspace(options.workspace), options.video)), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
