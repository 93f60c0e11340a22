"""Valid weights are read exactly; damaged ones and those of another net are refused in one line."""

import os
import pickle
import subprocess
import sys
import zipfile

import pytest
import torch
from torch import nn

from newsreel.errors import BadInput, BadWeights
from newsreel.weights.format import Format, require_valid_format
from newsreel.weights.state_dict import load_strictly, read_content, read_state, save_state
from tests.newsreel.weights.state_files import STATE, WRITERS, written


@pytest.fixture(params=WRITERS, ids=lambda container: container.name.lower())
def container(request):
    return request.param


def same(one, other):
    return one.keys() == other.keys() and all(
        one[key].dtype == other[key].dtype and torch.equal(one[key], other[key]) for key in one
    )


def test_every_published_container_is_read_exactly(container, tmp_path):
    path = written(container, tmp_path)
    assert require_valid_format(path) is container
    assert same(read_state(path), STATE)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_other_precisions_are_widened_to_single(container, kind, tmp_path):
    path = written(container, tmp_path, {"weight": torch.tensor([[0.5, -3.0]], dtype=kind), "bias": torch.ones(1, dtype=kind)})
    state = read_state(path)
    assert state["weight"].dtype is kind
    net = load_strictly(lambda: nn.Linear(2, 1), state, path, "line")
    assert net(torch.tensor([2.0, 1.0])).tolist() == [0.5 * 2 - 3 + 1]


def test_the_prefix_of_parallel_training_is_removed(tmp_path):
    path = written(Format.ARCHIVE, tmp_path, {f"module.{key}": tensor for key, tensor in STATE.items()})
    assert same(read_state(path), STATE)


def test_a_net_is_found_within_what_a_training_wrote(tmp_path):
    path = written(Format.ARCHIVE, tmp_path, {"state_dict": STATE, "iteration": 5, "learning_rate": 1e-3, "optimizer": {"a": []}})
    assert same(read_state(path, within="state_dict"), STATE)
    with pytest.raises(BadWeights, match="not a bare state dict; these are not plain tensors: state_dict, iteration"):
        read_state(path)


@pytest.mark.parametrize("name", ["it.pth", "it.safetensors"])
def test_saved_tensors_are_read_back_bit_by_bit(name, tmp_path):
    for place in ("one", "other"):
        save_state(STATE, tmp_path / place / name, {"card": "x"})
    assert same(read_state(tmp_path / "one" / name), STATE)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    assert (tmp_path / "one" / name).stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path / "one") == [name]  # noqa: PTH208


# What a person may hand us by mistake


def test_what_is_no_file_is_bad_input(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "none", tmp_path / "pipe"):
        with pytest.raises(BadInput, match=r"no such file|not a regular file|is a directory"):
            read_content(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"PK\x03\x04", b"{}", b"hello, I am no weights file", bytes(4096)])
def test_what_is_no_weights_file_is_refused_in_one_line(content, tmp_path):
    (tmp_path / "weights").write_bytes(content)
    with pytest.raises(BadWeights, match="weights: ") as fault:
        read_content(tmp_path / "weights")
    assert "\n" not in str(fault.value)


def test_a_bare_pickle_is_refused_without_torchs_message(tmp_path, recwarn):
    (tmp_path / "weights.pkl").write_bytes(pickle.dumps([1, 2], protocol=4))
    with pytest.raises(BadWeights):
        read_content(tmp_path / "weights.pkl")
    assert not recwarn.list


def test_a_foreign_archive_is_refused_in_our_words(tmp_path):
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as archive:
        archive.writestr("beach.txt", "sand")
    with pytest.raises(BadWeights) as fault:
        read_content(tmp_path / "holiday.zip")
    assert str(fault.value) == f"{tmp_path}/holiday.zip: damaged or not a weights file"


def test_a_file_cut_anywhere_is_bad_weights(container, tmp_path):
    path = written(container, tmp_path)
    content = path.read_bytes()
    for kept in {*range(12), *range(12, len(content), len(content) // 40), len(content) - 1}:
        path.write_bytes(content[:kept])
        with pytest.raises(BadWeights):
            read_state(path)


def test_faults_of_a_net_are_listed_up_to_a_limit(tmp_path):
    path = written(Format.ARCHIVE, tmp_path)
    strange = {f"layer{number}": torch.zeros(1) for number in range(500)} | {"\x1b[2Jevil\n": torch.zeros(1)}
    with pytest.raises(BadWeights, match=r"missing weight; missing bias; surplus layer0; .* and 483 more") as fault:
        load_strictly(lambda: nn.Linear(2, 1), strange, path, "line")
    assert str(fault.value).isprintable()


def test_numbers_too_large_for_single_are_not_finite(tmp_path):
    state = {"weight": torch.tensor([[1e300, 0]], dtype=torch.float64), "bias": torch.tensor([float("nan")])}
    with pytest.raises(BadWeights, match="weight holds infinities or NaN; bias holds infinities or NaN"):
        load_strictly(lambda: nn.Linear(2, 1), state, tmp_path, "line")


def test_a_class_that_the_caller_allows_by_name_is_let_through(tmp_path):
    path = written(Format.ARCHIVE, tmp_path, nn.Linear(2, 1))
    with pytest.raises(BadWeights, match=r"it calls torch\.nn\.modules\.linear\.Linear"):
        read_content(path)
    with torch.serialization.safe_globals([nn.Linear]):
        assert isinstance(read_content(path), nn.Linear)


def test_the_format_is_detected_without_torch():
    light = "import sys, newsreel.weights.format; assert not {'torch', 'safetensors', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", light], check=True)
