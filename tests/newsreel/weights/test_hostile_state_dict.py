"""Hostile weights run no code and take no memory: they are refused in one line."""

import collections
import io
import os
import pickle
import resource
import struct
import zipfile

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsreel.errors import BadWeights, NewsreelError
from newsreel.weights.format import Format
from newsreel.weights.state_dict import read_content, read_state
from tests.newsreel.weights.state_files import STATE, WRITERS, written


@pytest.fixture(params=WRITERS, ids=lambda container: container.name.lower())
def container(request):
    return request.param


class Calls:
    """Pickles as a call: what a hostile file does the moment it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture(params=[Format.ARCHIVE, Format.PICKLE], ids=["archive", "old file"])
def pickling(request):
    return request.param


def test_a_call_hidden_anywhere_is_refused_and_not_made(pickling, tmp_path):
    flag = tmp_path / "ran"
    hidden = Calls(os.mkdir, str(flag))
    attributes = collections.OrderedDict(STATE)
    attributes.extra = hidden  # pickled as the OrderedDict's state, by BUILD
    for content in (
        {**STATE, "trap": hidden},
        [hidden],
        attributes,
        {"a": Calls(getattr, hidden, "x")},
        {"a": Calls(torch.load, str(tmp_path / "another"))},
        {"a": Calls(eval, f"__import__('os').mkdir({str(flag)!r})")},
        {"a": Calls(torch.hub.load, "somebody/something")},
        {"a": Calls(map, os.mkdir, [str(flag)])},
    ):
        with pytest.raises(BadWeights, match=r"refused: it calls .*; nothing of it was run"):
            read_content(written(pickling, tmp_path, content))
        assert not flag.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cposix\nsystem\n(S'touch %s'\ntR.",
        b"(S'touch %s'\niposix\nsystem\n.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x20touch %s\x85R.",
        b"\x80\x02ctorch.serialization\nload\n(S'%s'\ntR.",
        b"\x80\x02ccollections\nOrderedDict\n)R}S'__reduce__'\ncposix\nsystem\nsb.",
    ],
    ids=["GLOBAL", "INST", "STACK_GLOBAL", "torch.load again", "BUILD"],
)
def test_a_pickle_written_by_hand_is_refused_and_not_run(program, tmp_path):
    path, flag = tmp_path / "weights", tmp_path / "ran"
    path.write_bytes(program.replace(b"%s", bytes(flag)))
    with pytest.raises(BadWeights, match="refused"):
        read_content(path)
    torch.save(STATE, path)
    with zipfile.ZipFile(path) as sound, zipfile.ZipFile(tmp_path / "forged", "w") as forged:
        for entry in sound.infolist():
            hostile = entry.filename.endswith("data.pkl")
            forged.writestr(entry.filename, program if hostile else sound.read(entry))
    with pytest.raises(BadWeights, match="refused"):
        read_content(tmp_path / "forged")
    assert not flag.exists()


def test_what_is_no_plain_tensor_is_refused(pickling, tmp_path):
    for stranger in (
        torch.zeros(2).to_sparse(),
        torch.zeros(2, device="meta"),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
        "words",
        3,
        None,
        [torch.zeros(1)],
    ):
        with pytest.raises(BadWeights):
            read_state(written(pickling, tmp_path, {**STATE, "stranger": stranger}))


def claimed(action):
    """By how many bytes the action raised this process's peak of memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    action()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


HUGE = 2_000_000_000


def resized():
    """A tensor that says it is larger than the numbers it is made of."""
    storage = torch.storage.TypedStorage(wrap_storage=torch.zeros(3).untyped_storage(), dtype=torch.float32, _internal=True)
    return Calls(torch._utils._rebuild_tensor_v2, storage, 0, (HUGE // 4,), (1,), False, collections.OrderedDict())


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize(
    "content",
    [{"a": Calls(bytearray, HUGE)}, {"a": torch.zeros(1).expand(HUGE)}, {"a": resized()}],
    ids=["a call that makes much of little", "one number seen over and over", "more than is there"],
)
def test_a_small_file_cannot_claim_much_memory(content, pickling, tmp_path):
    path = written(pickling, tmp_path, content)

    def read():
        with pytest.raises(BadWeights):
            read_state(path)

    assert claimed(read) < 100_000_000


def zipped(tmp_path, compression, size=10, name="weights/data/0"):
    path = tmp_path / "weights"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(name, bytes(size))
    return path


def test_an_archive_that_inflates_is_refused(tmp_path):
    with pytest.raises(BadWeights, match=r"compressed, which torch.save never does"):
        read_content(zipped(tmp_path, zipfile.ZIP_DEFLATED, 50_000_000))


def test_an_archive_with_two_directories_is_refused(tmp_path):
    """zipfile takes the directory that ends where the end is recorded, miniz the one at the recorded place: a bomb."""
    bomb = zipped(tmp_path, zipfile.ZIP_DEFLATED, 50_000_000).read_bytes()
    end = struct.Struct("<4s4H2LH")
    *_, length, offset, _ = end.unpack(bomb[-end.size :])
    harmless = zipped(tmp_path, zipfile.ZIP_STORED, 0).read_bytes()[-end.size - length : -end.size]
    forged = bomb[: offset + length] + harmless + end.pack(b"PK\x05\x06", 0, 0, 1, 1, length, offset, 0)
    (tmp_path / "forged").write_bytes(forged)
    with pytest.raises(BadWeights, match=r"one directory|between its directories"):
        read_content(tmp_path / "forged")


def test_an_archive_whose_entries_share_their_bytes_is_refused(tmp_path):
    content = zipped(tmp_path, zipfile.ZIP_STORED, 100_000).read_bytes()
    end = struct.Struct("<4s4H2LH")
    *_, length, offset, _ = end.unpack(content[-end.size :])
    directory = content[offset : offset + length] * 50
    forged = content[:offset] + directory + end.pack(b"PK\x05\x06", 0, 0, 50, 50, len(directory), offset, 0)
    (tmp_path / "forged").write_bytes(forged)
    with pytest.raises(BadWeights, match="claim more bytes than the file has"):
        read_content(tmp_path / "forged")


def test_a_pickle_longer_than_any_nets_is_refused(tmp_path):
    (tmp_path / "weights").write_bytes(b"\x80\x02(" + (b"X" + struct.pack("<I", 1_000_000) + bytes(1_000_000)) * 5 + b"l.")
    with pytest.raises(BadWeights, match="a pickle of more than 4 MB"):
        read_content(tmp_path / "weights")


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 1 << 50]}},
        {"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}},
        {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in "abcdef"},
        {"a": {"dtype": "EVIL", "shape": [2], "data_offsets": [0, 8]}},
        {"a": 3},
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
    ],
    ids=["shape", "end", "overflow", "backwards", "bytes left over", "shared bytes", "kind", "no entry", "negative"],
)
def test_safetensors_with_a_lying_header_are_refused(header, tmp_path):
    text = repr(header).replace("'", '"').encode()
    for claimed_length in (len(text), len(text) + 1000, 1 << 62):
        (tmp_path / "weights").write_bytes(struct.pack("<Q", claimed_length) + text + bytes(8))
        with pytest.raises(BadWeights, match="damaged"):
            read_state(tmp_path / "weights")


def serialised(container):
    if container is Format.SAFETENSORS:
        from safetensors.torch import save

        return save(STATE)
    content = io.BytesIO()
    torch.save(STATE, content, _use_new_zipfile_serialization=container is Format.ARCHIVE)
    return content.getvalue()


SOUND = {container: serialised(container) for container in WRITERS}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(mutations=[(0.015625, 128)])
@given(mutations=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_changed_file_is_read_or_refused_in_one_line(container, tmp_path, mutations):
    content = bytearray(SOUND[container])
    for place, value in mutations:
        content[int(place * len(content))] = value
    path = tmp_path / "weights"
    path.write_bytes(content)
    try:
        read_state(path)
    except NewsreelError as fault:
        assert str(fault).isprintable()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), begins=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", struct.pack("<Q", 60) + b"{"]))
def test_any_bytes_at_all_are_refused_in_one_line(content, begins, tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(begins + content)
    with pytest.raises(BadWeights) as fault:
        read_state(path)
    assert str(fault.value).isprintable()


def test_a_pickle_of_nothing_but_numbers_is_no_weights_file(tmp_path):
    (tmp_path / "weights").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    with pytest.raises(BadWeights):
        read_state(tmp_path / "weights")
