"""Weights files: exchangeable with the published ones, loaded strictly, hostile ones refused."""

import pytest
import torch
from reading_net import SMALL, seeded_net

from newsreel.errors import BadInput, BadWeights
from newsreel.weights.state_dict import save_state, tensor_shapes
from steps.tacotron2 import load_tacotron2
from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2
from steps.tacotron2.weights import describe, infer_architecture, load_state


@pytest.fixture
def state():
    return dict(seeded_net().state_dict())


def saved(content, path):
    torch.save(content, path)
    return path


@pytest.mark.parametrize("form", ["published", "bare", "parallel", "without counters", "safetensors", "half"])
def test_every_published_form_of_a_file_loads_the_same_net(tmp_path, state, form):
    path = tmp_path / "statedict.pt"
    if form == "published":
        saved(
            {"iteration": 1500, "state_dict": state, "optimizer": {"state": {}, "param_groups": []}, "learning_rate": 1e-3}, path
        )
    elif form == "parallel":
        saved({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, path)
    elif form == "without counters":
        saved({key: tensor for key, tensor in state.items() if "num_batches_tracked" not in key}, path)
    elif form == "safetensors":
        path = tmp_path / "voice.safetensors"
        save_state(state, path)
    elif form == "half":
        state = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
        saved(state, path)
    else:
        saved(state, path)
    net = load_tacotron2(path)
    assert not net.training
    loaded = net.state_dict()
    assert loaded.keys() == state.keys()
    assert all(
        torch.equal(loaded[key], tensor.float() if tensor.is_floating_point() else tensor) for key, tensor in state.items()
    )
    assert {tensor.dtype for tensor in net.parameters()} == {torch.float32}


def test_every_tensor_at_fault_is_named(tmp_path, state):
    del state["decoder.gate_layer.linear_layer.bias"], state["encoder.convolutions.1.1.running_var"]
    state["stranger"] = torch.zeros(2)
    state["decoder.attention_layer.v.linear_layer.weight"] = torch.zeros(2, 4)
    state["postnet.convolutions.4.0.conv.bias"] = torch.full((80,), float("nan"))
    with pytest.raises(BadWeights) as fault:
        load_tacotron2(saved(state, tmp_path / "t.pt"))
    for words in (
        "missing decoder.gate_layer.linear_layer.bias",
        "missing encoder.convolutions.1.1.running_var",
        "surplus stranger",
        "decoder.attention_layer.v.linear_layer.weight is 2x4, must be 1x4",
        "postnet.convolutions.4.0.conv.bias holds infinities or NaN",
    ):
        assert words in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    "shape", [Architecture(), SMALL, Architecture(n_symbols=70, encoder_n_convolutions=2, postnet_n_convolutions=3)], ids=str
)
def test_the_architecture_is_inferred_from_shapes(shape):
    with torch.device("meta"):
        shapes = tensor_shapes(Tacotron2(shape).state_dict())
    assert infer_architecture(shapes) == shape
    assert describe(shapes) == str(shape)


@pytest.mark.parametrize(
    "content",
    [{}, [torch.zeros(3)], {"model.1.weight": torch.zeros(3)}, {"state_dict": 3}, {"embedding.weight": torch.zeros(148)}],
)
def test_another_net_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(BadWeights, match=r"t\.pt") as fault:
        load_tacotron2(saved(content, tmp_path / "t.pt"))
    assert "\n" not in str(fault.value)


def test_an_implausible_size_is_refused_before_building(state):
    shapes = tensor_shapes(state) | {"embedding.weight": (10**12, 8)}
    with pytest.raises(BadWeights, match="plausible"):
        infer_architecture(shapes)


def test_a_truncated_and_a_missing_file_are_distinguished(tmp_path, state):
    path = saved(state, tmp_path / "t.pt")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadWeights, match="damaged"):
        load_state(path)
    with pytest.raises(BadInput, match="no such file or directory"):
        load_state(tmp_path / "nowhere.pt")
