"""pix2pixHD: landmarks, drawn as face edges, to the presenter's frames; and training of a presenter's generator.

Published weights are loaded by

    from steps.pix2pixhd import load_generator
    picture = load_generator("latest_net_G.pth")(encoding)

torch is imported when one of these names is used, not with the package: a step with nothing to do starts without it.
"""

from typing import TYPE_CHECKING

from newsreel.step import Duration, Resources, Step

if TYPE_CHECKING:
    from steps.pix2pixhd.weights import load_generator, save_generator

STEP = Step(
    name="pix2pixhd",
    stage="generator",
    purpose="landmarks to frames, through a pipe into the encoder: pix2pixHD",
    reads=("story.json", "motion", "voice"),
    writes=("actor",),
    image="pix2pixhd",
    resources=Resources(cpu="3", memory="12Gi", gpus=1),
    progress_unit="frames",
    durations={"cpu": Duration(scaled=22.9), "gpu": Duration(fixed=10.0, scaled=35.0)},
    sharded=True,
)
TRAIN = Step(
    name="pix2pixhd-train",
    stage="training",
    purpose="footage and landmarks to the presenter's generator: pix2pixHD",
    reads=("rehearsal/footage.mp4", "rehearsal/landmarks.npz"),
    writes=("bundle/generator.pth", "training"),
    image="pix2pixhd",
    resources=Resources(cpu="3", memory="24Gi", gpus=1),
    progress_unit="steps",
    durations={"cpu": Duration(fixed=87.0), "gpu": Duration(fixed=87.0)},
    deadline_seconds=72000,
    module="training_step",
)

__all__ = ["load_generator", "save_generator"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from steps.pix2pixhd import weights

        return getattr(weights, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
