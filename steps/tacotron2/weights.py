"""tacotron2's weights: the published file, what training writes, or safetensors.

The architecture is inferred from shapes; loading is strict (`newsreel.weights.state_dict`).
"""

from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor

from newsreel.errors import BadWeights
from newsreel.weights.state_dict import Shapes, indices_in_keys, load_strictly, read_state, tensor_shapes
from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2

PLAUSIBLE_SIZES, PLAUSIBLE_LAYERS, PLAUSIBLE_KERNELS = range(1, 4097), range(2, 17), range(1, 64, 2)
"""Limits of the architecture: a file beyond them is refused, so that it cannot claim all memory."""
BATCH_COUNTER = "num_batches_tracked"
"""Of batch norm, used in training only: files that were written before torch had it lack it."""


def load_tacotron2(path: Path | str) -> Tacotron2:
    """Load a tacotron2 of any size: fp32, on the CPU, in evaluation mode.

    `path` is the published file ({'state_dict', 'iteration', 'optimizer', 'learning_rate'}), a bare state dict, one that parallel
    training wrote (`module.`), or safetensors; half precision is widened. Raises BadInput for a file that cannot be opened;
    BadWeights, naming every tensor at fault, where it is damaged or not a tacotron2.
    """
    path = Path(path)
    state = load_state(path)
    architecture = infer_architecture(tensor_shapes(state), str(path))
    return load_strictly(lambda: Tacotron2(architecture), state, path, str(architecture))


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by their published keys, with the counters that old files lack. Raises BadInput, BadWeights."""
    state = read_state(path, within="state_dict")
    norms = [key.removesuffix("running_mean") for key in state if key.endswith(".running_mean")]
    return state | {norm + BATCH_COUNTER: torch.tensor(0) for norm in norms if norm + BATCH_COUNTER not in state}


def describe(shapes: Shapes) -> str:
    """The net of these shapes in a line. Raises BadWeights where they are not a tacotron2's."""
    return str(infer_architecture(shapes))


def infer_architecture(shapes: Shapes, source: str = "weights") -> Architecture:
    """The architecture that best matches these shapes. Raises BadWeights where they are another net's."""

    def size(key: str, axis: int) -> int:
        shape = shapes.get(f"{key}.weight", ())
        if axis >= len(shape):
            found = ", ".join([*shapes][:4]) or "nothing"
            raise BadWeights(f"{source}: not a tacotron2: no {key}.weight of its kind; it holds {found} ...")
        return shape[axis]

    location = "decoder.attention_layer.location_layer.location_conv.conv"
    architecture = Architecture(
        n_symbols=size("embedding", 0),
        n_mel_channels=size("decoder.prenet.layers.0.linear_layer", 1),
        encoder_n_convolutions=len(indices_in_keys(r"encoder\.convolutions\.(\d+)\.", shapes)),
        encoder_kernel_size=size("encoder.convolutions.0.0.conv", 2),
        encoder_embedding_dim=size("embedding", 1),
        prenet_dim=size("decoder.prenet.layers.0.linear_layer", 0),
        attention_rnn_dim=size("decoder.attention_layer.query_layer.linear_layer", 1),
        decoder_rnn_dim=size("decoder.linear_projection.linear_layer", 1) - size("embedding", 1),
        attention_dim=size("decoder.attention_layer.query_layer.linear_layer", 0),
        attention_location_n_filters=size(location, 0),
        attention_location_kernel_size=size(location, 2),
        postnet_n_convolutions=len(indices_in_keys(r"postnet\.convolutions\.(\d+)\.", shapes)),
        postnet_kernel_size=size("postnet.convolutions.0.0.conv", 2),
        postnet_embedding_dim=size("postnet.convolutions.0.0.conv", 0),
    )
    sizes = {field.name: getattr(architecture, field.name) for field in fields(architecture)}
    implausible = [f"{name} {value}" for name, value in sizes.items() if value not in plausible_range(name)]
    if implausible or architecture.encoder_embedding_dim % 2:
        raise BadWeights(f"{source}: not a tacotron2 of a plausible shape: {', '.join(implausible) or 'odd embedding'}")
    return architecture


def plausible_range(name: str) -> range:
    if name.endswith("kernel_size"):
        return PLAUSIBLE_KERNELS
    return PLAUSIBLE_LAYERS if name.endswith("n_convolutions") else PLAUSIBLE_SIZES
