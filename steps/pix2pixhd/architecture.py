"""What shape a generator has, under the names of pix2pixHD's own options, so that an `opt.txt` can be held against it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Architecture"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A generator's shape. The defaults are those of the published options (options/base_options.py), for face edges."""

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
        """A picture's sides must be a multiple of this."""
        return int(2 ** (self.n_downsample_global + self.n_local_enhancers))

    def __str__(self) -> str:
        local = f" + {self.n_local_enhancers} enhancer(s) of {self.n_blocks_local} blocks" if self.n_local_enhancers else ""
        return (
            f"{self.net} generator, {self.input_nc} to {self.output_nc} channels, ngf {self.ngf}, "
            f"{self.n_downsample_global} downsamplings, {self.n_blocks_global} blocks{local}"
        )
