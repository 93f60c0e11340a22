"""`newsreel weights`: says what any file is, makes safetensors of it that are the same numbers, and reads the catalogue."""

import json
import os
import pickle
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import cli.main
from cli.weights.files import NET_SYSTEMS, inspect_weights
from newsreel.weights.catalogue import read_catalogue
from newsreel.weights.state_dict import save_state, tensor_shapes
from steps.pix2pixhd import load_generator, save_generator
from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import MultiscaleDiscriminator, build_generator

ROOT = Path(__file__).parents[3]
MAYA = ROOT / "newsreel" / "presenters" / "maya"
SMALL = Architecture(ngf=2, n_downsample_global=1, n_blocks_global=1)


@pytest.fixture
def newsreel(monkeypatch, capsys):
    """Runs the command as a person would: exit status, output, errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["newsreel", "weights", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def generator_file(tmp_path):
    torch.manual_seed(1)
    save_generator(build_generator(SMALL), tmp_path / "latest_net_G.pth")
    return tmp_path / "latest_net_G.pth"


# inspect


def test_a_generator_is_described_in_lines_a_person_can_read(newsreel, generator_file):
    status, said, _ = newsreel("inspect", generator_file)
    # 7x7 from 3 to 2, 3x3 from 2 to 4, two 3x3 from 4 to 4, 3x3 from 4 to 2, 7x7 from 2 to 3; a bias each
    count = (49 * 6 + 2) + (9 * 8 + 4) + 2 * (9 * 16 + 4) + (9 * 8 + 2) + (49 * 6 + 3)
    assert status == 0
    assert said.splitlines()[1:3] == [
        "  is       pix2pixhd global generator, 3 to 3 channels, ngf 2, 1 downsamplings, 1 blocks",
        f"  holds    {count:,} parameters in 12 tensors, fp32",
    ]
    assert f"  sha256   {sha256(generator_file.read_bytes()).hexdigest()}\n" in said


def test_json_says_the_same(newsreel, generator_file):
    status, said, _ = newsreel("inspect", generator_file, "--json")
    found = json.loads(said)
    assert (status, found["system"], found["tensors"], found["format"]) == (0, "pix2pixhd", 12, "torch archive")
    assert found["bytes"] == generator_file.stat().st_size


@pytest.mark.parametrize(
    ("net", "described"),
    [
        (lambda: build_generator(Architecture(net="local", ngf=4, n_local_enhancers=1, n_blocks_local=1)), "local generator"),
        (lambda: MultiscaleDiscriminator(6, 4, layers=2, scales=2), "discriminator of 2 scales, 6 channels, ndf 4, 2 layers"),
        (lambda: nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)), "a state dict of no net that newsreel knows"),
    ],
    ids=["local", "discriminator", "unknown"],
)
def test_each_kind_of_net_is_recognised(net, described, tmp_path):
    torch.save(net().half().state_dict(), tmp_path / "net.pth")
    found = inspect_weights(tmp_path / "net.pth")
    assert found.described.startswith(described)
    assert found.precision == "fp16"
    assert bool(found.first_keys) == (found.system is None)


def test_statistics_are_no_parameters(tmp_path):
    torch.save(nn.BatchNorm1d(5).state_dict(), tmp_path / "net.pth")
    found = inspect_weights(tmp_path / "net.pth")
    assert (found.parameters, found.tensors) == (10, 5)


@pytest.mark.parametrize("system", NET_SYSTEMS)
def test_no_system_takes_anothers_net_for_its_own(system, generator_file):
    weights = pytest.importorskip(f"steps.{system}.weights")
    from newsreel.errors import BadWeights

    def takes(shapes):
        try:
            return weights.describe(shapes) is not None
        except BadWeights:
            return False

    assert takes(tensor_shapes(torch.load(generator_file))) == (system == "pix2pixhd")
    assert not takes({})
    assert not takes({"model.1.weight": (1,)})


def test_dlibs_predictor_is_recognised_without_dlib(tmp_path):
    found = inspect_weights(MAYA / "landmarks.dat")
    assert (found.system, found.described) == ("dlib", "68-point shape predictor")
    (tmp_path / "five.dat").write_bytes(bytes([1, 1, 0x81, 10, 0x81, 1]) + bytes(100))
    assert inspect_weights(tmp_path / "five.dat").described == "shape predictor of 5 points; newsreel needs 68"


class Trap:
    def __init__(self, flag):
        self.flag = flag

    def __reduce__(self):
        return os.mkdir, (str(self.flag),)


@pytest.mark.parametrize("command", ["inspect", "convert"])
@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda path: path.write_bytes(pickle.dumps(Trap(path.parent / "ran"), 2)), 6),
        (lambda path: torch.save({"a": Trap(path.parent / "ran")}, path), 6),
        (lambda path: path.write_bytes(b""), 6),
        (lambda path: path.write_bytes(b"<html>404</html>"), 6),
        (lambda path: torch.save({"a": "no tensor"}, path), 6),
        (lambda path: path.mkdir(), 2),
        (lambda path: os.mkfifo(path), 2),
        (lambda path: None, 2),
    ],
    ids=["pickle", "archive", "empty", "a page of the web", "words", "a folder", "a pipe", "nothing"],
)
def test_what_is_hostile_or_no_weights_ends_in_one_line(newsreel, tmp_path, command, make, status):
    path = tmp_path / "net.pth"
    make(path)
    ended, said, fault = newsreel(command, path)
    assert (ended, said) == (status, "")
    assert re.fullmatch(rf"{re.escape(str(path))}: .* \(exit {status}\)\n", fault)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "net.safetensors").exists()


@pytest.mark.slow
def test_a_pickle_that_copies_itself_again_and_again_is_stopped(tmp_path):
    """A set of 100,000 numbers, then 3,000 more of the same: 25 GB of 0.7 MB. In a process of its own, which it may harm."""
    numbers = b"(" + b"".join(b"J" + number.to_bytes(4, "little") for number in range(100_000)) + b"t"
    copies = (b"cbuiltins\nset\nh\x01\x85R") * 3000
    (tmp_path / "bomb.pth").write_bytes(b"\x80\x02" + numbers + b"q\x01(" + copies + b"t.")
    command = [sys.executable, "-m", "cli", "weights", "inspect", str(tmp_path / "bomb.pth")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == f"{tmp_path}/bomb.pth: refused: reading it takes far more memory than it has bytes (exit 6)\n"
    assert done.returncode == 6


# convert


def test_conversion_keeps_every_bit_and_adds_card(newsreel, generator_file):
    before = load_generator(generator_file).state_dict()
    options = ["--source", "https://example.org/net", "--licence", "CC-BY-4.0", "--name", "Anna at night"]
    status, _, fault = newsreel("convert", generator_file, *options)
    assert (status, fault) == (0, "")
    result = generator_file.with_suffix(".safetensors")
    after = load_file(result)
    assert before.keys() == after.keys()
    assert all(before[key].numpy().tobytes() == after[key].numpy().tobytes() for key in before)
    assert all(torch.equal(before[key], tensor) for key, tensor in load_generator(result).state_dict().items())

    found = inspect_weights(result)
    assert (found.source, found.licence, found.card.name) == ("https://example.org/net", "CC-BY-4.0", "Anna at night")
    card = generator_file.with_suffix(".md").read_text()
    for said in (
        "# Anna at night",
        "CC-BY-4.0",
        "https://example.org/net",
        f"{found.parameters:,}",
        sha256(generator_file.read_bytes()).hexdigest(),
        sha256(result.read_bytes()).hexdigest(),
        "load_generator('latest_net_G.safetensors')",
    ):
        assert said in card


def test_twice_is_once_and_the_bytes_are_the_same_everywhere(newsreel, generator_file, tmp_path):
    for target in ("a.safetensors", "a.safetensors", "b.safetensors"):
        assert newsreel("convert", generator_file, "--to", tmp_path / target)[0] == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert not [*tmp_path.glob(".tmp-*")]


@pytest.mark.parametrize("name", ["out.safetensors", "out.md"])
def test_something_else_is_never_overwritten(newsreel, generator_file, tmp_path, name):
    (tmp_path / name).write_bytes(b"somebody's work")
    status, _, fault = newsreel("convert", generator_file, "--to", tmp_path / "out.safetensors")
    assert (status, fault) == (
        3,
        f"{tmp_path / name}: something else is already there; remove it or choose another name with --to (exit 3)\n",
    )
    assert (tmp_path / name).read_bytes() == b"somebody's work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest_net_G.pth", name]


def test_half_precision_halves_the_file_and_says_so(newsreel, generator_file, tmp_path):
    assert newsreel("convert", generator_file, "--half", "--to", tmp_path / "half.safetensors")[0] == 0
    whole, half = load_generator(generator_file).state_dict(), load_file(tmp_path / "half.safetensors")
    assert all(torch.equal(half[key], tensor.half()) for key, tensor in whole.items())
    assert inspect_weights(tmp_path / "half.safetensors").precision == "fp16"
    assert "rounded to fp16" in (tmp_path / "half.md").read_text()


def test_numbers_too_large_for_half_precision_are_refused(newsreel, tmp_path):
    save_file({"big": torch.tensor([1e6])}, tmp_path / "net.safetensors")
    status, _, fault = newsreel("convert", tmp_path / "net.safetensors", "--half", "--to", tmp_path / "half.safetensors")
    assert status == 6
    assert "half precision cannot hold 'big'; convert without --half" in fault


def test_a_card_is_handed_on_when_a_converted_file_is_converted(newsreel, generator_file, tmp_path):
    newsreel("convert", generator_file, "--licence", "MIT", "--name", "anna")
    first = generator_file.with_suffix(".safetensors")
    assert newsreel("convert", first)[0] == 2  # onto itself
    assert newsreel("convert", first, "--half", "--to", tmp_path / "half.safetensors")[0] == 0
    card = inspect_weights(tmp_path / "half.safetensors").card
    assert (card.name, card.licence) == ("anna", "MIT")
    assert card.original_sha256 == sha256(first.read_bytes()).hexdigest()


def test_a_net_that_uses_a_tensor_twice_is_written(tmp_path):
    shared = torch.arange(6.0)
    save_state({"a": shared, "b": shared, "c": shared[2:4]}, tmp_path / "net.safetensors")
    assert {key: tensor.tolist() for key, tensor in load_file(tmp_path / "net.safetensors").items()} == {
        "a": [0, 1, 2, 3, 4, 5],
        "b": [0, 1, 2, 3, 4, 5],
        "c": [2, 3],
    }


@pytest.mark.parametrize("text", ["no card", "{}", '{"name": "\\u001b[2J"}', "[" * 5000])
def test_a_strangers_card_that_is_none_is_left_aside(text, tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "net.safetensors", metadata={"card": text})
    assert inspect_weights(tmp_path / "net.safetensors").card is None


def test_what_a_person_says_stays_text_in_the_card(newsreel, generator_file):
    status, _, fault = newsreel("convert", generator_file, "--licence", "two\nlines")
    assert (status, fault) == (2, "--licence must be one line of text (exit 2)\n")
    assert newsreel("convert", generator_file, "--licence", "a | b <script>")[0] == 0
    assert "| a \\| b \\<script\\> |" in generator_file.with_suffix(".md").read_text()


# fetch, list


def test_the_example_catalogue_can_be_listed_and_fetched_from(newsreel, monkeypatch, tmp_path):
    """After the presenter was trained anew, put the sha256 that `newsreel weights inspect` prints into examples/weights.yaml."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NEWSREEL_WEIGHTS", "file:examples/weights.yaml")
    monkeypatch.setenv("NEWSREEL_ADDRESSES", "file:examples,file:newsreel")
    monkeypatch.setenv("NEWSREEL_CACHE", str(tmp_path))
    entry = read_catalogue((ROOT / "examples/weights.yaml").read_bytes(), "weights.yaml")["maya-generator"]
    assert newsreel("list") == (
        0,
        f"maya-generator\n  file:newsreel/presenters/maya/generator.pth\n  sha256 {entry.sha256}\n  licence Apache-2.0\n",
        "",
    )
    status, said, fault = newsreel("fetch", "maya-generator")
    assert (status, fault) == (0, "")
    assert Path(said.strip()).read_bytes() == (MAYA / "generator.pth").read_bytes()
    assert newsreel("fetch", "maya")[0] == 2


def test_the_command_starts_without_torch():
    light = "import sys, cli.main; cli.main.parser(); assert not {'torch', 'numpy', 'pydantic'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", light], check=True, cwd=ROOT)
