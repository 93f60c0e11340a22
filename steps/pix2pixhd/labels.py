"""pix2pixHD's published 36-channel input: 35 labels one-hot, then the edges between instances.

Source: NVIDIA/pix2pixHD, models/pix2pixHD_model.py, `encode_input` and `get_edges`.
"""

import torch
from torch import Tensor

__all__ = ["LABELS", "encode_labels", "instance_edges"]

LABELS = 35
"""Of Cityscapes, 0 (unlabelled) to 34."""


def encode_labels(labels: Tensor, instances: Tensor, count: int = LABELS) -> Tensor:
    """Label and instance numbers (N, H, W), integers, to the net's input (N, count + 1, H, W) float32.

    Raises ValueError for a label outside 0 ... count - 1.
    """
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < count:
        raise ValueError(f"labels must lie in 0 ... {count - 1}, not {int(labels.min())} ... {int(labels.max())}")
    one_hot = torch.zeros(labels.shape[0], count, *labels.shape[1:])
    one_hot.scatter_(1, labels.long().unsqueeze(1), 1.0)
    return torch.cat([one_hot, instance_edges(instances).unsqueeze(1)], dim=1)


def instance_edges(instances: Tensor) -> Tensor:
    """1 where a pixel's neighbour to the left, right, above or below belongs to another instance: (N, H, W) float32."""
    edges = torch.zeros(instances.shape, dtype=torch.bool)
    across = instances[:, :, 1:] != instances[:, :, :-1]
    down = instances[:, 1:, :] != instances[:, :-1, :]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:, :] |= down
    edges[:, :-1, :] |= down
    return edges.float()
