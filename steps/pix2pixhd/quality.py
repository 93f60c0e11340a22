"""How good a generator is, on frames it has not seen: nearness to the real ones, and whether it flickers."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from steps.pix2pixhd.edges import draw_edges
from steps.pix2pixhd.machine import PROCESSOR, Machine
from steps.pix2pixhd.pairs import Pairs

__all__ = ["Quality", "examine", "peak_signal_to_noise", "render_plainly", "sample_sheet", "structural_similarity"]

Pictures = NDArray[np.uint8]
BATCH = 4


@dataclass(frozen=True, kw_only=True)
class Quality:
    psnr: float
    """Peak signal-to-noise ratio over all pixels, dB."""
    mouth_psnr: float
    """The same, of the mouth's surroundings."""
    ssim: float
    """Structural similarity of the luma, 1 is identical."""
    flicker: float
    """Grey levels by which a pixel's change from frame to frame differs from the real change, on average."""
    still: float
    """Grey levels by which pixels change that really keep still, on average."""

    def __str__(self) -> str:
        return (
            f"PSNR {self.psnr:.1f} dB (mouth {self.mouth_psnr:.1f} dB), SSIM {self.ssim:.4f}, "
            f"flicker {self.flicker:.2f} (still parts {self.still:.2f}) grey levels"
        )


def examine(generator: nn.Module, unseen: Pairs, machine: Machine = PROCESSOR) -> Quality:
    """Render the unseen pairs, consecutive frames of a motion, and compare."""
    made, real = render_plainly(generator, unseen, machine), unseen.seen_pictures()
    mouths = [mouth_box(points) for points in unseen.seen_landmarks()]
    made_change, real_change = np.diff(made.astype(np.int16), axis=0), np.diff(real.astype(np.int16), axis=0)
    keeps_still = (real_change == 0).all(axis=-1)
    return Quality(
        psnr=peak_signal_to_noise(made, real),
        mouth_psnr=float(np.mean([peak_signal_to_noise(a[box], b[box]) for a, b, box in zip(made, real, mouths, strict=True)])),
        ssim=float(np.mean([structural_similarity(a, b) for a, b in zip(made, real, strict=True)])),
        flicker=float(np.abs(made_change - real_change).mean()),
        still=float(np.abs(made_change[keeps_still]).mean()) if keeps_still.any() else 0.0,
    )


def render_plainly(generator: nn.Module, pairs: Pairs, machine: Machine = PROCESSOR) -> Pictures:
    """What the generator makes of the pairs' landmarks: (N, S, S, 3) uint8."""
    made = []
    for start in range(0, len(pairs), BATCH):
        encoding = pairs.encodings(pairs.landmarks[start : start + BATCH]).to(machine.device)
        with torch.inference_mode(), machine.autocast():
            picture = generator(encoding)
        made.append(((picture.float() + 1) * 127.5).clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(made)


def mouth_box(landmarks: NDArray[np.float32]) -> tuple[slice, slice]:
    mouth = landmarks[48:68]
    margin = 0.2 * np.ptp(mouth[:, 0])
    left, top = np.maximum(mouth.min(0) - margin, 0).astype(int)
    right, bottom = np.maximum(np.ceil(mouth.max(0) + margin).astype(int), [left + 1, top + 1])
    return slice(top, bottom), slice(left, right)


def peak_signal_to_noise(made: Pictures, real: Pictures) -> float:
    """Decibels, of 8-bit pictures of the same shape; infinite where they are equal."""
    error = float(np.mean((made.astype(np.float32) - real.astype(np.float32)) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def structural_similarity(made: Pictures, real: Pictures) -> float:
    """Mean SSIM of two RGB pictures' luma. Source: Wang et al., "Image Quality Assessment", 2004: Gaussian window, sigma 1.5."""

    def blurred(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5), np.float32)

    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (made, real))
    mean_one, mean_other = blurred(one), blurred(other)
    variances = blurred(one * one) - mean_one**2 + blurred(other * other) - mean_other**2
    covariance = blurred(one * other) - mean_one * mean_other
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_one * mean_other + small) * (2 * covariance + smaller)
    return float(np.mean(likeness / ((mean_one**2 + mean_other**2 + small) * (variances + smaller))))


def sample_sheet(generator: nn.Module, unseen: Pairs, rows: int = 4, machine: Machine = PROCESSOR) -> Pictures:
    """For people to look at: edges, made, real, side by side; some unseen frames below each other. RGB uint8."""
    some = unseen.taken(np.linspace(0, len(unseen) - 1, rows).astype(int))
    real, made = some.seen_pictures(), render_plainly(generator, some, machine)
    side = real.shape[1]
    edges = [cv2.resize(draw_edges(points, some.size, some.body), (side, side)) for points in some.landmarks]
    return np.vstack([np.hstack(row) for row in zip(edges, made, real, strict=True)])
