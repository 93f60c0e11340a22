"""Phones for words nobody wrote down, and times for words nobody heard."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.errors import BadInput, BadWeights
from steps.g2p.alignment import FoundWord, found_words
from steps.arpabet import PHONES
from steps.g2p.gru import load_g2p, shipped_weights
from steps.g2p.pronounce import Pronouncer
from steps.g2p.timing import speech_of
from steps.handover import Script, Token

PUBLISHED = {
    "activationist": "AE2 K T IH0 V EY1 SH AH0 N IH0 S T",
    "brexit": "B R EH1 K S IH0 T",
    "zelenskyi": "Z IH0 L EH1 N S K IY0",
    "volodymyr": "V AA2 L OW0 D IY0 M IH1 R IY0",
    "pumilio": "P UW0 M IH1 L IY0 OW0",
    "newsreel": "N UW1 Z R IY2 L",
    "instagram": "IH0 N S T EH1 G R AE2 M",
    "doomscrolling": "D UW1 M S K R OW2 L M IH0 NG",
    "llanfair": "L AE1 N F EH2 R",
    "hogmanay": "HH AO1 G M AH0 N IY0",
    "fjord": "F Y AO1 R D",
    "gnocchi": "N OW1 CH IY0",
}
"""What g2p-en 2.1.0 itself says."""


@pytest.fixture(scope="module")
def pronounce():
    return Pronouncer(load_g2p())


@pytest.mark.parametrize(("word", "phones"), PUBLISHED.items())
def test_the_network_says_what_g2p_en_says(pronounce, word, phones):
    assert pronounce.guess([word]) == [phones.split()]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("hello", "HH AH L OW"),
        ("nato", "N EY T OW"),
        ("n", "EH N"),
        ("p's", "P IY Z"),
        ("zelenskyi's", "Z IH L EH N S K IY Z"),
        ("brexit's", "B R EH K S IH T S"),
        ("rock'n'roll", "R AA K AH N R OW L"),
    ],
)
def test_the_dictionary_comes_first_and_genitives_follow_their_word(pronounce, word, phones):
    assert " ".join(pronounce(word)) == phones


@given(st.from_regex(r"[a-z]+('[a-z]+)*", fullmatch=True).filter(lambda word: len(word) < 30))
@settings(max_examples=50, deadline=None)
def test_every_word_has_phones_of_arpabet(pronounce, word):
    phones = pronounce(word)
    assert phones
    assert set(phones) <= set(PHONES)


def test_damaged_or_foreign_weights_are_refused_by_name(tmp_path):
    whole = shipped_weights().read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadWeights, match=r"cut\.npz"):
        load_g2p(cut)
    with np.load(shipped_weights()) as file:
        arrays = dict(file.items())
    np.savez(tmp_path / "shape.npz", **{**arrays, "fc_w": arrays["fc_w"][:, :5]})
    with pytest.raises(BadWeights, match="fc_w"):
        load_g2p(tmp_path / "shape.npz")
    np.savez(tmp_path / "pickle.npz", fc_w=np.array([print], dtype=object))
    with pytest.raises(BadWeights):
        load_g2p(tmp_path / "pickle.npz")


def script(*tokens):
    return Script(sentences=(tuple(Token(shown=shown, spoken=tuple(spoken.split())) for shown, spoken in tokens),))


def heard(start, end, phones="aa"):
    names = phones.upper().split()
    return FoundWord(start=start, end=end, phones=tuple((name, (end - start) / len(names)) for name in names))


def test_a_token_of_several_words_is_one_word_with_all_their_phones(pronounce):
    said = script(("\u00a35m", "five million pounds"), ("went", "went"))
    found = {
        0: heard(0.3, 0.5, "f ay v"),
        5: heard(0.5, 0.9, "m ih l y ah n"),
        13: heard(1.0, 1.3, "p aw n d z"),
        20: heard(1.3, 1.5),
    }
    word = speech_of(said, found, 2.0, pronounce).words[0]
    assert (word.start, word.end) == (0.3, 1.3)
    assert " ".join(phone.phone for phone in word.phones) == "F AY V M IH L Y AH N P AW N D Z"
    assert word.phones[9].start == 1.0


def test_an_unknown_word_gets_its_phones_over_its_own_time_vowels_longer(pronounce):
    word = speech_of(script(("Brexit", "brexit")), {0: heard(1.0, 1.6, "oov")}, 2.0, pronounce).words[0]
    assert " ".join(phone.phone for phone in word.phones) == "B R EH K S IH T"
    assert (word.phones[0].start, word.phones[-1].end) == (1.0, 1.6)
    lengths = {phone.phone: phone.end - phone.start for phone in word.phones}
    assert lengths["EH"] > 1.3 * lengths["K"]


def test_a_word_that_was_not_heard_lies_between_its_neighbours(pronounce):
    said = script(("one", "one"), ("two", "two"), ("three", "three"))
    words = speech_of(said, {0: heard(0.3, 0.6), 8: heard(1.6, 2.0)}, 2.5, pronounce).words
    assert 0.6 <= words[1].start < words[1].end <= 1.6
    assert [phone.phone for phone in words[1].phones] == ["T", "UW"]


def test_a_lone_dash_keeps_its_place_without_time(pronounce):
    words = speech_of(
        script(("one", "one"), ("\u2014", ""), ("two", "two")), {0: heard(0.3, 0.6), 4: heard(0.9, 1.2)}, 2.0, pronounce
    ).words
    assert [word.shown for word in words] == ["one", "\u2014", "two"]
    assert words[1].start == words[1].end == 0.6
    assert words[1].phones == ()


TIMES = st.floats(0, 12, allow_nan=False)
SPOKEN = st.sampled_from(["one", "twenty four", "", "zorb"])
CASES = st.lists(st.tuples(SPOKEN, st.none() | st.tuples(TIMES, TIMES)), min_size=1, max_size=12)


@given(CASES)
@settings(max_examples=150, deadline=None)
def test_times_never_run_back_nor_leave_the_scene_whatever_gentle_says(pronounce, case):
    said = script(*((f"token{number}", spoken) for number, (spoken, _) in enumerate(case)))
    found, place = {}, 0
    for spoken, times in case:
        for word in spoken.split():
            if times:
                found[place] = FoundWord(start=times[0], end=times[1], phones=(("AA", 0.1), ("B", 0.0)))
            place += len(word) + 1
    speech = speech_of(said, found, 10.0, pronounce)
    assert [word.shown for word in speech.words] == [token.shown for token in said.sentences[0]]
    last = 0.0
    for word in speech.words:
        assert last <= word.start <= word.end <= 10.0
        for phone in word.phones:
            assert last <= phone.start <= phone.end <= word.end + 1e-9
            last = phone.end
        last = word.end


def test_both_gentles_answers_are_read_and_anything_else_refused():
    answer = {
        "transcript": "hello there",
        "words": [
            {"case": "success", "word": "hello", "alignedWord": "hello", "start": 0.31, "end": 0.6, "startOffset": 0,
             "endOffset": 5, "phones": [{"phone": "hh_B", "duration": 0.1}, {"phone": "ow_E", "duration": 0.19}]},
            {"case": "not-found-in-transcript", "word": "uh", "start": 0.7, "end": 0.8, "phones": []},
            {"case": "not-found-in-audio", "word": "there", "startOffset": 6, "endOffset": 11},
        ],
    }  # fmt: skip
    found = found_words(json.dumps(answer).encode(), "words/00.json")
    assert found == {0: FoundWord(start=0.31, end=0.6, phones=(("HH", 0.1), ("OW", 0.19)))}
    assert found_words(b'{"transcript": "..."}', "words/00.json") == {}
    for damaged in (b"{", b"[]", b'{"words": [{"case": 1}]}', b'{"words": [{"case": "success", "start": -1}]}'):
        with pytest.raises(BadInput, match=r"words/00\.json"):
            found_words(damaged, "words/00.json")
