"""waveglow: mel spectrograms to audio. The loader is the package's interface to the published net:

    from steps.waveglow import load_waveglow
    audio = load_waveglow("waveglow_256channels.pt").infer(mel)

torch is imported with `load_waveglow`, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steps.waveglow.weights import load_waveglow

__all__ = ["load_waveglow"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.waveglow import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
