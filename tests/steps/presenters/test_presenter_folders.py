"""A newsroom's own presenters are found beside those that ship."""

import os
import shutil

import pytest

from steps.digests import software_digest
from steps.errors import BadWeights
from steps.presenters import HOME, find_presenter, load_presenter, presenter_names


@pytest.fixture
def newsroom_folder(tmp_path, monkeypatch):
    shutil.copytree(HOME / "maya", tmp_path / "anna")
    monkeypatch.setenv("NEWSREEL_PRESENTERS", os.pathsep.join(["", str(tmp_path / "none"), str(tmp_path)]))
    return tmp_path


def test_a_bundle_elsewhere_is_known_and_read(newsroom_folder):
    assert {"anna", "maya"} <= presenter_names()
    assert load_presenter("anna").home == newsroom_folder / "anna"
    assert load_presenter("maya").home == HOME / "maya"


def test_the_newsroom_s_own_comes_before_the_one_that_ships(newsroom_folder):
    (newsroom_folder / "anna").rename(newsroom_folder / "maya")
    assert find_presenter("maya").home == newsroom_folder / "maya"


@pytest.mark.parametrize("name", ["Anna", "a b", "-x", "..", "../maya", "x" * 41])
def test_a_folder_with_another_kind_of_name_is_no_presenter(newsroom_folder, name):
    if "/" not in name and name != "..":
        (newsroom_folder / "anna").rename(newsroom_folder / name)
    assert name not in presenter_names()
    with pytest.raises(BadWeights, match="no presenter"):
        load_presenter(name)


def test_a_draft_is_made_again_when_a_presenter_elsewhere_has_changed(newsroom_folder):
    before = software_digest()
    (newsroom_folder / "anna" / "generator.pth").write_bytes(b"other")
    assert software_digest() != before
