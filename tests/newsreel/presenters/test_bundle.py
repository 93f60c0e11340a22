import shutil

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadWeights
from newsreel.presenters import bundle as presenters
from newsreel.presenters.bundle import BUNDLED_PRESENTERS, load_presenter, presenter_names, read_sheet
from tools.presenter.drawing import BODY_LINES
from tools.presenter.make import main
from tools.presenter.visemes import VISEMES, write_visemes

SHEET = yaml.safe_load((BUNDLED_PRESENTERS / "maya" / "presenter.yaml").read_text())


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A bundle of one's own, where all bundles are looked for."""
    shutil.copytree(BUNDLED_PRESENTERS / "maya", tmp_path / "maya")
    monkeypatch.setattr(presenters, "BUNDLED_PRESENTERS", tmp_path)
    return tmp_path / "maya"


def test_the_bundled_presenter_is_complete_and_small():
    presenter = load_presenter("maya")
    assert "maya" in presenter_names() and presenter.shown_as == "Maya Lind"
    assert sum(path.stat().st_size for path in presenter.home.iterdir()) < 8_000_000


def test_the_sheet_has_the_drawn_body():
    assert load_presenter("maya").body == BODY_LINES


def test_the_mouth_shapes_that_ship_are_the_drawn_ones(tmp_path):
    write_visemes(tmp_path / "visemes.npz")
    assert (tmp_path / "visemes.npz").read_bytes() == load_presenter("maya").visemes.read_bytes()


def test_visemes_are_offsets_in_units_of_eye_distance():
    with np.load(load_presenter("maya").visemes, allow_pickle=False) as file:
        names, rest, offsets = file["names"], file["rest"], file["offsets"]
    assert list(names) == list(VISEMES) and offsets.shape == (len(names), 68, 2) and offsets.dtype == np.float32
    assert np.allclose((rest[36] + rest[45]) / 2, 0, atol=1e-6) and np.isclose(np.linalg.norm(rest[45] - rest[36]), 1)
    assert (offsets[list(names).index("rest")] == 0).all()
    assert np.abs(offsets[:, 17:48]).max() < 0.03, "a sound moves mouth and jaw; with a smile the lower lids, hardly"


@pytest.mark.parametrize("name", ["footage.mp4", "landmarks.dat", "visemes.npz", "generator.pth"])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink(missing_ok=True)
    with pytest.raises(BadWeights, match="is missing; run `make presenter`"):
        load_presenter("maya")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size": 50_000}, r"presenter maya: presenter.yaml:\d+: size: must be a multiple of 32"),
        ({"size": 2048}, "size: must be at most 1,024"),
        ({"size": 321}, r"size: must be a multiple of 32"),
        ({"frame_rate": 25}, "frame_rate: must be 30"),
        ({"shown_as": ""}, "shown_as: is empty"),
        ({"body": [[[1, 2]]]}, r"body\[0\]: must be at least 2 entries, has 1"),
        ({"body": [[[1, 2], [float("nan"), 3]]]}, r"body\[0\]\[1\]\[0\]: must be a number"),
        ({"home": "/etc"}, "home: is unknown; known: shown_as, role, size, frame_rate"),
        ({"colour": "red"}, "colour: is unknown"),
        ({"licenc": "CC0"}, "licenc: is unknown; did you mean 'licence'"),
        ({1: 2}, "1: is unknown"),
    ],
)
def test_a_wrong_sheet_is_refused_by_its_field(copy, change, told):
    (copy / "presenter.yaml").write_text(yaml.safe_dump({**SHEET, **change}))
    with pytest.raises(BadWeights, match=told) as caught:
        load_presenter("maya")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_as_a_sheet_are_refused_line_by_line(tmp_path_factory, junk):
    home = tmp_path_factory.mktemp("bundle")
    (home / "presenter.yaml").write_bytes(junk)
    with pytest.raises(BadWeights) as caught:
        read_sheet(home)
    assert all(line.startswith(f"presenter {home.name}: presenter.yaml:") for line in str(caught.value).splitlines())
    assert all(line.isprintable() for line in str(caught.value).splitlines())


@pytest.mark.parametrize("name", ["nobody", "../maya", ""])
def test_only_a_presenter_with_a_sheet_is_made(name, tmp_path, capsys):
    assert main([name, "--into", str(tmp_path)]) == 2
    assert "write that first" in capsys.readouterr().err
