"""Generators of the published kind that take no time."""

import torch

from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.generator import build_generator

SIZE = 64
"""Of the small presenter's frames."""
SCENE_FRAMES = (30, 11)

SMALL_GLOBAL = Architecture(ngf=16, n_downsample_global=2, n_blocks_global=2)
SMALL_LOCAL = Architecture(
    net="local", input_nc=36, ngf=16, n_downsample_global=1, n_blocks_global=1, n_local_enhancers=1, n_blocks_local=2
)


def seeded_generator(architecture):
    torch.manual_seed(7)
    return build_generator(architecture).eval().requires_grad_(False)
