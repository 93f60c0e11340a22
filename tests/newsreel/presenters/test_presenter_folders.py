"""A newsroom's own presenters are found beside the bundled ones."""

import os
import shutil

import pytest

from newsreel.errors import BadInput, BadWeights
from newsreel.fingerprints import software_digest
from newsreel.presenters.bundle import BUNDLED_PRESENTERS, find_presenter, load_presenter, presenter_names


@pytest.fixture
def newsroom_folder(tmp_path, monkeypatch):
    shutil.copytree(BUNDLED_PRESENTERS / "maya", tmp_path / "anna")
    monkeypatch.setenv("NEWSREEL_PRESENTERS", os.pathsep.join(["", str(tmp_path)]))
    return tmp_path


def test_a_bundle_in_another_folder_is_found(newsroom_folder):
    assert {"anna", "maya"} <= presenter_names()
    assert load_presenter("anna").home == newsroom_folder / "anna"
    assert load_presenter("maya").home == BUNDLED_PRESENTERS / "maya"


def test_a_newsrooms_bundle_comes_before_the_bundled_one(newsroom_folder):
    (newsroom_folder / "anna").rename(newsroom_folder / "maya")
    assert find_presenter("maya").home == newsroom_folder / "maya"


@pytest.mark.parametrize("name", ["Anna", "a b", "-x", "..", "../maya", "x" * 41])
def test_a_folder_with_an_invalid_name_is_no_presenter(newsroom_folder, name):
    if "/" not in name and name != "..":
        (newsroom_folder / "anna").rename(newsroom_folder / name)
    assert name not in presenter_names()
    with pytest.raises(BadWeights, match="no presenter"):
        load_presenter(name)


def test_a_changed_presenter_invalidates_the_draft(newsroom_folder):
    before = software_digest()
    (newsroom_folder / "anna" / "generator.pth").write_bytes(b"other")
    assert software_digest() != before


@pytest.mark.parametrize("name", ["none", "file"])
def test_a_listed_path_that_is_no_folder_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEWSREEL_PRESENTERS", os.pathsep.join([str(tmp_path), str(tmp_path / name)]))
    with pytest.raises(BadInput, match=f"NEWSREEL_PRESENTERS: '{tmp_path}/{name}' is not a folder"):
        presenter_names()


def test_an_untrained_presenter_is_refused_with_the_remedy(newsroom_folder):
    (newsroom_folder / "anna" / "generator.pth").unlink(missing_ok=True)
    (newsroom_folder / "anna" / "footage.mp4").unlink(missing_ok=True)
    with pytest.raises(BadWeights, match=r"anna: footage\.mp4 is missing; train the presenter: `newsreel train"):
        load_presenter("anna")
