"""A small net's weights, in each kind of file they are published as."""

import torch
from safetensors.torch import save_file

from newsreel.weights.format import Format

STATE = {"first.weight": torch.arange(12.0).reshape(3, 4), "first.bias": torch.tensor([1.0, -2.0, 0.5]), "seen": torch.tensor(7)}

WRITERS = {
    Format.SAFETENSORS: save_file,
    Format.ARCHIVE: torch.save,
    Format.PICKLE: lambda state, path: torch.save(state, path, _use_new_zipfile_serialization=False),
}


def written(container, tmp_path, state=None):
    path = tmp_path / "weights"
    WRITERS[container](STATE if state is None else state, path)
    return path
