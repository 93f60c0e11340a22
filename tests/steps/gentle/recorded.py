"""A recording with known words, and our gentle server in a process of its own."""

import io
import subprocess
import sys
import wave
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from steps.hibari.speaker import SAMPLE_RATE

SENTENCE = "The council approved its new budget on Monday, and every school in the county is open."


def wav_of(samples, rate=SAMPLE_RATE, width=2):
    """A WAV file of samples (n,) or (n, channels), full scale 1."""
    samples = np.atleast_2d(np.asarray(samples).T).T
    full = {1: "u1", 2: "<i2", 4: "<i4"}[width]
    scaled = samples * 127 + 128 if width == 1 else samples * (2 ** (8 * width - 1) - 1)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(np.round(scaled).astype(full).tobytes())
    return file.getvalue()


@contextmanager
def serving(*arguments):
    command = [sys.executable, "-m", "steps", "gentle-server", "--port", "0", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield SimpleNamespace(address=process.stderr.readline().split()[-1], process=process)
        finally:
            process.terminate()
            process.wait(10)
