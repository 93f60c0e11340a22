"""pix2pixHD: landmarks, drawn as face edges, to the presenter's frames; and training of a presenter's generator.

Published weights are loaded by

    from steps.pix2pixhd import load_generator
    picture = load_generator("latest_net_G.pth")(encoding)

torch is imported when one of these names is used, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steps.pix2pixhd.weights import load_generator, save_generator

__all__ = ["load_generator", "save_generator"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.pix2pixhd import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
