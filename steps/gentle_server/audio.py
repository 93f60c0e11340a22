"""An uploaded sound file to what the listener takes: mono, 16 kHz, 16 bits."""

import io
import warnings
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile
from scipy.signal import resample_poly

from steps.errors import BadInput
from steps.gentle_server.listener import SAMPLE_RATE

__all__ = ["SECONDS", "Sound", "read_wav"]

SECONDS = 15 * 60
"""The longest recording that is taken."""
RATES = range(4_000, 192_001)
CHANNELS = 8
FULL_SCALE = {"u1": (128, 128), "i2": (0, 2**15), "i4": (0, 2**31), "i8": (0, 2**63), "f4": (0, 1), "f8": (0, 1)}
"""Where zero lies and how large full scale is, for each kind of sample that scipy reads."""


@dataclass(frozen=True)
class Sound:
    samples: NDArray[np.float32]
    """(n,) mono, full scale 1."""
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def for_listener(self) -> NDArray[np.int16]:
        """At SAMPLE_RATE, with the filter of a polyphase resampler against aliases."""
        ratio = Fraction(SAMPLE_RATE, self.rate).limit_denominator(1000)
        samples: NDArray[np.float32] = self.samples
        if len(samples):
            samples = resample_poly(samples, ratio.numerator, ratio.denominator)
        return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)


def read_wav(data: bytes) -> Sound:
    """Read a WAV file of any PCM or float format. Raises BadInput for anything else, and for what is too long."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, samples = wavfile.read(io.BytesIO(data))
    except Exception as fault:  # scipy's reader fails on hostile bytes in every way there is
        raise BadInput("audio: this is no WAV file that can be read; send PCM in a RIFF/WAVE file") from fault
    if rate not in RATES or (samples.ndim == 2 and samples.shape[1] > CHANNELS):
        raise BadInput(
            f"audio: {rate} Hz is out of reach; send {RATES.start} to {RATES.stop - 1} Hz, at most {CHANNELS} channels"
        )
    if len(samples) > SECONDS * rate:
        raise BadInput(f"audio: {len(samples) / rate:.0f} s are too long; at most {SECONDS} s")
    zero, full = FULL_SCALE[samples.dtype.str[1:]]
    mono = (samples.astype(np.float32) - zero) / np.float32(full)
    mono = mono.mean(axis=1) if mono.ndim == 2 else mono
    return Sound(np.nan_to_num(mono, posinf=0, neginf=0), rate)
