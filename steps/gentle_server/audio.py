"""Decode an uploaded recording to what the recognizer takes: mono, 16 kHz, 16 bits."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.signal import resample_poly

from newsreel.errors import BadInput
from steps.gentle_server.recognizer import SAMPLE_RATE

MAX_SECONDS = 15 * 60
"""The longest accepted recording."""
SAMPLE_RATES = range(4_000, 192_001)
MAX_CHANNELS = 8
MAX_SAMPLES = MAX_SECONDS * 48_000
"""Of one channel, held in memory."""
BLOCK_SAMPLES = 2**16


@dataclass(frozen=True)
class Recording:
    samples: NDArray[np.int16]
    """(n,) mono at SAMPLE_RATE."""
    seconds: float
    """The recording's own length; `samples` are rounded to whole ones."""

    def to_wav(self) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, self.samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        return file.getvalue()


def read_recording(file: BinaryIO) -> Recording:
    """Read WAV of any kind (PCM, float, mu-law, A-law), FLAC, Ogg or MP3, of any rate; channels are mixed.

    A truncated recording is read as far as it goes. Raises BadInput for what is no recording, and for one that is too long, which
    is found before more than MAX_SAMPLES are decoded.
    """
    try:
        with soundfile.SoundFile(file) as recording:
            rate = recording.samplerate
            check_format(rate, recording.channels)
            mono = read_mono(recording, int(min(MAX_SECONDS * rate, MAX_SAMPLES)))
    except (soundfile.SoundFileError, TypeError, ValueError) as fault:  # the last two: a header that contradicts itself
        raise BadInput("audio: this is no recording that can be read; send WAV, FLAC, Ogg or MP3") from fault
    ratio = Fraction(SAMPLE_RATE, rate).limit_denominator(1000)
    samples = resample_poly(mono, ratio.numerator, ratio.denominator) if len(mono) else mono
    return Recording(np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16), len(mono) / rate)


def check_format(rate: int, channels: int) -> None:
    if rate not in SAMPLE_RATES or channels > MAX_CHANNELS:
        raise BadInput(
            f"audio: {rate} Hz with {channels} channels is not supported; send {SAMPLE_RATES.start} to "
            f"{SAMPLE_RATES.stop - 1} Hz, at most {MAX_CHANNELS} channels"
        )


def read_mono(recording: soundfile.SoundFile, max_samples: int) -> NDArray[np.float32]:
    """(n,) mono, full scale 1, no NaN; n is the number of samples present, whatever the header says."""
    blocks: list[NDArray[np.float32]] = []
    length = 0
    while len(block := recording.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        blocks.append(np.nan_to_num(block, posinf=0, neginf=0).mean(axis=1))
        length += len(block)
        if length > max_samples:
            raise BadInput(f"audio: the recording is too long; at most {max_samples / recording.samplerate:.0f} s")
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
