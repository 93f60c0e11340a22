"""How a generator is to be taught: a course of steps, and the net that suits a picture's size. Needs no torch."""

from dataclasses import dataclass, replace

from steps.pix2pixhd.architecture import Architecture

__all__ = ["FULL_SIZED", "LOCAL", "PRESENTER_SIZED", "Course", "architecture_for"]

PRESENTER_SIZED = Architecture(ngf=16, n_downsample_global=3, n_blocks_global=4)
"""For frames of about 320 x 320: 1.38 million parameters, 2.8 MB in half precision; what two cores train and render."""
FULL_SIZED = Architecture()
"""The published global generator, ngf 64: 182 million parameters, for a GPU."""
LOCAL = Architecture(net="local", ngf=32, n_local_enhancers=1, n_blocks_local=3)
"""The published generator for twice the sides."""

LARGEST_ON_CORES, LARGEST_GLOBAL = 384, 768


def architecture_for(size: int) -> Architecture:
    """The net for pictures of this side: what the published options have for it, and a small one where cores suffice."""
    if size <= LARGEST_ON_CORES:
        return PRESENTER_SIZED
    return FULL_SIZED if size <= LARGEST_GLOBAL else LOCAL


@dataclass(frozen=True, kw_only=True)
class Course:
    """How to train. The course ends after `steps` or `minutes`, whichever comes first; rates and phases follow that."""

    steps: int = 5000
    minutes: float = 12.0
    seed: int = 1
    batch: int = 2
    architecture: Architecture = PRESENTER_SIZED
    pixels_only: float = 0.75
    """The share of the course before the discriminator joins in."""
    rate: float = 2e-3
    jitter: float = 0.2
    """Standard deviation, pixels, by which drawn landmarks are moved: found landmarks tremble, the picture must not."""
    adversarial: float = 0.02
    """Weight of the discriminator's verdict beside a pixel weight of 1."""
    matching: float = 0.1
    """Weight of feature matching."""
    averaging: float = 0.997
    """How much of the averaged weights a step keeps, once there have been many."""
    discriminators: int = 2
    """Scales the discriminator looks at."""
    ndf: int = 16
    """Channels of its first layer; 64 as published."""
    examined_every: int = 500
    """Steps between examinations on unseen frames, each of which may end the course and writes a checkpoint."""
    enough: float = 45.0
    """PSNR on unseen frames, dB, at which training may stop early."""
    patience: int = 6
    """Examinations without a gain after which it stops; the best weights are kept, not the last."""
    gain: float = 0.02
    """dB on unseen frames that count as one."""
    coarse: float = 0.5
    """Of a local generator's course, the share in which its global part is taught alone, at half the size."""
    fixed_global: float = 0.2
    """Of what follows, the share in which the global part is kept as it is (`niter_fix_global` of the published options)."""

    @property
    def stages(self) -> tuple["Course", ...]:
        """One stage for a global generator; global, then local, for a local one: Wang et al. 2018, section 3.1."""
        shape = self.architecture
        if shape.net == "global":
            return (self,)
        inner = replace(shape, net="global", ngf=shape.ngf * 2**shape.n_local_enhancers, n_local_enhancers=0, n_blocks_local=0)
        early = max(1, round(self.coarse * self.steps))
        return (
            replace(self, architecture=inner, steps=early, minutes=self.coarse * self.minutes),
            replace(self, steps=max(1, self.steps - early), minutes=(1 - self.coarse) * self.minutes),
        )
