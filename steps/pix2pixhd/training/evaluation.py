"""Quality of a generator on held-out frames: PSNR, SSIM and flicker."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from steps.pix2pixhd.encoding import draw_edges
from steps.pix2pixhd.renderer import to_frames
from steps.pix2pixhd.training.dataset import FrameDataset
from steps.pix2pixhd.training.trainer import CPU, Accelerator

Pictures = NDArray[np.uint8]
BATCH = 4


@dataclass(frozen=True, kw_only=True)
class Quality:
    psnr: float
    """Peak signal-to-noise ratio over all pixels, dB."""
    mouth_psnr: float
    """The same, around the mouth."""
    ssim: float
    """Mean structural similarity of the luma; 1 is identical."""
    flicker: float
    """Mean absolute difference between generated and real change from frame to frame, grey levels."""
    still: float
    """Mean change from frame to frame of pixels that do not change in the real frames, grey levels."""

    def __str__(self) -> str:
        return (
            f"PSNR {self.psnr:.1f} dB (mouth {self.mouth_psnr:.1f} dB), SSIM {self.ssim:.4f}, "
            f"flicker {self.flicker:.2f} (still parts {self.still:.2f}) grey levels"
        )


def evaluate(generator: nn.Module, held_out: FrameDataset, accelerator: Accelerator = CPU) -> Quality:
    """Compare rendered and real frames of `held_out`, which must be consecutive."""
    generated, real = render_frames(generator, held_out, accelerator), held_out.targets()
    mouths = [mouth_box(points) for points in held_out.target_landmarks()]
    generated_change, real_change = np.diff(generated.astype(np.int16), axis=0), np.diff(real.astype(np.int16), axis=0)
    static = (real_change == 0).all(axis=-1)
    return Quality(
        psnr=peak_signal_to_noise(generated, real),
        mouth_psnr=float(
            np.mean([peak_signal_to_noise(a[box], b[box]) for a, b, box in zip(generated, real, mouths, strict=True)])
        ),
        ssim=float(np.mean([structural_similarity(a, b) for a, b in zip(generated, real, strict=True)])),
        flicker=float(np.abs(generated_change - real_change).mean()),
        still=float(np.abs(generated_change[static]).mean()) if static.any() else 0.0,
    )


def render_frames(generator: nn.Module, dataset: FrameDataset, accelerator: Accelerator = CPU) -> Pictures:
    """Frames rendered from the landmarks of a dataset: (N, S, S, 3) uint8."""
    generated = []
    for start in range(0, len(dataset), BATCH):
        encoding = dataset.encodings(dataset.landmarks[start : start + BATCH]).to(accelerator.device)
        with torch.inference_mode(), accelerator.autocast():
            generated.append(to_frames(generator(encoding)))
    return np.concatenate(generated)


def mouth_box(landmarks: NDArray[np.float32]) -> tuple[slice, slice]:
    mouth = landmarks[48:68]
    margin = 0.2 * np.ptp(mouth[:, 0])
    left, top = np.maximum(mouth.min(0) - margin, 0).astype(int)
    right, bottom = np.maximum(np.ceil(mouth.max(0) + margin).astype(int), [left + 1, top + 1])
    return slice(top, bottom), slice(left, right)


def peak_signal_to_noise(generated: Pictures, real: Pictures) -> float:
    """PSNR in dB of 8-bit pictures of the same shape; infinite where they are equal."""
    error = float(np.mean((generated.astype(np.float32) - real.astype(np.float32)) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def structural_similarity(generated: Pictures, real: Pictures) -> float:
    """Mean SSIM of two RGB pictures' luma. Source: Wang et al., "Image Quality Assessment", 2004: Gaussian window, sigma 1.5."""

    def blurred(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5), np.float32)

    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (generated, real))
    mean_one, mean_other = blurred(one), blurred(other)
    variances = blurred(one * one) - mean_one**2 + blurred(other * other) - mean_other**2
    covariance = blurred(one * other) - mean_one * mean_other
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = (2 * mean_one * mean_other + small) * (2 * covariance + smaller)
    return float(np.mean(similarity / ((mean_one**2 + mean_other**2 + small) * (variances + smaller))))


def sample_grid(generator: nn.Module, held_out: FrameDataset, rows: int = 4, accelerator: Accelerator = CPU) -> Pictures:
    """Some held-out frames for visual inspection, RGB uint8; each row: edges, generated, real."""
    samples = held_out.subset(np.linspace(0, len(held_out) - 1, rows).astype(int))
    real, generated = samples.targets(), render_frames(generator, samples, accelerator)
    side = real.shape[1]
    edges = [cv2.resize(draw_edges(points, samples.size, samples.body), (side, side)) for points in samples.landmarks]
    return np.vstack([np.hstack(row) for row in zip(edges, generated, real, strict=True)])
