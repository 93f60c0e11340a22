"""The losses pix2pixHD is trained with, and a weighted pixel loss.

Source: Wang et al. 2018, equations 2-5; LSGAN: Mao et al., "Least Squares Generative Adversarial Networks", 2017.
"""

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

__all__ = ["feature_matching_loss", "least_squares_loss", "pixel_loss"]


def least_squares_loss(verdicts: list[list[Tensor]], real: bool) -> Tensor:
    """Sum over scales of the mean squared distance of every patch's verdict from 1 (real) or 0."""
    targets = [taps[-1].new_full((), float(real)).expand_as(taps[-1]) for taps in verdicts]
    losses = [mse_loss(taps[-1].float(), target.float()) for taps, target in zip(verdicts, targets, strict=True)]
    return sum(losses[1:], losses[0])


def feature_matching_loss(made: list[list[Tensor]], real: list[list[Tensor]]) -> Tensor:
    """How far the discriminator's inner features of the made picture are from those of the real one.

    Weights as published: 4 / layers a layer, 1 / scales a scale; the verdict itself does not count.
    """
    losses = []
    for made_taps, real_taps in zip(made, real, strict=True):
        weight = 4.0 / (len(made_taps) - 1) / len(made)
        pairs = zip(made_taps[:-1], real_taps[:-1], strict=True)
        losses += [weight * l1_loss(ours.float(), theirs.detach().float()) for ours, theirs in pairs]
    return sum(losses[1:], losses[0])


def pixel_loss(made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference of pictures (N, C, H, W), each pixel counted by `weights` (N, 1, H, W)."""
    return ((made.float() - real.float()).abs() * weights).mean()
