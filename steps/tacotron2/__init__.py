"""tacotron2: a script to mel spectrograms. The loader is the package's interface to the published net:

    from steps.tacotron2 import load_tacotron2
    utterances = load_tacotron2("tacotron2_statedict.pt").infer(symbols, lengths)

torch is imported with `load_tacotron2`, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steps.tacotron2.weights import load_tacotron2

__all__ = ["load_tacotron2"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.tacotron2 import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
