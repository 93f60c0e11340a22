"""A recording whose words are known, and our gentle server as a process of its own."""

import io
import subprocess
import sys
import time
import wave
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import urllib3

from steps.hibari.speaker import SAMPLE_RATE, Speaker

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


@pytest.fixture(scope="session")
def voice():
    return Speaker.load("heart")


@pytest.fixture(scope="session")
def recording(voice):
    silence = np.zeros(SAMPLE_RATE // 4, np.float32)
    samples = np.concatenate([silence, voice.synthesise(SENTENCE, seed=1), silence])
    return SimpleNamespace(text=SENTENCE, samples=samples, wav=wav_of(samples))


@contextmanager
def serving(*arguments):
    command = [sys.executable, "-m", "steps", "gentle-server", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield SimpleNamespace(address=process.stdout.readline().split()[-1], process=process)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def server():
    with serving("--workers", "2") as running:
        yield running


@pytest.fixture(scope="session")
def told_ended():
    """A function: the status of a transcription, by its address, once it is done."""

    def ended(place):
        for _ in range(400):
            status = urllib3.request("GET", f"{place}/status.json").json()
            if status["status"] not in ("STARTED", "TRANSCRIBING"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"still {status}")

    return ended
