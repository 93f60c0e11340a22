"""Every published layout and format of a waveglow loads, strictly; no code of a file is run."""

import io
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_waveglows import LAYOUTS, SMALL, TINY, as_module, build, in_layout, plain_state, randoms

from newsreel.errors import BadInput, BadWeights
from newsreel.weights.state_dict import save_state, tensor_shapes
from steps.waveglow import load_waveglow
from steps.waveglow.architecture import Architecture, CheckpointLayout, checkpoint_shapes
from steps.waveglow.weights import describe, infer_architecture, load_state

OLD = {"_use_new_zipfile_serialization": False}
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated:FutureWarning"),  # the hooks of published files are its
    pytest.mark.filterwarnings("ignore:Couldn't retrieve source:UserWarning"),
]
formats = pytest.mark.parametrize("options", [OLD, {}], ids=["before-1.6", "zip"])


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory: a reader that writes patches or runs something leaves a trace."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def glow_forgotten():
    yield
    sys.modules.pop("glow", None)


def sound_of(net):
    return net.infer(randoms(4)(1, net.architecture.n_mel_channels, 5), seed=1)


def expected(net):
    return sound_of(build(net, plain_state(net)))


@pytest.mark.parametrize("net", [SMALL, TINY], ids=["even", "early"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_loads_the_same_net(here, net, layout):
    state = in_layout(net, plain_state(net), layout)
    assert tensor_shapes(state) == checkpoint_shapes(net, layout)
    torch.save(state, here / "a.pt")
    loaded = load_waveglow(here / "a.pt")
    assert loaded.architecture == net
    assert (sound_of(loaded) - expected(net)).abs().max() < 1e-5


@formats
def test_a_pickled_module_is_read_without_its_classes(here, glow_forgotten, options):
    module = as_module(TINY, in_layout(TINY, plain_state(TINY), CheckpointLayout()))
    torch.save({"model": module, "iteration": 580_000, "learning_rate": 1e-4}, here / "a.pt", **options)
    del sys.modules["glow"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_waveglow(here / "a.pt")
    assert (sound_of(loaded) - expected(TINY)).abs().max() < 1e-5
    assert [path.name for path in here.iterdir()] == ["a.pt"]


@formats
def test_a_module_with_its_stored_source_is_read(here, glow_forgotten, options, tmp_path_factory):
    """torch 1.0 layout the source of each class, and compares it with what it finds: it finds ours."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "glow.py").write_text(
        "import torch\nclass WaveGlow(torch.nn.Module):\n    pass\nclass WN(torch.nn.Module):\n    pass\n"
        "class Invertible1x1Conv(torch.nn.Module):\n    pass\n"
    )
    module = as_module(TINY, plain_state(TINY))
    sys.path.insert(0, str(folder))
    del sys.modules["glow"]
    import glow

    sys.path.remove(str(folder))
    for part in module.modules():
        if type(part).__module__ == "glow":
            part.__class__ = getattr(glow, type(part).__name__)
    torch.save(module, here / "a.pt", **options)
    assert b"class Invertible1x1Conv" in (here / "a.pt").read_bytes() or not options
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (sound_of(load_waveglow(here / "a.pt")) - expected(TINY)).abs().max() < 1e-5
    assert [path.name for path in here.iterdir()] == ["a.pt"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}, "config": {"n_flows": 5}},
        lambda state: {"model": state, "iteration": 1},
        lambda state: {key: tensor.double() for key, tensor in state.items()},
    ],
    ids=["parallel", "checkpoint", "double"],
)
@formats
def test_checkpoints_of_every_training_code_are_read(here, wrap, options):
    torch.save(wrap(in_layout(TINY, plain_state(TINY), CheckpointLayout(merged_cond_layers=False))), here / "a.pt", **options)
    assert (sound_of(load_waveglow(here / "a.pt")) - expected(TINY)).abs().max() < 1e-5


def test_half_precision_files_are_widened(here):
    torch.save({key: tensor.half() for key, tensor in plain_state(TINY).items()}, here / "a.pt")
    assert (sound_of(load_waveglow(here / "a.pt")) - expected(TINY)).abs().max() < 0.05


def test_safetensors_and_new_weight_norm_keys_are_read(here):
    state = in_layout(TINY, plain_state(TINY), CheckpointLayout())
    names = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    renamed = {".".join([*key.split(".")[:-1], names.get(key.split(".")[-1], key.split(".")[-1])]): state[key] for key in state}
    save_state(renamed, here / "a.safetensors")
    assert (sound_of(load_waveglow(here / "a.safetensors")) - expected(TINY)).abs().max() < 1e-5
    assert "5 flows" in describe(tensor_shapes(load_state(here / "a.safetensors")))


def spoilt(**changes):
    state = plain_state(TINY)
    for key, tensor in changes.items():
        key = key.replace("__", ".")
        if tensor is None:
            del state[key]
        else:
            state[key] = tensor
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (spoilt(WN__3__end__bias=None, WN__2__start__weight=None), r"missing WN.2.start.weight; missing WN.3.end.bias"),
        (spoilt(WN__1__in_layers__0__extra=torch.zeros(2)), "surplus WN.1.in_layers.0.extra"),
        (spoilt(WN__1__cond_layer__bias=torch.zeros(2)), "WN.1.cond_layer.bias is 2, must be 36"),
        (spoilt(WN__1__end__bias=torch.full((8,), torch.nan)), "WN.1.end.bias holds infinities or NaN"),
        (spoilt(convinv__1__conv__weight=torch.ones(8, 8, 1)), "convinv.1.conv.weight has no inverse"),
        (spoilt(upsample__weight=torch.zeros(3, 3, 66)), "not a waveglow of a published shape"),
        (spoilt(upsample__weight=None), "not a waveglow: no upsample.weight"),
        ({"model.1.weight": torch.zeros(3)}, "not a waveglow: no upsample.weight"),
        ({}, "it holds nothing"),
        ({"model": 3}, "not plain tensors: model"),
        ([torch.zeros(2)], "not a bare state dict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_fault_of_a_file_is_named(here, state, message):
    torch.save(state, here / "a.pt")
    with pytest.raises(BadWeights, match=message) as refused:
        load_waveglow(here / "a.pt")
    assert "\n" not in str(refused.value)


def test_a_weight_norm_row_of_zeros_is_named(here):
    state = in_layout(TINY, plain_state(TINY), CheckpointLayout())
    state["WN.0.start.weight_v"][3] = 0
    torch.save(state, here / "a.pt")
    with pytest.raises(BadWeights, match=r"WN.0.start.weight_v has a row of zeros"):
        load_waveglow(here / "a.pt")


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("run",)


class Unknown(torch.nn.Module):
    pass


@formats
@pytest.mark.parametrize("within", [Hostile, Unknown])
def test_a_file_naming_other_classes_is_refused_unrun(here, glow_forgotten, within, options):
    module = as_module(SMALL, plain_state(SMALL))
    module.extra = within()
    torch.save({"model": module}, here / "a.pt", **options)
    with pytest.raises(BadWeights, match="nothing of it was run"):
        load_waveglow(here / "a.pt")
    assert [path.name for path in here.iterdir()] == ["a.pt"]


@formats
@pytest.mark.parametrize("kept_bytes", [0, 10, 100, 3000, -500, -1])
def test_a_truncated_file_is_refused_in_one_line(here, glow_forgotten, kept_bytes, options):
    content = io.BytesIO()
    torch.save({"model": as_module(SMALL, plain_state(SMALL))}, content, **options)
    (here / "a.pt").write_bytes(content.getvalue()[:kept_bytes])
    with pytest.raises(BadWeights) as refused:
        load_waveglow(here / "a.pt")
    assert "\n" not in str(refused.value)


@formats
def test_a_module_that_contains_itself_is_refused(here, glow_forgotten, options):
    module = as_module(SMALL, plain_state(SMALL))
    module.WN._modules["0"] = module.WN
    torch.save({"model": module}, here / "a.pt", **options)
    with pytest.raises(BadWeights, match="is no module"):
        load_waveglow(here / "a.pt")


def test_a_missing_file_is_bad_input(here):
    with pytest.raises(BadInput, match="no such file or directory"):
        load_waveglow(here / "none.pt")


@pytest.mark.parametrize("net", [Architecture(), Architecture(n_channels=512), TINY, SMALL])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_architecture_is_inferred_from_shapes_alone(net, layout):
    assert infer_architecture(checkpoint_shapes(net, layout)) == net


@pytest.mark.parametrize(
    "wrong", [{"n_channels": 4096}, {"n_layers": 13}, {"n_mel_channels": 300}, {"kernel_size": 4}, {"n_flows": 9}]
)
def test_an_implausible_net_is_refused(wrong):
    with pytest.raises(BadWeights, match="published shape"):
        infer_architecture(checkpoint_shapes(replace(TINY, **wrong), CheckpointLayout()))


@pytest.mark.slow
def test_the_published_net_at_full_size_loads_and_runs(here):
    draw = randoms(1)
    state = {}
    for key, shape in checkpoint_shapes(Architecture(), CheckpointLayout()).items():
        state[key] = (torch.full(shape, 0.01) if len(shape) == 3 else draw(*shape) * 0.02).half()
        if key.startswith("convinv."):
            state[key] = torch.linalg.qr(draw(*shape)[:, :, 0])[0][:, :, None].half()
    save_state(state, Path("full.safetensors"))
    del state
    net = load_waveglow("full.safetensors", torch.bfloat16)
    assert net.architecture == Architecture()
    sound = net.infer(torch.zeros(1, 80, 3), seed=1)
    assert sound.shape == (1, 768)
    assert sound.isfinite().all()
    assert sound.std() > 0.1
