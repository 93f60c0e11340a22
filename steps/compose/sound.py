"""The story's sound: the voice of all scenes in one line, the music ducked under it, both mastered for the web.

Loudness and its measurement are those of ITU-R BS.1770-5 and EBU R 128; the target is what the large platforms play at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from newsreel.artifacts import FRAME_RATE
from steps.compose import music
from steps.compose.encoder import run_graph
from steps.compose.parts import OPENING_FRAMES, Timeline

__all__ = ["LOUDNESS", "SOUND", "TRUE_PEAK", "Soundtrack", "concat_list", "levels_of", "mastered"]

LOUDNESS = -16.0
"""LUFS, integrated."""
TRUE_PEAK = -1.5
"""dBTP."""

VOICE_LOUDNESS = -17.0
"""LUFS of the voice before the master."""
MUSIC_GAIN = -2.0
"""Decibels: where nobody speaks the bed is a little quieter than the voice."""
LIMIT = -2.4
"""Decibels: AAC and the way back from four times the sampling rate add up to 0.9 dB to a peak."""
MOST_GAIN = 30.0
"""Decibels a quiet recording is raised at most."""

RATE = music.SAMPLE_RATE
SAMPLES_A_FRAME = RATE // FRAME_RATE
SOUND = {"c:a": "aac", "b:a": "160k", "ar": RATE, "ac": 2}

DUCKING = {"threshold": 0.012, "ratio": 7, "attack": 60, "release": 700, "knee": 4, "makeup": 1}
"""The voice pushes the music down by about 12 dB within the first syllable and lets it up in the pause between scenes."""


@dataclass(frozen=True, kw_only=True)
class Soundtrack:
    """What is heard: a list of the scenes' voices for ffmpeg's concat demuxer, and the music where there is any."""

    voices: Path
    bed: Path | None
    opening: Path | None
    closing: Path | None

    @classmethod
    def prepare(cls, folder: Path, voices: Sequence[Path], *, with_music: bool) -> "Soundtrack":
        """Write the list and synthesise the music into a folder."""
        voice_list = concat_list(folder / "voices.txt", voices)
        if not with_music:
            return cls(voices=voice_list, bed=None, opening=None, closing=None)
        made = {"bed": music.bed(), "opening": music.opening_sting(), "closing": music.closing_sting()}
        for name, signal in made.items():
            music.write_wave(folder / f"{name}.wav", signal)
        return cls(voices=voice_list, **{name: folder / f"{name}.wav" for name in made})


def concat_list(path: Path, files: Sequence[Path]) -> Path:
    """A list for ffmpeg's concat demuxer, quoted as its manual tells."""
    quoted = (str(file.absolute()).replace("'", "'\\''") for file in files)
    path.write_text("".join(f"file '{name}'\n" for name in quoted))
    return path


def mastered(track: Soundtrack, timeline: Timeline) -> Any:
    """The finished sound as a stream, exactly as long as the timeline. Measures twice on the way: the voice, then the mix."""
    raise_voice = gain_to(VOICE_LOUDNESS, loudness_of(voice(track, timeline, gain=0.0)))
    raise_mix = gain_to(LOUDNESS, loudness_of(mixed(track, timeline, raise_voice)))
    final = mixed(track, timeline, raise_voice).filter("volume", f"{raise_mix:.2f}dB")
    final = final.filter("aresample", 4 * RATE)  # so that the limiter sees the peaks between samples
    final = final.filter("alimiter", limit=10 ** (LIMIT / 20), attack=4, release=60, level=0, latency=1)
    return final.filter("aresample", RATE).filter("atrim", end_sample=timeline.end * SAMPLES_A_FRAME)


def voice(track: Soundtrack, timeline: Timeline, gain: float) -> Any:
    """The voice in stereo from the story's first frame to its last, evened out a little."""
    spoken = ffmpeg.input(str(track.voices), f="concat", safe=0).audio.filter("asetpts", "N/SR/TB").filter("aresample", RATE)
    spoken = spoken.filter("aformat", channel_layouts="stereo").filter("highpass", f=70).filter("volume", f"{gain:.2f}dB")
    spoken = spoken.filter("acompressor", threshold="-22dB", ratio=2, attack=8, release=160, knee=4, makeup=1)
    spoken = spoken.filter("adelay", f"{OPENING_FRAMES * SAMPLES_A_FRAME}S", all=1)
    return whole(spoken, timeline)


def mixed(track: Soundtrack, timeline: Timeline, voice_gain: float) -> Any:
    spoken = voice(track, timeline, voice_gain)
    if track.bed is None or track.opening is None or track.closing is None:
        return spoken
    split = spoken.filter_multi_output("asplit")
    ducked = ffmpeg.filter([whole(bed(track.bed, timeline), timeline), split[1]], "sidechaincompress", **DUCKING)
    stings = [sting(track.opening, 0, timeline), sting(track.closing, timeline.closing, timeline)]
    return whole(ffmpeg.filter([split[0], ducked, *stings], "amix", inputs=4, normalize=0), timeline)


def bed(path: Path, timeline: Timeline) -> Any:
    """The bed for the whole story: it comes in under the opening and is gone soon after the closing begins."""
    turning = ffmpeg.input(str(path), stream_loop=-1).audio.filter("asetpts", "N/SR/TB")
    turning = turning.filter("atrim", end_sample=timeline.end * SAMPLES_A_FRAME).filter("volume", f"{MUSIC_GAIN}dB")
    turning = turning.filter("afade", t="in", d=1.2, curve="hsin")
    return turning.filter("afade", t="out", st=timeline.closing / FRAME_RATE, d=1.2, curve="hsin")


def sting(path: Path, frame: int, timeline: Timeline) -> Any:
    """A sting from a frame on; what would ring on past the end fades out with it."""
    ringing = ffmpeg.input(str(path)).audio.filter("adelay", f"{frame * SAMPLES_A_FRAME}S", all=1)
    end = timeline.seconds
    return whole(ringing.filter("volume", f"{MUSIC_GAIN}dB").filter("afade", t="out", st=max(0.0, end - 0.7), d=0.7), timeline)


def whole(stream: Any, timeline: Timeline) -> Any:
    """Silence added or sound cut, to the sample, to the timeline's length."""
    samples = timeline.end * SAMPLES_A_FRAME
    return stream.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)


def loudness_of(stream: Any) -> float:
    """Integrated loudness in LUFS; -70 for silence."""
    return levels_of(stream, peak="none")[0]


def levels_of(stream: Any, peak: str = "true") -> tuple[float, float]:
    """Integrated loudness in LUFS, at least -70, and true peak in dBTP, at least -100."""
    said = run_graph(stream.filter("ebur128", framelog="quiet", peak=peak).output("-", f="null"), messages="info")
    loudness = re.findall(r"I:\s+(-?\d+(?:\.\d+)?) LUFS", said)
    peaks = re.findall(r"Peak:\s+(-?\d+(?:\.\d+)?) dBFS", said)
    return float(loudness[-1]) if loudness else -70.0, max(-100.0, float(peaks[-1])) if peaks else -100.0


def gain_to(wanted: float, measured: float) -> float:
    """Decibels from one loudness to another; silence stays silence."""
    return 0.0 if measured <= -69.0 else min(wanted - measured, MOST_GAIN)
