"""A scene's mel spectrogram to its audio: waveglow sentence by sentence, denoised, with pauses and level as for every voice."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from newsreel.errors import BadInput, BadWeights
from newsreel.media.speech import Waveform, trim_silence, write_scene_wav
from newsreel.runtime.host import available_cores, has_native_bfloat16, retain_freed_memory
from steps.waveglow.mel import MEL_CHANNELS, SceneMel
from steps.waveglow.model import WaveGlow
from steps.waveglow.weights import load_waveglow

SAMPLE_RATE = 22_050
HOP_LENGTH = 256
"""Samples per mel frame of tacotron2's."""

FFT_SIZE, FFT_HOP = 1024, 256
SILENT_FRAMES = 88
DENOISER_STRENGTH = 0.01
MAX_FRAMES_AT_ONCE = 512
"""Frames transformed at once: 6 s; more would take memory that grows with the audio."""


class Denoiser:
    """Removes the bias of one net, the spectrum that it gives to silence without noise, from its audio.

    Published with the weights: the first frame of the spectrum of a zero mel spectrogram's audio at sigma 0, times a strength, is
    subtracted from the magnitude of every frame; phases stay. Source of the transform: Griffin & Lim, "Signal estimation from
    modified short-time Fourier transform", 1984.
    """

    def __init__(self, net: WaveGlow) -> None:
        self.window = torch.hann_window(FFT_SIZE, device=net.device)
        silence = torch.zeros(1, net.architecture.n_mel_channels, SILENT_FRAMES, device=net.device)
        audio = functional.pad(net.infer(silence, sigma=0.0), (FFT_SIZE // 2, 0), mode="reflect")
        self.bias = torch.fft.rfft(audio[0, :FFT_SIZE] * self.window).abs()
        """(513,) magnitudes."""

    @torch.no_grad()
    def __call__(self, audio: Tensor, strength: float = DENOISER_STRENGTH) -> Tensor:
        """Subtract `strength` times the bias from audio (N, samples), fp32. Audio shorter than half a frame stays as it is."""
        length = audio.shape[1]
        if length <= FFT_SIZE // 2:
            return audio
        padded = functional.pad(audio, (FFT_SIZE // 2, FFT_SIZE // 2), mode="reflect")
        padded = functional.pad(padded, (0, -length % FFT_HOP))
        frames = (padded.shape[1] - FFT_SIZE) // FFT_HOP + 1
        clean, weight = torch.zeros_like(padded), torch.zeros_like(padded[0])
        for start in range(0, frames, MAX_FRAMES_AT_ONCE):
            count = min(MAX_FRAMES_AT_ONCE, frames - start)
            chunk = padded[:, start * FFT_HOP : (start + count - 1) * FFT_HOP + FFT_SIZE]
            spectrum = torch.fft.rfft(chunk.unfold(1, FFT_SIZE, FFT_HOP) * self.window)
            magnitude = spectrum.abs().clamp_min_(1e-12)
            spectrum *= (magnitude - strength * self.bias).clamp_min_(0).div_(magnitude)
            windowed = torch.fft.irfft(spectrum, FFT_SIZE) * self.window
            for part in range(0, FFT_SIZE, FFT_HOP):
                place = slice(start * FFT_HOP + part, (start + count) * FFT_HOP + part)
                clean[:, place] += windowed[:, :, part : part + FFT_HOP].flatten(1)
                weight[place] += self.window[part : part + FFT_HOP].square().repeat(count)
        inside = slice(FFT_SIZE // 2, FFT_SIZE // 2 + length)
        return clean[:, inside] / weight[inside]


@dataclass(frozen=True)
class Vocoder:
    """A loaded waveglow with its denoiser."""

    net: WaveGlow
    denoise: Denoiser

    def write_scene_audio(self, scene: SceneMel, path: Path, advance: Callable[[int], None]) -> None:
        """Write a scene's WAV: mono, 16 bits, 22,050 Hz, padded to whole video frames; calls `advance` with mel frames done."""
        sentences = []
        for number, mel in enumerate(scene.sentences, start=1):
            sound = trim_silence(self.synthesize(mel), SAMPLE_RATE)
            if sound is None:
                raise BadInput(
                    f"waveglow gives no sound for sentence {number}; its mel spectrogram is silent: see tacotron2's log"
                )
            sentences.append(sound)
            advance(len(mel))
        write_scene_wav(path, sentences, SAMPLE_RATE)

    def synthesize(self, mel: NDArray[np.float32]) -> Waveform:
        """The audio of (frames, 80) log magnitudes; equal input gives equal audio. Raises BadWeights if it is not finite."""
        seed = int.from_bytes(hashlib.sha256(mel.tobytes()).digest()[:4], "big")
        audio = self.denoise(self.net.infer(torch.from_numpy(mel.T.copy())[None], seed=seed))[0].cpu()
        if not bool(torch.isfinite(audio).all()):
            raise BadWeights(
                "waveglow's weights give infinite sound; they are damaged, or were trained for other mel spectrograms"
            )
        samples: Waveform = audio.clamp_(-1, 1).numpy()
        return samples


@contextmanager
def open_vocoder(weights: Path) -> Iterator[Vocoder]:
    """Load waveglow for this machine's best hardware. Raises BadWeights.

    A GPU computes in half precision; a CPU in bfloat16 if it multiplies it natively, else in single precision.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(available_cores())
    retain_freed_memory()
    try:
        if torch.cuda.is_available():
            net = load_waveglow(weights, torch.float16, "cuda")
        else:
            net = load_waveglow(weights, torch.bfloat16 if has_native_bfloat16() else torch.float32)
        sizes = net.architecture
        if (sizes.n_mel_channels, sizes.hop) != (MEL_CHANNELS, HOP_LENGTH):
            raise BadWeights(
                f"{weights}: a {sizes}, {sizes.hop} samples a frame; tacotron2 makes {MEL_CHANNELS} mels, {HOP_LENGTH} samples"
            )
        yield Vocoder(net, Denoiser(net))
    finally:
        torch.set_num_threads(threads)
