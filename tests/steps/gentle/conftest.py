"""Shared by several tests of gentle: a voice, its recording, a server."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
import urllib3

from steps.hibari.speaker import SAMPLE_RATE, Speaker
from tests.steps.gentle.recorded import SENTENCE, serving, wav_of


@pytest.fixture(scope="session")
def voice():
    return Speaker.load("heart")


@pytest.fixture(scope="session")
def recording(voice):
    silence = np.zeros(SAMPLE_RATE // 4, np.float32)
    samples = np.concatenate([silence, voice.synthesize(SENTENCE, seed=1), silence])
    return SimpleNamespace(text=SENTENCE, samples=samples, wav=wav_of(samples))


@pytest.fixture(scope="session")
def server():
    with serving("--workers", "2") as running:
        yield running


@pytest.fixture(scope="session")
def wait_until_done():
    """A function that waits for a transcription, by its address, and returns its final status."""

    def wait(place):
        for _ in range(400):
            status = urllib3.request("GET", f"{place}/status.json").json()
            if status["status"] not in ("STARTED", "TRANSCRIBING"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"still {status}")

    return wait
