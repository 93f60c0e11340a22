"""Weights of the catalogue are verified and fetched once, and a voice without weights is refused."""

import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import newsreel.weights.cache
from newsreel.errors import BadInput, BadWeights, DiskFull
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.weights.cache import WeightsCache
from newsreel.weights.catalogue import (
    Catalogue,
    link_voice_weights,
    read_catalogue,
    require_voice_weights,
    voice_weights,
    weights_file,
    weights_sheet,
)
from newsreel.workspace import Workspace

TACOTRON2, WAVEGLOW = b"text to mel", b"mel to sound"


def entry(address, content, **more):
    return {"address": str(address), "sha256": hashlib.sha256(content).hexdigest(), "licence": "CC-BY-4.0", **more}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A folder with both files of a voice and their catalogue, configured as an installation would."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "tacotron2.pt").write_bytes(TACOTRON2)
    (folder / "waveglow.pt").write_bytes(WAVEGLOW)
    save(folder, entry(f"file:{folder}/tacotron2.pt", TACOTRON2), entry(f"file:{folder}/waveglow.pt", WAVEGLOW))
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{folder}")
    monkeypatch.setenv("NEWSREEL_WEIGHTS", f"file:{folder}/weights.yaml")
    monkeypatch.setenv("NEWSREEL_CACHE", str(tmp_path / "cache"))
    return folder


def save(folder, tacotron2, waveglow):
    (folder / "weights.yaml").write_text(json.dumps({"linda-tacotron2": tacotron2, "linda-waveglow": waveglow}))


@pytest.fixture
def storage(library):
    return Storage.from_environment()


@pytest.fixture
def workspace(tmp_path):
    return Workspace.lease(tmp_path / "work", "test")


def fetched(name="linda-waveglow"):
    storage = Storage.from_environment()
    return Catalogue.from_environment(storage).fetch(name, storage, WeightsCache.from_environment())


def test_a_file_is_fetched_whole_and_once(library):
    path = fetched()
    assert path.read_bytes() == WAVEGLOW
    (library / "waveglow.pt").unlink()
    assert fetched() == path
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.name}.verified"]


def test_weights_come_from_a_bucket_as_from_a_folder(library, bucket):
    home = Address.parse(bucket).child("linda")
    storage = Storage.from_environment()
    storage.create(home.child("waveglow.pt"), b"from the bucket", "application/octet-stream")
    save(library, entry(f"file:{library}/tacotron2.pt", TACOTRON2), entry(home.child("waveglow.pt"), b"from the bucket"))
    assert fetched().read_bytes() == b"from the bucket"


def test_a_file_with_another_digest_is_not_kept(library, tmp_path):
    (library / "waveglow.pt").write_bytes(b"something else")
    found, wanted = (hashlib.sha256(content).hexdigest() for content in (b"something else", WAVEGLOW))
    with pytest.raises(BadWeights, match=f"waveglow.pt: has sha256 {found}, the catalogue says {wanted}; nothing"):
        fetched()
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_a_file_that_changed_in_the_cache_is_fetched_again(library):
    path = fetched()
    path.chmod(0o644)
    path.write_bytes(b"cut")
    assert fetched().read_bytes() == WAVEGLOW


def test_a_file_whose_stamp_is_gone_is_hashed_again(library):
    path = fetched()
    stamp = path.with_suffix(".verified")
    stamp.unlink()
    (library / "waveglow.pt").unlink()
    assert fetched() == path
    assert stamp.is_file()
    path.chmod(0o644)
    path.write_bytes(WAVEGLOW[::-1])  # of the same size
    with pytest.raises(BadInput, match="no such file"):
        fetched()


def test_a_linked_file_is_not_changed_by_cache_or_steps(library, storage, workspace):
    link_voice_weights(workspace, "linda", storage)
    path = voice_weights(workspace, "waveglow")
    assert path.stat().st_ino == fetched().stat().st_ino
    assert path.stat().st_mode & 0o222 == 0
    fetched().unlink()
    assert path.read_bytes() == WAVEGLOW


def test_concurrent_fetches_all_succeed(library):
    with ThreadPoolExecutor(8) as pool:
        assert {path.read_bytes() for path in pool.map(lambda _: fetched(), range(16))} == {WAVEGLOW}
    assert not [*fetched().parent.glob(".tmp-*")]


def test_only_stale_temporary_files_are_removed(library, tmp_path):
    folder = tmp_path / "cache" / "weights"
    folder.mkdir(parents=True)
    (folder / ".tmp-old").write_bytes(b"half")
    (folder / ".tmp-new").write_bytes(b"half")
    os.utime(folder / ".tmp-old", (time.time() - 7200,) * 2)
    fetched()
    assert [path.name for path in folder.glob(".tmp-*")] == [".tmp-new"]


def test_a_file_larger_than_any_net_is_not_fetched(library, tmp_path, monkeypatch):
    monkeypatch.setattr(newsreel.weights.cache, "MAX_WEIGHTS_BYTES", 5)
    with pytest.raises(BadInput, match="larger than 5 bytes"):
        fetched()
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_a_cache_that_cannot_be_written_says_what_to_set(library, monkeypatch):
    monkeypatch.setenv("NEWSREEL_CACHE", "/proc/nowhere")
    with pytest.raises(BadInput, match=r"/proc/nowhere/weights: weights cannot be stored here .*; set NEWSREEL_CACHE"):
        fetched()


def test_a_full_disk_is_reported(library, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    (library / "waveglow.pt").write_bytes(bytes(1 << 20))
    save(library, entry(f"file:{library}/tacotron2.pt", TACOTRON2), entry(f"file:{library}/waveglow.pt", bytes(1 << 20)))
    mount = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*mount, "mount", "-t", "tmpfs", "none", disk], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    program = "from test_catalogue import fetched; fetched()"
    script = f'mount -t tmpfs -o size=64k none {disk} && {sys.executable} -c "{program}"; ls -A {disk}/weights'
    environment = {
        **os.environ,
        "NEWSREEL_CACHE": str(disk),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    done = subprocess.run([*mount, "sh", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr.splitlines()[-1].startswith(f"{DiskFull.__module__}.DiskFull: {disk}")
    assert done.stdout == ""


def test_only_allowed_addresses_are_read(library, monkeypatch):
    save(library, entry("file:/etc/hostname", b""), entry("gs://somebody-elses/x", b""))
    for name in ("linda-tacotron2", "linda-waveglow"):
        with pytest.raises(BadInput, match="outside the allowed"):
            fetched(name)
    monkeypatch.setenv("NEWSREEL_WEIGHTS", "file:/etc/hostname")
    with pytest.raises(BadInput, match="outside the allowed"):
        fetched()


# The catalogue's text


def test_every_fault_is_reported_with_its_line():
    text = b"""\
good-one:
  address: gs://weights/a.pt
  sha256: %s
  licence: MIT
Bad Name:
  address: https://example.org/a.pt
  sha256: abc
  license: MIT
empty:
"""
    with pytest.raises(BadInput) as fault:
        read_catalogue(text % (b"0" * 64), "weights.yaml")
    assert str(fault.value).splitlines() == [
        "weights.yaml: 5 faults",
        "weights.yaml:5: Bad Name: must be 1 to 40 lower-case letters, digits and hyphens, such as linda-waveglow",
        "weights.yaml:6: Bad Name.address: address 'https://example.org/a.pt': must start with 'file:' or 'gs://'",
        "weights.yaml:7: Bad Name.sha256: must be 64 digits 0-9 and a-f, as `newsreel weights inspect` prints them",
        "weights.yaml:8: Bad Name.license: is unknown; did you mean 'licence'?",
        "weights.yaml:9: empty: must be keys with values, one a line",
    ]


@pytest.mark.parametrize("text", [b"- a list", b"just text", b"a: &anchor {}", b"\xff", b"a: [", b"a: {}\na: {}", b"3"])
def test_an_unreadable_catalogue_is_refused_with_its_line(text):
    with pytest.raises(BadInput, match=r"^weights.yaml:\d+: "):
        read_catalogue(text, "weights.yaml")


def test_an_unknown_name_is_refused_with_the_known_ones(storage):
    with pytest.raises(BadInput, match="has no sophie; it has linda-tacotron2, linda-waveglow"):
        Catalogue.from_environment(storage).entry("sophie")


# What a story's workspace gets


def test_a_voices_weights_and_their_sheets_lie_in_the_workspace(storage, workspace, library):
    link_voice_weights(workspace, "linda", storage)
    assert voice_weights(workspace, "tacotron2").read_bytes() == TACOTRON2
    assert voice_weights(workspace, "waveglow") == workspace.path("weights/waveglow.weights")
    assert json.loads(workspace.path(weights_sheet("waveglow")).read_text()) == {
        "name": "linda-waveglow",
        "sha256": hashlib.sha256(WAVEGLOW).hexdigest(),
        "licence": "CC-BY-4.0",
        "address": f"file:{library}/waveglow.pt",
    }


def test_what_is_there_is_not_touched_and_needs_no_cache(storage, workspace, library, monkeypatch):
    link_voice_weights(workspace, "linda", storage)
    before = workspace.path(weights_sheet("waveglow")).stat()
    (library / "waveglow.pt").unlink()
    monkeypatch.setenv("NEWSREEL_CACHE", "/proc/nowhere")
    link_voice_weights(workspace, "linda", storage)
    assert workspace.path(weights_sheet("waveglow")).stat() == before


def test_new_weights_replace_the_old_ones_and_their_sheet(storage, workspace, library):
    link_voice_weights(workspace, "linda", storage)
    before = workspace.path(weights_sheet("waveglow")).read_bytes()
    (library / "waveglow.pt").write_bytes(b"better")
    save(library, entry(f"file:{library}/tacotron2.pt", TACOTRON2), entry(f"file:{library}/waveglow.pt", b"better"))
    link_voice_weights(workspace, "linda", storage)
    assert voice_weights(workspace, "waveglow").read_bytes() == b"better"
    assert workspace.path(weights_sheet("waveglow")).read_bytes() != before


def test_across_file_systems_the_file_is_copied(storage, workspace, monkeypatch):
    def another_file_system(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", another_file_system)
    link_voice_weights(workspace, "linda", storage)
    assert voice_weights(workspace, "waveglow").read_bytes() == WAVEGLOW


def test_a_failed_fetch_leaves_no_sheet(storage, workspace, library):
    link_voice_weights(workspace, "linda", storage)
    save(library, entry(f"file:{library}/tacotron2.pt", TACOTRON2), entry(f"file:{library}/waveglow.pt", b"not there"))
    with pytest.raises(BadWeights, match="the catalogue says"):
        link_voice_weights(workspace, "linda", storage)
    with pytest.raises(BadWeights, match="no weights for waveglow; set NEWSREEL_WEIGHTS"):
        voice_weights(workspace, "waveglow")


def test_a_voice_that_needs_no_weights_looks_nothing_up(workspace, monkeypatch):
    monkeypatch.setenv("NEWSREEL_WEIGHTS", "nonsense")
    monkeypatch.setenv("NEWSREEL_ADDRESSES", "")
    require_voice_weights("heart", Storage.from_environment())
    link_voice_weights(workspace, "heart", Storage.from_environment())
    assert not workspace.path("weights").exists()


def test_a_voice_without_weights_is_refused_with_the_remedy(storage, workspace, library, monkeypatch):
    for refusing in (lambda: require_voice_weights("linda", storage), lambda: link_voice_weights(workspace, "linda", storage)):
        monkeypatch.setenv("NEWSREEL_WEIGHTS", f"file:{library}/weights.yaml")
        (library / "weights.yaml").write_text("{}")
        with pytest.raises(BadInput, match=r"voice linda is spoken with .*weights.yaml: has no linda-tacotron2; it has nothing"):
            refusing()
        monkeypatch.delenv("NEWSREEL_WEIGHTS")
        with pytest.raises(BadInput, match=r"set NEWSREEL_WEIGHTS to its address, such as file:weights.yaml") as fault:
            refusing()
        assert "\n" not in str(fault.value)
    assert not workspace.path(weights_file("waveglow")).exists()


@pytest.mark.parametrize("step", ["check", "init-story"])
def test_a_story_without_weights_for_its_voice_is_refused(step, newsroom, capsys, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEIGHTS", raising=False)
    newsroom.document["voice"] = "linda"
    if step == "check":
        assert newsroom.check(voice_system="tacotron2") == 2
    else:
        assert newsroom.init_story(Workspace.lease(newsroom.folder / "work", "test").root) == 2
        assert not (newsroom.folder / "work" / "script").exists()
    said = capsys.readouterr().err
    assert "voice linda is spoken with weights linda-tacotron2 and linda-waveglow" in said
    assert "set NEWSREEL_WEIGHTS" in said
    assert said.count("\n") == 1


def test_init_story_links_the_voices_weights(newsroom, library, monkeypatch):
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{newsroom.folder},file:{library}")
    newsroom.document["voice"] = "linda"
    assert newsroom.check(voice_system="tacotron2") == 0
    workspace = Workspace.lease(newsroom.folder / "work", "test")
    assert newsroom.init_story(workspace.root) == 0
    assert voice_weights(workspace, "tacotron2").read_bytes() == TACOTRON2


def test_the_catalogue_is_read_without_torch():
    heavy = "{'torch', 'safetensors', 'numpy', 'google.cloud.storage'}"
    light = f"import sys, newsreel.weights.catalogue; assert not {heavy} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", light], check=True)
