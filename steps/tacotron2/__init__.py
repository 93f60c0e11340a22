"""tacotron2: a script to mel spectrograms. The loader is the package's interface to the published net:

    from steps.tacotron2 import load_tacotron2
    utterances = load_tacotron2("tacotron2_statedict.pt").infer(symbols, lengths)

torch is imported with `load_tacotron2`, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

from newsreel.step import Duration, Resources, Step

if TYPE_CHECKING:
    from steps.tacotron2.weights import load_tacotron2

STEP = Step(
    name="tacotron2",
    stage="voice",
    purpose="words to a mel spectrogram: tacotron2 with a newsroom's own weights",
    reads=("story.json", "script", "weights"),
    writes=("speech",),
    image="tacotron2",
    resources=Resources(cpu="2", memory="6Gi", gpus=1),
    progress_unit="sentences",
    durations={"gpu": Duration(fixed=6.0, scaled=4.0)},
)

__all__ = ["load_tacotron2"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.tacotron2 import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
