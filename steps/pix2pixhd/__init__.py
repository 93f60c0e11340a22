"""pix2pixHD: landmarks, drawn as face edges, become the presenter's frames. The loader is the published nets' door:

    from steps.pix2pixhd import load_generator
    picture = load_generator("latest_net_G.pth")(encoding)

torch is imported when a name of it is asked for, not with the package: a step with nothing to do starts without it.
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
