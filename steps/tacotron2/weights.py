"""tacotron2's weights: the published file, what training writes, or safetensors.

The architecture is inferred from shapes; loading is strict (`newsreel.weights.state_dict`).
"""

import re
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor

from newsreel.errors import BadWeights
from newsreel.weights.state_dict import Shapes, load_strictly, read_state, tensor_shapes
from steps.tacotron2.architecture import Architecture
from steps.tacotron2.model import Tacotron2

__all__ = ["describe", "infer_architecture", "load_state", "load_tacotron2"]

SIZES, LAYERS, KERNELS = range(1, 4097), range(2, 17), range(1, 64, 2)
"""What a net may be; beyond it a file is not believed, so that it cannot claim all memory."""
COUNTERS = "num_batches_tracked"
"""Of batch norm, for training alone: files that were written before torch had them lack them."""


def load_tacotron2(path: Path | str) -> Tacotron2:
    """Read a tacotron2 of any size: fp32, on the CPU, in evaluation mode.

    `path` is the published file ({'state_dict', 'iteration', 'optimizer', 'learning_rate'}), a bare state dict, one that parallel
    training wrote (`module.`), or safetensors; half precision is widened. Raises BadInput for a file that cannot be opened;
    BadWeights, naming every tensor at fault, where it is damaged or not a tacotron2.
    """
    path = Path(path)
    state = load_state(path)
    shape = infer_architecture(tensor_shapes(state), str(path))
    return load_strictly(lambda: Tacotron2(shape), state, path, str(shape))


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by their published keys, with the counters that old files lack. Raises BadInput, BadWeights."""
    state = read_state(path, within="state_dict")
    norms = [key.removesuffix("running_mean") for key in state if key.endswith(".running_mean")]
    return state | {norm + COUNTERS: torch.tensor(0) for norm in norms if norm + COUNTERS not in state}


def describe(shapes: Shapes) -> str:
    """What net these shapes are, in a line. Raises BadWeights where they are not a tacotron2's."""
    return str(infer_architecture(shapes))


def infer_architecture(shapes: Shapes, source: str = "weights") -> Architecture:
    """The architecture whose shapes these most nearly are. Raises BadWeights where they are another net's."""

    def size(key: str, axis: int) -> int:
        shape = shapes.get(f"{key}.weight", ())
        if axis >= len(shape):
            shown = ", ".join([*shapes][:4]) or "nothing"
            raise BadWeights(f"{source}: not a tacotron2: no {key}.weight of its kind; it holds {shown} ...")
        return shape[axis]

    location = "decoder.attention_layer.location_layer.location_conv.conv"
    shape = Architecture(
        n_symbols=size("embedding", 0),
        n_mel_channels=size("decoder.prenet.layers.0.linear_layer", 1),
        encoder_n_convolutions=count(r"encoder\.convolutions\.\d+\.0\.conv\.weight", shapes),
        encoder_kernel_size=size("encoder.convolutions.0.0.conv", 2),
        encoder_embedding_dim=size("embedding", 1),
        prenet_dim=size("decoder.prenet.layers.0.linear_layer", 0),
        attention_rnn_dim=size("decoder.attention_layer.query_layer.linear_layer", 1),
        decoder_rnn_dim=size("decoder.linear_projection.linear_layer", 1) - size("embedding", 1),
        attention_dim=size("decoder.attention_layer.query_layer.linear_layer", 0),
        attention_location_n_filters=size(location, 0),
        attention_location_kernel_size=size(location, 2),
        postnet_n_convolutions=count(r"postnet\.convolutions\.\d+\.0\.conv\.weight", shapes),
        postnet_kernel_size=size("postnet.convolutions.0.0.conv", 2),
        postnet_embedding_dim=size("postnet.convolutions.0.0.conv", 0),
    )
    unbelievable = [f"{name} {value}" for name, value in sizes(shape) if value not in believable(name)]
    if unbelievable or shape.encoder_embedding_dim % 2:
        raise BadWeights(f"{source}: not a tacotron2 of a believable shape: {', '.join(unbelievable) or 'odd embedding'}")
    return shape


def count(pattern: str, shapes: Shapes) -> int:
    return sum(re.fullmatch(pattern, key) is not None for key in shapes)


def sizes(shape: Architecture) -> list[tuple[str, int]]:
    return [(field.name, getattr(shape, field.name)) for field in fields(shape)]


def believable(name: str) -> range:
    if name.endswith("kernel_size"):
        return KERNELS
    return LAYERS if name.endswith("n_convolutions") else SIZES
