"""The generator's input: landmarks drawn as edges, and the published label encoding."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steps.pix2pixhd.encoding import draw_edges, encode_labels, instance_edges
from tools.presenter.drawing import Mouth, Pose, draw


def edges_of(mouth: Mouth, x: float = 0.0):
    return draw_edges(draw(Pose(mouth=mouth, x=x))[1], 320).astype(int)


def test_mouth_that_opens_more_shows_more_inside():
    yellow = [((edges_of(Mouth(jaw_open=jaw)) - (255, 200, 0)) ** 2).sum(2) < 5000 for jaw in (0.0, 0.1, 0.2, 0.4, 0.8)]
    inside = [int(mask.sum()) for mask in yellow]
    assert inside == sorted(set(inside)), inside


def test_a_sixteenth_of_a_pixel_is_drawn():
    landmarks = draw(Pose())[1]
    assert (draw_edges(landmarks, 320) != draw_edges(landmarks + 1 / 16, 320)).any()


def test_steady_movement_changes_the_picture_steadily():
    landmarks = draw(Pose())[1]
    pictures = np.stack([draw_edges(landmarks + np.array([step / 8, 0]), 320).astype(int) for step in range(17)])
    changes = np.abs(np.diff(pictures, axis=0)).sum((1, 2, 3))
    assert changes.max() < 2.5 * np.median(changes)


def test_open_mouth_does_not_move_the_skull_arc():
    assert (edges_of(Mouth())[:90] == edges_of(Mouth(jaw_open=1.0))[:90]).all()
    assert edges_of(Mouth())[:90].any()


def test_static_lines_of_the_body_are_drawn():
    landmarks = draw(Pose())[1]
    line = [(10.0, 300.0), (100.0, 300.0)]
    assert draw_edges(landmarks, 320, [line])[300, 50].any()
    assert not draw_edges(landmarks, 320)[300, 50].any()


@settings(max_examples=60)
@given(arrays(np.float32, (68, 2), elements=st.floats(width=32)))
def test_any_landmarks_can_be_drawn(landmarks):
    assert draw_edges(landmarks, 64).shape == (64, 64, 3)


def test_labels_are_one_hot_and_instances_have_edges():
    labels = torch.tensor([[[0, 0, 34, 34]]])
    instances = torch.tensor([[[5, 6, 6, 6]]])
    encoding = encode_labels(labels, instances)
    assert encoding.shape == (1, 36, 1, 4)
    assert encoding[0, :35].sum(0).tolist() == [[1, 1, 1, 1]]
    assert encoding[0, [0, 34], 0].tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]
    assert encoding[0, 35].tolist() == [[1, 1, 0, 0]]


def test_edges_are_where_a_neighbour_differs():
    instances = torch.from_numpy(np.random.default_rng(1).integers(0, 3, (1, 9, 7)))
    edges = instance_edges(instances)[0]
    for y in range(9):
        for x in range(7):
            neighbours = [(y + dy, x + dx) for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0))]
            inside = [(v, u) for v, u in neighbours if 0 <= v < 9 and 0 <= u < 7]
            assert bool(edges[y, x]) == any(instances[0, v, u] != instances[0, y, x] for v, u in inside)


def test_label_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"0 \.\.\. 34"):
        encode_labels(torch.tensor([[[35]]]), torch.tensor([[[0]]]))
