"""Phones for words nobody wrote down."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import Script, Token
from newsreel.errors import BadWeights
from newsreel.story.pronunciation import PHONES
from steps.g2p.gru import load_g2p, shipped_weights
from steps.g2p.pronouncer import Pronouncer

PUBLISHED = [
    line.split("\t")
    for line in Path(__file__).with_name("published_phonemes.tsv").read_text().splitlines()
    if not line.startswith("#")
]
"""Kind of word, word, phonemes: what g2p-en 2.1.0 itself says."""


@pytest.fixture(scope="module")
def pronounce():
    return Pronouncer(load_g2p())


def test_the_network_says_of_500_words_exactly_what_g2p_en_says(pronounce):
    assert len(PUBLISHED) == 500
    assert {kind for kind, _, _ in PUBLISHED} == {"common", "rare", "name", "made-up", "edge"}
    said = pronounce.guess([word for _, word, _ in PUBLISHED])
    assert [" ".join(phones) for phones in said] == [phones for _, _, phones in PUBLISHED]


def test_a_word_is_said_alone_as_in_company(pronounce):
    together = [word for _, word, _ in PUBLISHED[::25]]
    assert [pronounce.guess([word])[0] for word in together] == pronounce.guess(together)
    assert pronounce.guess([]) == []


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
        ("harwick's", "HH AA R W IH K S"),
        ("selfies", "S EH L F IY Z"),
        ("livestreamed", "L AY V S T R IY M D"),
        ("vlogging", "V L AA G IH NG"),
        ("doomscrolling", "D UW M S K R OW L IH NG"),
        ("z\u00fcrich", "Z UH R IH K"),
        ("fbg", "EH F B IY JH IY"),
    ],
)
def test_the_dictionary_comes_first_and_genitives_follow_their_word(pronounce, word, phones):
    assert " ".join(pronounce(word)) == phones


def test_each_way_to_a_words_phones_is_taken_before_the_network_is_asked():
    written = {"boss": "B AO1 S", "doom": "D UW1 M", "plan": "P L AE1 N", "lobby": "L AA1 B IY0", "scroll": "S K R OW1 L"}
    known = {word: tuple(phones.split()) for word, phones in {**written, "b.": "B IY1", "c.": "S IY1"}.items()}
    asked = []
    pronounce = Pronouncer(lambda words: [asked.append(word) or ["AH0"] for word in words], known)
    ways = {
        "boss": ("dictionary", "B AO1 S"),
        "boss's": ("genitive", "B AO1 S IH0 Z"),
        "bosses": ("plural", "B AO1 S IH0 Z"),
        "lobbies": ("plural", "L AA1 B IY0 Z"),
        "planned": ("past", "P L AE1 N D"),
        "lobbied": ("past", "L AA1 B IY0 D"),
        "planning": ("participle", "P L AE1 N IH0 NG"),
        "doomscroll": ("compound", "D UW1 M S K R OW2 L"),
        "bcb": ("letters", "B IY1 S IY1 B IY1"),
    }
    for word, (way, phones) in ways.items():
        assert pronounce.routed(word) == (way, tuple(phones.split()))
    assert not asked
    assert pronounce.routed("zorb's") == ("network", ("AH0", "Z"))
    assert asked == ["zorb"]


@given(st.from_regex(r"[a-z]+('[a-z]+)*", fullmatch=True).filter(lambda word: len(word) < 30))
@settings(max_examples=50)
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


def test_every_word_of_a_scene_is_said_and_a_letter_in_company_by_its_name(pronounce):
    tokens = [Token(shown="A", spoken=("a",)), Token(shown="\u2014", spoken=()), Token(shown="A&E", spoken=("a", "and", "e"))]
    said = pronounce.words_of(Script(sentences=(tuple(tokens[:2]), tuple(tokens[2:]))))
    assert [" ".join(phones) for phones in said.words] == ["AH", "EY", "AH N D", "IY"]
