"""An uploaded recording to what the listener takes: mono, 16 kHz, 16 bits."""

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.signal import resample_poly

from newsreel.errors import BadInput
from steps.gentle_server.listener import SAMPLE_RATE

__all__ = ["SECONDS", "Sound", "read_sound"]

SECONDS = 15 * 60
"""The longest recording that is taken."""
RATES = range(4_000, 192_001)
CHANNELS = 8
SAMPLES = SECONDS * 48_000
"""A channel's samples that are held in memory at a time."""
BLOCK = 2**16


@dataclass(frozen=True)
class Sound:
    samples: NDArray[np.int16]
    """(n,) mono at SAMPLE_RATE."""
    seconds: float
    """The recording's own length; `samples` are rounded to whole ones."""

    def to_wav(self) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, self.samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        return file.getvalue()


def read_sound(file: BinaryIO) -> Sound:
    """Read WAV of any kind (PCM, float, mu-law, A-law), FLAC, Ogg or MP3, of any rate; channels are mixed.

    A recording that was cut off is taken as far as it goes. Raises BadInput for what is no recording, and for what is too long,
    which is found before more than SAMPLES are decoded.
    """
    try:
        with soundfile.SoundFile(file) as recording:
            rate = recording.samplerate
            refuse_what_is_out_of_reach(rate, recording.channels)
            mono = mixed(recording, int(min(SECONDS * rate, SAMPLES)))
    except (soundfile.SoundFileError, TypeError, ValueError) as fault:  # the last two: a header that contradicts itself
        raise BadInput("audio: this is no recording that can be read; send WAV, FLAC, Ogg or MP3") from fault
    ratio = Fraction(SAMPLE_RATE, rate).limit_denominator(1000)
    samples = resample_poly(mono, ratio.numerator, ratio.denominator) if len(mono) else mono
    return Sound(np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16), len(mono) / rate)


def refuse_what_is_out_of_reach(rate: int, channels: int) -> None:
    if rate not in RATES or channels > CHANNELS:
        raise BadInput(
            f"audio: {rate} Hz with {channels} channels is out of reach; send {RATES.start} to {RATES.stop - 1} Hz, "
            f"at most {CHANNELS} channels"
        )


def mixed(recording: soundfile.SoundFile, most: int) -> NDArray[np.float32]:
    """(n,) mono, full scale 1, no NaN; n is what is there, whatever the header says."""
    blocks: list[NDArray[np.float32]] = []
    length = 0
    while len(block := recording.read(BLOCK, dtype="float32", always_2d=True)):
        blocks.append(np.nan_to_num(block, posinf=0, neginf=0).mean(axis=1))
        length += len(block)
        if length > most:
            raise BadInput(f"audio: the recording is too long; at most {most / recording.samplerate:.0f} s")
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
