"""waveglow: mel spectrograms to audio. The loader is the package's interface to the published net:

    from steps.waveglow import load_waveglow
    audio = load_waveglow("waveglow_256channels.pt").infer(mel)

torch is imported with `load_waveglow`, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

from newsreel.step import Duration, Resources, Step

if TYPE_CHECKING:
    from steps.waveglow.weights import load_waveglow

STEP = Step(
    name="waveglow",
    stage="voice",
    purpose="a mel spectrogram to voice: waveglow with a newsroom's own weights",
    reads=("story.json", "speech", "weights"),
    writes=("voice",),
    image="waveglow",
    resources=Resources(cpu="2", memory="8Gi", gpus=1),
    progress_unit="mel frames",
    durations={"gpu": Duration(fixed=6.0, scaled=4.0)},
)

__all__ = ["load_waveglow"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.waveglow import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
