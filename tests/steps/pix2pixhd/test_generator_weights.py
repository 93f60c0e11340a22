"""Weights files: exchangeable with the published ones, loaded strictly, treated as hostile."""

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from small_nets import SMALL_GLOBAL, seeded_generator

from newsreel.errors import BadInput, BadWeights
from steps.pix2pixhd import load_generator, save_generator
from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import build_generator
from steps.pix2pixhd.weights import infer_architecture


def published_file(path: Path, state) -> Path:
    torch.save(state, path)
    return path


@pytest.fixture
def state():
    return dict(seeded_generator(SMALL_GLOBAL).state_dict())


def test_published_format_gives_the_same_picture(tmp_path, architecture):
    generator = seeded_generator(architecture)
    loaded = load_generator(published_file(tmp_path / "latest_net_G.pth", generator.state_dict()))
    encoding = torch.rand(1, architecture.input_nc, 32, 48)
    assert torch.equal(loaded(encoding), generator(encoding))


@pytest.mark.parametrize("zipped", [True, False], ids=["since torch 1.6", "before torch 1.6, as NVIDIA published it"])
@pytest.mark.parametrize("prefix", ["", "module."], ids=["bare", "trained on several GPUs"])
def test_every_published_format_is_read(tmp_path, zipped, prefix):
    generator = seeded_generator(SMALL_GLOBAL)
    path = tmp_path / "60_net_G.pth"
    torch.save(
        {prefix + key: tensor for key, tensor in generator.state_dict().items()}, path, _use_new_zipfile_serialization=zipped
    )
    encoding = torch.rand(1, 3, 32, 32)
    assert torch.equal(load_generator(path)(encoding), generator(encoding))


def test_saved_weights_are_read_back_exactly(tmp_path, architecture):
    generator = seeded_generator(architecture)
    for name in ("G.pth", "G.safetensors"):
        save_generator(generator, tmp_path / name)
        state = load_generator(tmp_path / name).state_dict()
        assert all(torch.equal(tensor, state[key]) for key, tensor in generator.state_dict().items())


def test_half_precision_file_is_loaded_as_float32(tmp_path):
    generator = seeded_generator(SMALL_GLOBAL)
    for name, half in (("whole.pth", False), ("half.pth", True)):
        save_generator(generator, tmp_path / name, half=half)
    loaded = load_generator(tmp_path / "half.pth")
    assert (tmp_path / "half.pth").stat().st_size < 0.6 * (tmp_path / "whole.pth").stat().st_size
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32}


def test_same_weights_give_the_same_bytes(tmp_path):
    for name in ("one.pth", "other.pth"):
        save_generator(seeded_generator(SMALL_GLOBAL), tmp_path / name, half=True)
    assert (tmp_path / "one.pth").read_bytes() == (tmp_path / "other.pth").read_bytes()


@pytest.mark.parametrize(
    "published",
    [
        Architecture(ngf=64, input_nc=36),
        Architecture(ngf=64),
        Architecture(net="local", ngf=32, input_nc=36, n_local_enhancers=1, n_blocks_local=3),
        Architecture(net="local", ngf=16, n_local_enhancers=2, n_blocks_local=3),
        Architecture(ngf=16, n_downsample_global=3, n_blocks_global=4),
        Architecture(ngf=24, input_nc=7, output_nc=1, n_downsample_global=5, n_blocks_global=1),
    ],
    ids=str,
)
def test_architecture_is_inferred_from_keys_and_shapes(published):
    with torch.device("meta"):
        state = build_generator(published).state_dict()
    assert infer_architecture({key: tuple(tensor.shape) for key, tensor in state.items()}) == published


def test_every_tensor_at_fault_is_named(tmp_path, state):
    del state["model.4.bias"], state["model.10.conv_block.1.weight"]
    state["stranger"] = torch.zeros(2)
    state["model.7.weight"] = torch.zeros(64, 32, 3, 4)
    state["model.15.bias"] = torch.full((16,), float("nan"))
    state["model.1.bias"] = torch.zeros(16, dtype=torch.int64)
    with pytest.raises(BadWeights) as fault:
        load_generator(published_file(tmp_path / "G.pth", state))
    for words in (
        "missing model.4.bias",
        "missing model.10.conv_block.1.weight",
        "surplus stranger",
        "model.7.weight is 64x32x3x4, must be 64x32x3x3",
        "model.15.bias holds infinities or NaN",
        "model.1.bias holds torch.int64",
    ):
        assert words in str(fault.value)
    assert "\n" not in str(fault.value)


class Trap:
    """A hostile pickle runs a command as soon as it is read."""

    def __init__(self, flag: Path) -> None:
        self.flag = flag

    def __reduce__(self):
        return (Path.touch, (self.flag,))


@pytest.mark.parametrize("plain", [True, False], ids=["bare pickle", "inside torch.save"])
def test_pickle_with_code_is_refused_without_running_it(tmp_path, plain, state):
    flag = tmp_path / "ran"
    path = tmp_path / "G.pth"
    if plain:
        path.write_bytes(pickle.dumps(Trap(flag), protocol=2))
    else:
        torch.save({**state, "trap": Trap(flag)}, path)
    with pytest.raises(BadWeights, match="refused"):
        load_generator(path)
    assert not flag.exists()


def test_decompression_bomb_is_refused(tmp_path):
    path = tmp_path / "G.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(50_000_000))
    with pytest.raises(BadWeights, match="compressed"):
        load_generator(path)


@pytest.mark.parametrize("length", [0, 1, 100, 0.5, 0.99])
@pytest.mark.parametrize("name", ["G.pth", "G.safetensors"])
def test_truncated_file_is_bad_weights(tmp_path, length, name):
    path = tmp_path / name
    save_generator(seeded_generator(SMALL_GLOBAL), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(length * len(content)) if isinstance(length, float) else length])
    with pytest.raises(BadWeights, match=name):
        load_generator(path)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"decoder.weight": torch.zeros(3)},
        [torch.zeros(3)],
        {"model.1.weight": "no tensor"},
        {"state_dict": {"model.1.weight": torch.zeros(16, 3, 7, 7)}},
        {"model.1.weight": torch.zeros(0, 3, 7, 7), "model.4.conv_block.1.weight": torch.zeros(1)},
        {"model.1.weight": torch.zeros(16, 3, 7, 7), "model.99999.conv_block.1.weight": torch.zeros(1)},
        {"model.1.weight": torch.zeros(1).expand(1 << 30, 3, 7, 7), "model.13.conv_block.1.weight": torch.zeros(1)},
    ],
    ids=["nothing", "another net", "a list", "words", "a whole checkpoint", "no channels", "endless", "as large as the memory"],
)
def test_weights_of_another_net_are_bad_weights(tmp_path, content):
    with pytest.raises(BadWeights, match=r"G\.pth"):
        load_generator(published_file(tmp_path / "G.pth", content))


def test_safetensors_of_another_net_are_bad_weights(tmp_path):
    save_file({"encoder": torch.zeros(3)}, tmp_path / "G.safetensors")
    with pytest.raises(BadWeights, match="not a pix2pixHD generator"):
        load_generator(tmp_path / "G.safetensors")


def test_missing_file_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="none"):
        load_generator(tmp_path / "none.pth")


def test_options_that_differ_from_the_file_are_named(tmp_path, state):
    path = published_file(tmp_path / "G.pth", state)
    assert load_generator(path, {"netG": "global", "ngf": 16, "n_blocks_global": 2})
    with pytest.raises(BadWeights, match="ngf is 16, not 32"):
        load_generator(path, {"ngf": 32})
    with pytest.raises(BadInput, match="unknown option n_layers"):
        load_generator(path, {"n_layers": 3})


def test_step_is_imported_without_torch():
    heavy = "import sys, steps.pix2pixhd.step; assert not {'torch', 'cv2', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", heavy], check=True)
