"""Configuration of a generator and of its training. Imports no torch, so that a step can be planned without it.

Architecture options have the names of pix2pixHD's own, so that an `opt.txt` can be compared with them.
"""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Architecture of a generator. The defaults are those of the published options (options/base_options.py), for face edges."""

    net: Literal["global", "local"] = "global"
    input_nc: int = 3
    """Channels of the input: 3 for face edges, 36 for 35 one-hot labels and instance edges."""
    output_nc: int = 3
    ngf: int = 64
    """Channels of the first convolution at full size."""
    n_downsample_global: int = 4
    n_blocks_global: int = 9
    n_local_enhancers: int = 0
    """0 for `global`; each doubles the picture's sides."""
    n_blocks_local: int = 0

    @property
    def side_multiple(self) -> int:
        """Width and height of a picture must be multiples of this."""
        return int(2 ** (self.n_downsample_global + self.n_local_enhancers))

    def __str__(self) -> str:
        local = f" + {self.n_local_enhancers} enhancer(s) of {self.n_blocks_local} blocks" if self.n_local_enhancers else ""
        return (
            f"{self.net} generator, {self.input_nc} to {self.output_nc} channels, ngf {self.ngf}, "
            f"{self.n_downsample_global} downsamplings, {self.n_blocks_global} blocks{local}"
        )


SMALL_GENERATOR = Architecture(ngf=16, n_downsample_global=3, n_blocks_global=4)
"""For frames of about 320 x 320: 1.38 million parameters, 2.8 MB in half precision; two CPU cores can train and run it."""
GLOBAL_GENERATOR = Architecture()
"""The published global generator, ngf 64: 182 million parameters, for a GPU."""
LOCAL_GENERATOR = Architecture(net="local", ngf=32, n_local_enhancers=1, n_blocks_local=3)
"""The published generator for twice the width and height."""

MAX_SMALL_SIZE, MAX_GLOBAL_SIZE = 384, 768


def architecture_for(size: int) -> Architecture:
    """The architecture for square pictures of `size` pixels: the published one, or a small one that a CPU can run."""
    if size <= MAX_SMALL_SIZE:
        return SMALL_GENERATOR
    return GLOBAL_GENERATOR if size <= MAX_GLOBAL_SIZE else LOCAL_GENERATOR


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Hyperparameters. Training ends after `steps` or `minutes`, whichever comes first; schedules follow that."""

    steps: int = 5000
    minutes: float = 12.0
    seed: int = 1
    batch: int = 2
    architecture: Architecture = SMALL_GENERATOR
    adversarial_start: float = 0.75
    """Fraction of the training that uses the pixel loss alone; the discriminator joins after it."""
    learning_rate: float = 2e-3
    jitter: float = 0.2
    """Standard deviation of noise on the landmarks, pixels: detected landmarks jitter, the picture must not."""
    adversarial_weight: float = 0.02
    """Weight of the adversarial loss, relative to a pixel loss of weight 1."""
    feature_matching_weight: float = 0.1
    ema_decay: float = 0.997
    """Decay of the exponential moving average of the weights, reached after about 3000 steps."""
    discriminator_scales: int = 2
    ndf: int = 16
    """Channels of the discriminator's first layer; 64 as published."""
    eval_interval: int = 500
    """Steps between evaluations on held-out frames; each writes a checkpoint and may end the training."""
    target_psnr: float = 45.0
    """PSNR on held-out frames, dB, at which training stops early."""
    patience: int = 6
    """Evaluations without improvement after which training stops; the best weights are saved, not the last."""
    min_delta: float = 0.02
    """Smallest rise of the PSNR, dB, that counts as an improvement."""
    global_fraction: float = 0.5
    """For a local generator: the fraction of the training in which its global part is trained alone, at half the size."""
    frozen_global: float = 0.2
    """Of the rest, the fraction in which the global part is frozen (`niter_fix_global` of the published options)."""

    @property
    def stages(self) -> tuple["TrainingConfig", ...]:
        """One stage for a global generator; global, then local, for a local one: Wang et al. 2018, section 3.1."""
        local = self.architecture
        if local.net == "global":
            return (self,)
        coarse = replace(local, net="global", ngf=local.ngf * 2**local.n_local_enhancers, n_local_enhancers=0, n_blocks_local=0)
        steps = max(1, round(self.global_fraction * self.steps))
        return (
            replace(self, architecture=coarse, steps=steps, minutes=self.global_fraction * self.minutes),
            replace(self, steps=max(1, self.steps - steps), minutes=(1 - self.global_fraction) * self.minutes),
        )
