"""Load and save generator weights: `<epoch>_net_G.pth` as published, or safetensors.

The architecture is inferred from keys and shapes; loading is strict (`newsreel.weights.state_dict`).
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor, nn

from newsreel.errors import BadInput, BadWeights
from newsreel.weights.state_dict import Shapes, load_strictly, read_state, save_state, tensor_shapes
from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import Generator, MultiscaleDiscriminator, build_generator

CHANNELS, NGF, DOWNSAMPLINGS = range(1, 513), range(1, 257), range(1, 8)
"""Ranges of published nets; a file that claims more is refused, so that it cannot exhaust the memory."""


def load_generator(path: Path | str, options: Mapping[str, object] | None = None) -> Generator:
    """Load a generator of any published architecture: float32, on the CPU, in evaluation mode; see `networks`.

    `options` is what the caller expects the file to be, under the names of `Architecture` (those of pix2pixHD's opt.txt; `netG`
    is accepted for `net`). Half-precision files are converted. Raises BadInput for a file that cannot be opened or an unknown
    option; BadWeights, naming every tensor at fault, where the file is damaged, not a generator, or not as `options` say.
    """
    path = Path(path)
    state = load_state(path)
    architecture = infer_architecture(tensor_shapes(state), str(path))
    if options:
        check_options(architecture, options, path)
    return load_strictly(lambda: build_generator(architecture), state, path, str(architecture))


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file under their published keys. Raises BadInput, BadWeights."""
    return read_state(path)


def describe(shapes: Shapes) -> str | None:
    """One line about the pix2pixHD net that has exactly these shapes; None if there is none."""
    return describe_generator(shapes) or describe_discriminator(shapes)


def describe_generator(shapes: Shapes) -> str | None:
    try:
        architecture = infer_architecture(shapes)
    except BadWeights:
        return None
    with torch.device("meta"):
        complete = tensor_shapes(build_generator(architecture).state_dict())
    return str(architecture) if complete == shapes else None


def describe_discriminator(shapes: Shapes) -> str | None:
    first = shapes.get("scale0_layer0.0.weight", ())
    scales, layers = len(layer_numbers(r"scale(\d+)_layer0\.", shapes)), len(layer_numbers(r"scale0_layer(\d+)\.", shapes)) - 2
    if len(first) != 4 or first[0] not in NGF or first[1] not in CHANNELS or layers < 1:
        return None
    with torch.device("meta"):
        complete = tensor_shapes(MultiscaleDiscriminator(first[1], first[0], layers, scales).state_dict())
    return (
        f"discriminator of {scales} scales, {first[1]} channels, ndf {first[0]}, {layers} layers" if complete == shapes else None
    )


def save_generator(generator: nn.Module, path: Path, half: bool = False) -> None:
    """Write a bare state dict under the published keys, as safetensors where the suffix says so; `half`: float16. Raises
    DiskFull."""
    dtype = torch.float16 if half else torch.float32
    save_state({key: tensor.to(dtype) for key, tensor in generator.state_dict().items()}, path)


def infer_architecture(shapes: Shapes, source: str = "weights") -> Architecture:
    """The architecture that fits these keys and shapes best. Raises BadWeights where they are another net's."""
    first = shapes.get("model.1.weight", ())
    blocks = layer_numbers(r"model\.(\d+)\.conv_block\.", shapes)
    if len(first) != 4 or not blocks:
        shown = ", ".join([*shapes][:4]) or "nothing"
        raise BadWeights(f"{source}: not a pix2pixHD generator: no model.1.weight or no residual block; it holds {shown} ...")
    enhancers = len(layer_numbers(r"model(\d+)_1\.", shapes))
    # Before the residual blocks: 4 input layers and 3 for each downsampling; after them: 3 for each upsampling, then padding and
    # the last convolution.
    downsamplings = (min(blocks) - 4) // 3
    local_blocks = len(layer_numbers(r"model1_2\.(\d+)\.conv_block\.", shapes))
    last = f"model{enhancers}_2.{local_blocks + 4}" if enhancers else f"model.{max(blocks) + 3 * downsamplings + 2}"
    architecture = Architecture(
        net="local" if enhancers else "global",
        input_nc=first[1],
        output_nc=(shapes.get(f"{last}.weight") or (3,))[0],
        ngf=first[0] // 2**enhancers,
        n_downsample_global=downsamplings,
        n_blocks_global=max(blocks) - min(blocks) + 1,
        n_local_enhancers=enhancers,
        n_blocks_local=local_blocks,
    )
    plausible = (
        architecture.input_nc in CHANNELS
        and architecture.output_nc in CHANNELS
        and architecture.ngf in NGF
        and architecture.n_downsample_global in DOWNSAMPLINGS
        and architecture.n_blocks_global <= len(shapes)
        and architecture.n_local_enhancers < len(DOWNSAMPLINGS)
    )
    if not plausible:
        raise BadWeights(f"{source}: not a pix2pixHD generator of a published shape: it would be a {architecture}")
    return architecture


def layer_numbers(pattern: str, shapes: Mapping[str, object]) -> set[int]:
    return {int(match[1]) for key in shapes if (match := re.match(pattern, key)) and len(match[1]) < 6}


def check_options(architecture: Architecture, options: Mapping[str, object], path: Path) -> None:
    known = {field.name for field in fields(Architecture)}
    expected = {"net" if name == "netG" else name: value for name, value in options.items()}
    if unknown := sorted(expected.keys() - known):
        raise BadInput(f"unknown option {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    differing = [
        f"{name} is {found}, not {expected[name]}"
        for name in expected
        if (found := getattr(architecture, name)) != expected[name]
    ]
    if differing:
        raise BadWeights(f"{path}: not as the options say: {'; '.join(differing)}")
