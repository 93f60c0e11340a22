"""What a waveglow adds to every sound, taken out again: the spectrum it gives to silence without noise.

Published with the weights: the first frame of the spectrum of a zero mel spectrogram's sound at sigma 0, times a strength, is
subtracted from the magnitude of every frame; phases stay. Source of the transform: Griffin & Lim, "Signal estimation from
modified short-time Fourier transform", 1984.
"""

import torch
from torch import Tensor
from torch.nn import functional

from steps.waveglow.net import WaveGlow

__all__ = ["Denoiser"]

FILTER, HOP = 1024, 256
SILENT_FRAMES = 88
STRENGTH = 0.01
BLOCK = 512
"""Frames transformed at once: 6 s; more would take memory that grows with the sound."""


class Denoiser:
    """Takes the bias of one net out of its sounds."""

    def __init__(self, net: WaveGlow) -> None:
        self.window = torch.hann_window(FILTER, device=net.device)
        silence = torch.zeros(1, net.net.mels, SILENT_FRAMES, device=net.device)
        sound = functional.pad(net.infer(silence, sigma=0.0), (FILTER // 2, 0), mode="reflect")
        self.bias = torch.fft.rfft(sound[0, :FILTER] * self.window).abs()
        """(513,) magnitudes."""

    @torch.no_grad()
    def __call__(self, sound: Tensor, strength: float = STRENGTH) -> Tensor:
        """The sound (N, samples), fp32, without `strength` times the bias. What is shorter than half a frame stays as it is."""
        length = sound.shape[1]
        if length <= FILTER // 2:
            return sound
        padded = functional.pad(sound, (FILTER // 2, FILTER // 2), mode="reflect")
        padded = functional.pad(padded, (0, -length % HOP))
        frames = (padded.shape[1] - FILTER) // HOP + 1
        clean, weight = torch.zeros_like(padded), torch.zeros_like(padded[0])
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            piece = padded[:, start * HOP : (start + count - 1) * HOP + FILTER].unfold(1, FILTER, HOP) * self.window
            spectrum = torch.fft.rfft(piece)
            magnitude = spectrum.abs().clamp_min_(1e-12)
            spectrum *= (magnitude - strength * self.bias).clamp_min_(0).div_(magnitude)
            piece = torch.fft.irfft(spectrum, FILTER) * self.window
            for part in range(0, FILTER, HOP):
                place = slice(start * HOP + part, (start + count) * HOP + part)
                clean[:, place] += piece[:, :, part : part + HOP].flatten(1)
                weight[place] += self.window[part : part + HOP].square().repeat(count)
        inside = slice(FILTER // 2, FILTER // 2 + length)
        return clean[:, inside] / weight[inside]
