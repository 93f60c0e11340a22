"""The generator's pictures as the bytes an encoder is given: RGB, or BT.709 in limited range, made where the picture is.

On a GPU that is 1.5 bytes a pixel to fetch instead of 12, and no conversion left for the processor that feeds the encoder.

Source: ITU-R BT.709-6, sections 3 and 4; the place of H.264's chroma samples: ITU-T H.264, figure E-1, type 0.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from newsreel.media.encoder import Pixels

__all__ = ["levels_of", "to_pixels"]

RED, BLUE = 0.2126, 0.0722
"""Of the luma."""
LUMA, CHROMA = (16, 219), (128, 224)
"""Offset and range of 8-bit levels."""
TO_CHROMA = ((1, 2, 1), (1, 2, 1))
"""A chroma sample lies on an even column, between two rows: over 2x3 pixels, eighths."""


def levels_of(picture: Tensor) -> Tensor:
    """The net's output, -1 ... 1, as 8-bit levels: (x + 1) / 2 * 255, clipped and cut off as published."""
    return (picture.float() + 1).mul_(127.5).clamp_(0, 255).byte()


def to_pixels(picture: Tensor, pixels: Pixels) -> Tensor:
    """The net's output (N, 3, H, W), -1 ... 1, as uint8 in an encoder's layout, contiguous, on the same device.

    rgb24: (N, H, W, 3); yuv444p: (N, 3, H, W); yuv420p and nv12: (N, H * 3 / 2, W), for which H and W must be even.
    """
    levels = levels_of(picture)
    if pixels == "rgb24":
        return levels.permute(0, 2, 3, 1).contiguous()
    luma, chroma = to_luma_and_chroma(levels)
    if pixels == "yuv444p":
        return rounded(torch.cat([luma, chroma], 1))
    count, _, height, width = luma.shape
    sparse = halved(chroma)
    if pixels == "nv12":
        sparse = sparse.permute(0, 2, 3, 1)
    return rounded(torch.cat([luma.reshape(count, height, width), sparse.reshape(count, height // 2, width)], 1))


def to_luma_and_chroma(levels: Tensor) -> tuple[Tensor, Tensor]:
    """8-bit RGB levels (N, 3, H, W) to Y (N, 1, H, W) and Cb, Cr (N, 2, H, W), limited range, not rounded."""
    red, green, blue = (levels / 255).chunk(3, 1)
    luma = RED * red + (1 - RED - BLUE) * green + BLUE * blue
    differences = torch.cat([(blue - luma) / (2 - 2 * BLUE), (red - luma) / (2 - 2 * RED)], 1)
    return LUMA[0] + LUMA[1] * luma, CHROMA[0] + CHROMA[1] * differences


def halved(chroma: Tensor) -> Tensor:
    """(N, 2, H, W) to (N, 2, H / 2, W / 2)."""
    kernel = torch.tensor(TO_CHROMA, dtype=chroma.dtype, device=chroma.device).div_(8).expand(2, 1, 2, 3)
    return conv2d(pad(chroma, (1, 0, 0, 0), mode="replicate"), kernel, stride=2, groups=2)


def rounded(levels: Tensor) -> Tensor:
    return levels.add_(0.5).byte().contiguous()
