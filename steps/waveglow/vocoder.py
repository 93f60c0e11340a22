"""A scene's mel spectrogram to its sound: waveglow sentence by sentence, denoised, finished as every voice is."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from newsreel.errors import BadInput, BadWeights
from newsreel.media.speech import Waveform, trim_silence, write_scene_wav
from newsreel.runtime.host import available_cores, has_native_bfloat16, retain_freed_memory
from steps.waveglow.denoiser import Denoiser
from steps.waveglow.mel import MELS, Spoken
from steps.waveglow.net import WaveGlow
from steps.waveglow.weights import load_waveglow

__all__ = ["SAMPLE_RATE", "Vocoder", "hire"]

SAMPLE_RATE = 22_050
HOP = 256
"""Samples a mel frame of tacotron2's."""


@dataclass(frozen=True)
class Vocoder:
    """A waveglow, loaded."""

    net: WaveGlow
    denoise: Denoiser

    def speak(self, spoken: Spoken, path: Path, advance: Callable[[int], None]) -> None:
        """Write a scene's sound: mono, 16 bits, 22,050 Hz, padded to whole video frames; `advance` is told of frames done."""
        sentences = []
        for number, mel in enumerate(spoken.sentences, start=1):
            sound = trim_silence(self.sentence(mel), SAMPLE_RATE)
            if sound is None:
                raise BadInput(
                    f"waveglow gives no sound for sentence {number}; its mel spectrogram is silent: see tacotron2's log"
                )
            sentences.append(sound)
            advance(len(mel))
        write_scene_wav(path, sentences, SAMPLE_RATE)

    def sentence(self, mel: NDArray[np.float32]) -> Waveform:
        """The sound of (frames, 80) log magnitudes; the same always sounds the same. Raises BadWeights where it is none."""
        seed = int.from_bytes(hashlib.sha256(mel.tobytes()).digest()[:4], "big")
        sound = self.denoise(self.net.infer(torch.from_numpy(mel.T.copy())[None], seed=seed))[0].cpu()
        if not bool(torch.isfinite(sound).all()):
            raise BadWeights(
                "waveglow's weights give infinite sound; they are damaged, or were trained for other mel spectrograms"
            )
        samples: Waveform = sound.clamp_(-1, 1).numpy()
        return samples


@contextmanager
def hire(weights: Path) -> Iterator[Vocoder]:
    """Load waveglow for the best this machine can do. Raises BadWeights.

    A GPU works in half precision; a processor that multiplies bfloat16 natively in that, any other in single precision.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(available_cores())
    retain_freed_memory()
    try:
        if torch.cuda.is_available():
            net = load_waveglow(weights, torch.float16, "cuda")
        else:
            net = load_waveglow(weights, torch.bfloat16 if has_native_bfloat16() else torch.float32)
        if (net.net.mels, net.net.hop) != (MELS, HOP):
            raise BadWeights(f"{weights}: a {net.net}, {net.net.hop} samples a frame; tacotron2 makes {MELS} mels, {HOP} samples")
        yield Vocoder(net, Denoiser(net))
    finally:
        torch.set_num_threads(threads)
