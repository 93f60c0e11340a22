"""The prenet's dropout, which is on whenever tacotron2 speaks: the paper (Shen et al. 2018, section 2.2) gives its output
variation by it."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["drawn", "multipliers"]


def drawn(seed: int, frames: int, prenet_dim: int) -> Tensor:
    """What is kept, (frames, 2, prenet_dim) boolean, one of two at random. More frames begin with the same ones."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 2, (frames, 2, prenet_dim), np.bool_))


def multipliers(masks: Tensor) -> Tensor:
    """What the layers' outputs are multiplied with: 2 for what a boolean mask keeps, so that the mean stays; numbers as given."""
    return masks.float() * 2 if masks.dtype == torch.bool else masks.float()
