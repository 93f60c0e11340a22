"""The sound of a video: the voices of all scenes, music ducked under them, mastered for the web.

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
from steps.compose.ffmpeg_graph import run_graph
from steps.compose.specs import OPENING_FRAMES, Timeline

LOUDNESS = -16.0
"""LUFS, integrated."""
TRUE_PEAK = -1.5
"""dBTP."""

VOICE_LOUDNESS = -17.0
"""LUFS of the voice before the master."""
MUSIC_GAIN = -2.0
"""Decibels: without speech the music is a little quieter than the voice."""
LIMITER_CEILING = -2.4
"""Decibels: AAC and resampling from four times the sample rate add up to 0.9 dB to a peak."""
MAX_GAIN = 30.0
"""Decibels by which a quiet recording is amplified at most."""

SAMPLE_RATE = music.SAMPLE_RATE
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_RATE
AUDIO = {"c:a": "aac", "b:a": "160k", "ar": SAMPLE_RATE, "ac": 2}

DUCKING = {"threshold": 0.012, "ratio": 7, "attack": 60, "release": 700, "knee": 4, "makeup": 1}
"""The voice lowers the music by about 12 dB within the first syllable; it rises again in the pause between scenes."""


@dataclass(frozen=True, kw_only=True)
class Soundtrack:
    """Sources of the sound: a list of the scenes' voices for ffmpeg's concat demuxer, and the music, if any."""

    voices: Path
    bed: Path | None
    opening: Path | None
    closing: Path | None

    @classmethod
    def prepare(cls, folder: Path, voices: Sequence[Path], *, with_music: bool) -> "Soundtrack":
        """Write the list of voices, and synthesise the music, into a folder."""
        voice_list = concat_list(folder / "voices.txt", voices)
        if not with_music:
            return cls(voices=voice_list, bed=None, opening=None, closing=None)
        made = {"bed": music.bed(), "opening": music.opening_sting(), "closing": music.closing_sting()}
        for name, signal in made.items():
            music.write_wave(folder / f"{name}.wav", signal)
        return cls(voices=voice_list, **{name: folder / f"{name}.wav" for name in made})


def concat_list(path: Path, files: Sequence[Path]) -> Path:
    """Write a list for ffmpeg's concat demuxer, quoted as in its manual."""
    quoted = (str(file.absolute()).replace("'", "'\\''") for file in files)
    path.write_text("".join(f"file '{name}'\n" for name in quoted))
    return path


def mastered(track: Soundtrack, timeline: Timeline) -> Any:
    """The mastered sound as a stream, exactly as long as the timeline. Measures the loudness of the voice, then of the mix."""
    voice_gain = gain_to(VOICE_LOUDNESS, measure_loudness(voice_track(track, timeline, gain=0.0)))
    mix_gain = gain_to(LOUDNESS, measure_loudness(mix(track, timeline, voice_gain)))
    mastered_mix = mix(track, timeline, voice_gain).filter("volume", f"{mix_gain:.2f}dB")
    mastered_mix = mastered_mix.filter("aresample", 4 * SAMPLE_RATE)  # so that the limiter sees true peaks between samples
    mastered_mix = mastered_mix.filter("alimiter", limit=10 ** (LIMITER_CEILING / 20), attack=4, release=60, level=0, latency=1)
    return mastered_mix.filter("aresample", SAMPLE_RATE).filter("atrim", end_sample=timeline.end * SAMPLES_PER_FRAME)


def voice_track(track: Soundtrack, timeline: Timeline, gain: float) -> Any:
    """The voice in stereo from the first frame to the last, slightly compressed."""
    voice = (
        ffmpeg.input(str(track.voices), f="concat", safe=0).audio.filter("asetpts", "N/SR/TB").filter("aresample", SAMPLE_RATE)
    )
    voice = voice.filter("aformat", channel_layouts="stereo").filter("highpass", f=70).filter("volume", f"{gain:.2f}dB")
    voice = voice.filter("acompressor", threshold="-22dB", ratio=2, attack=8, release=160, knee=4, makeup=1)
    voice = voice.filter("adelay", f"{OPENING_FRAMES * SAMPLES_PER_FRAME}S", all=1)
    return fit_length(voice, timeline)


def mix(track: Soundtrack, timeline: Timeline, voice_gain: float) -> Any:
    voice = voice_track(track, timeline, voice_gain)
    if track.bed is None or track.opening is None or track.closing is None:
        return voice
    split = voice.filter_multi_output("asplit")
    ducked = ffmpeg.filter([fit_length(music_bed(track.bed, timeline), timeline), split[1]], "sidechaincompress", **DUCKING)
    stings = [place_sting(track.opening, 0, timeline), place_sting(track.closing, timeline.closing, timeline)]
    return fit_length(ffmpeg.filter([split[0], ducked, *stings], "amix", inputs=4, normalize=0), timeline)


def music_bed(path: Path, timeline: Timeline) -> Any:
    """The music bed for the whole video: fades in under the opening and out as the closing begins."""
    music_stream = ffmpeg.input(str(path), stream_loop=-1).audio.filter("asetpts", "N/SR/TB")
    music_stream = music_stream.filter("atrim", end_sample=timeline.end * SAMPLES_PER_FRAME).filter("volume", f"{MUSIC_GAIN}dB")
    music_stream = music_stream.filter("afade", t="in", d=1.2, curve="hsin")
    return music_stream.filter("afade", t="out", st=timeline.closing / FRAME_RATE, d=1.2, curve="hsin")


def place_sting(path: Path, frame: int, timeline: Timeline) -> Any:
    """A sting from a frame on, faded out at the end of the video."""
    audio = ffmpeg.input(str(path)).audio.filter("adelay", f"{frame * SAMPLES_PER_FRAME}S", all=1)
    end = timeline.seconds
    return fit_length(audio.filter("volume", f"{MUSIC_GAIN}dB").filter("afade", t="out", st=max(0.0, end - 0.7), d=0.7), timeline)


def fit_length(stream: Any, timeline: Timeline) -> Any:
    """Pad with silence or cut to the timeline's length, exact to the sample."""
    samples = timeline.end * SAMPLES_PER_FRAME
    return stream.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)


def measure_loudness(stream: Any) -> float:
    """Integrated loudness in LUFS; -70 for silence."""
    return measure_levels(stream, peak="none")[0]


def measure_levels(stream: Any, peak: str = "true") -> tuple[float, float]:
    """Integrated loudness in LUFS, at least -70, and true peak in dBTP, at least -100."""
    messages = run_graph(stream.filter("ebur128", framelog="quiet", peak=peak).output("-", f="null"), messages="info")
    loudness = re.findall(r"I:\s+(-?\d+(?:\.\d+)?) LUFS", messages)
    peaks = re.findall(r"Peak:\s+(-?\d+(?:\.\d+)?) dBFS", messages)
    return float(loudness[-1]) if loudness else -70.0, max(-100.0, float(peaks[-1])) if peaks else -100.0


def gain_to(target: float, measured: float) -> float:
    """Decibels from the measured to the target loudness; 0 for silence."""
    return 0.0 if measured <= -69.0 else min(target - measured, MAX_GAIN)
