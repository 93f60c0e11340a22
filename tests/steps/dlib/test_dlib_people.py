"""Which of several faces is the presenter's."""

import numpy as np
import pytest

from newsreel.errors import BadWeights
from steps.dlib.people import PersonTrack, Span, find_presenter_track
from steps.dlib.predictor import Box

SIZE = 480


def somebody(side, frames, x=240.0, y=240.0):
    face = np.array([x, y]) + np.random.default_rng(1).uniform(-side / 2, side / 2, (68, 2))
    return PersonTrack(Box(x, y, side), np.zeros(0), dict.fromkeys(frames, face), [float(side)] * len(frames))


def test_presenter_is_the_one_present_throughout():
    presenter, passing = somebody(120, range(100)), somebody(200, range(40, 60), x=420.0)
    appearances, others = find_presenter_track([passing, presenter], SIZE)
    assert appearances == [presenter]
    assert others == [Span(40, 59)]


def test_small_portrait_on_the_wall_is_no_rival():
    presenter, portrait = somebody(120, range(100)), somebody(60, range(100), x=60.0)
    assert find_presenter_track([portrait, presenter], SIZE) == ([presenter], [Span(0, 99)])


@pytest.mark.parametrize("other", [somebody(100, range(100), x=100.0), somebody(160, range(30, 90), x=40.0)])
def test_second_face_of_the_same_size_is_refused(other):
    with pytest.raises(BadWeights, match=r"2 faces of nearly the same size, together at .* s; crop it to the presenter"):
        find_presenter_track([somebody(120, range(100)), other], SIZE)


def test_presenter_is_found_again_after_a_cut():
    first, second, extra = somebody(120, range(50)), somebody(90, range(50, 80), x=100.0), somebody(20, range(60, 80))
    assert find_presenter_track([extra, second, first], SIZE) == ([first, second], [Span(60, 79)])


def test_false_detections_are_dropped():
    presenter = somebody(120, range(100))
    assert find_presenter_track([somebody(130, range(3)), presenter], SIZE) == ([presenter], [])


def test_footage_without_people_is_refused():
    with pytest.raises(BadWeights, match="no face in any frame"):
        find_presenter_track([], SIZE)
