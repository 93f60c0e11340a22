"""The arithmetic of the pronunciation measure, and that the words it measures on are what it says."""

from newsreel.story.pronunciation import cmu_dictionary
from tests.bench.pronunciation import Errors, added_words, distance, errors_of


def test_phone_errors_are_the_edit_distance():
    assert distance("K AE T".split(), "K AE T".split()) == 0  # noqa: SIM905
    assert distance(["K", "T"], ["K", "AE", "T"]) == 1
    assert distance(["K", "AE", "T", "S"], ["K", "AE", "T"]) == 1
    assert distance(["G", "AE", "D"], ["K", "AE", "T"]) == 2
    assert distance([], ["K", "AE", "T"]) == 3


def test_nearest_pronunciation_counts():
    right = {"read": [["R", "IY1", "D"], ["R", "EH1", "D"]], "a": [["AH0"]]}
    said = {"read": ["R", "EH0", "D"], "a": ["EY1"]}
    assert errors_of(["read", "a"], said.__getitem__, right, stress=False) == Errors(2, 1, 4, 1)
    assert errors_of(["read", "a"], said.__getitem__, right, stress=True) == Errors(2, 2, 4, 2)


def test_measured_words_are_in_the_dictionary_once():
    words = added_words()
    assert len(words) == len(set(words)) > 1500
    assert not set(words) - cmu_dictionary().keys()
