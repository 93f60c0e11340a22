"""The denoiser against a naive short-time Fourier transform."""

import numpy as np
import pytest
import torch
from small_waveglows import TINY, build, plain_state, randoms

import steps.waveglow.vocoder as vocoder_module
from steps.waveglow.vocoder import Denoiser


@pytest.fixture(scope="module")
def net():
    return build(TINY, plain_state(TINY))


def naive_spectrum(sound, frame):
    """One frame's 513 sums of the sound, reflected at its ends, under a Hann window of 1024."""
    padded = np.concatenate([sound[512:0:-1], sound, sound[-2:-514:-1]])
    n = np.arange(1024)
    piece = padded[frame * 256 : frame * 256 + 1024] * (0.5 - 0.5 * np.cos(2 * np.pi * n / 1024))
    return np.exp(-2j * np.pi * np.outer(np.arange(513), n) / 1024) @ piece


def naive_denoised(sound, bias, strength):
    out, weight = np.zeros(len(sound) + 1024), np.zeros(len(sound) + 1024)
    n = np.arange(1024)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 1024)
    twice = np.full(513, 2.0)
    twice[[0, -1]] = 1
    for frame in range(len(sound) // 256 + 1):
        spectrum = naive_spectrum(sound, frame)
        spectrum = np.maximum(np.abs(spectrum) - strength * bias, 0) * np.exp(1j * np.angle(spectrum))
        piece = (np.exp(2j * np.pi * np.outer(n, np.arange(513)) / 1024) @ (twice * spectrum)).real / 1024
        out[frame * 256 : frame * 256 + 1024] += piece * window
        weight[frame * 256 : frame * 256 + 1024] += window**2
    return (out / np.maximum(weight, 1e-9))[512:-512]


def test_the_bias_is_the_spectrum_of_the_nets_silence(net):
    silence = net.infer(torch.zeros(1, TINY.n_mel_channels, 88), sigma=0.0)[0].double().numpy()
    assert np.abs(Denoiser(net).bias.numpy() - np.abs(naive_spectrum(silence, 0))).max() < 1e-3


def test_the_bias_is_subtracted_from_every_magnitude(net):
    denoise = Denoiser(net)
    sound = randoms(2)(1, 256 * 9)
    naive = naive_denoised(sound[0].double().numpy(), denoise.bias.double().numpy(), 0.1)
    assert np.abs(denoise(sound, 0.1)[0].numpy() - naive).max() < 1e-4
    assert np.abs(sound[0].numpy() - naive).max() > 1e-2


def test_denoising_in_blocks_equals_denoising_as_a_whole(net, monkeypatch):
    denoise, sound = Denoiser(net), randoms(2)(2, 256 * 50)
    whole = denoise(sound, 0.1)
    monkeypatch.setattr(vocoder_module, "MAX_FRAMES_AT_ONCE", 7)
    assert (denoise(sound, 0.1) - whole).abs().max() < 1e-5


@pytest.mark.parametrize("samples", [0, 1, 512, 513, 700, 1024, 5001])
def test_zero_strength_leaves_audio_of_any_length_unchanged(net, samples):
    sound = randoms(3)(1, samples)
    clean = Denoiser(net)(sound, 0.0)
    assert clean.shape == sound.shape
    assert torch.allclose(clean, sound, atol=1e-5)
