"""Small, fast generators of the published architectures, and silent voices of a given length."""

import wave
from pathlib import Path

import torch

from newsreel.artifacts import FRAME_RATE
from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import build_generator

SIZE = 64
"""Side of the small presenter's frames."""
SCENE_FRAMES = (30, 11)

SMALL_GLOBAL = Architecture(ngf=16, n_downsample_global=2, n_blocks_global=2)
SMALL_LOCAL = Architecture(
    net="local", input_nc=36, ngf=16, n_downsample_global=1, n_blocks_global=1, n_local_enhancers=1, n_blocks_local=2
)


def seeded_generator(architecture):
    torch.manual_seed(7)
    return build_generator(architecture).eval().requires_grad_(False)


def write_voice(path: Path, frames: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 24000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 24000 * frames // FRAME_RATE))
