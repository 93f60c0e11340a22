"""Pronunciations of words, in the dictionary or not."""

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
"""Kind of word, word, phonemes: the output of g2p-en 2.1.0."""


@pytest.fixture(scope="module")
def pronounce():
    return Pronouncer(load_g2p())


def test_the_network_equals_g2p_en_on_500_words(pronounce):
    assert len(PUBLISHED) == 500
    assert {kind for kind, _, _ in PUBLISHED} == {"common", "rare", "name", "made-up", "edge"}
    phones_by_word = pronounce.network([word for _, word, _ in PUBLISHED])
    assert [" ".join(phones) for phones in phones_by_word] == [phones for _, _, phones in PUBLISHED]


def test_a_word_is_the_same_alone_and_in_a_batch(pronounce):
    words = [word for _, word, _ in PUBLISHED[::25]]
    assert [pronounce.network([word])[0] for word in words] == pronounce.network(words)
    assert pronounce.network([]) == []


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
def test_words_and_their_genitives_are_pronounced(pronounce, word, phones):
    assert " ".join(pronounce(word)) == phones


def test_every_source_is_tried_before_the_network():
    written = {"boss": "B AO1 S", "doom": "D UW1 M", "plan": "P L AE1 N", "lobby": "L AA1 B IY0", "scroll": "S K R OW1 L"}
    known = {word: tuple(phones.split()) for word, phones in {**written, "b.": "B IY1", "c.": "S IY1"}.items()}
    network_calls = []
    pronounce = Pronouncer(lambda words: [network_calls.append(word) or ["AH0"] for word in words], known)
    sources = {
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
    for word, (source, phones) in sources.items():
        assert pronounce.pronounce(word) == (source, tuple(phones.split()))
    assert not network_calls
    assert pronounce.pronounce("zorb's") == ("network", ("AH0", "Z"))
    assert network_calls == ["zorb"]


@given(st.from_regex(r"[a-z]+('[a-z]+)*", fullmatch=True).filter(lambda word: len(word) < 30))
@settings(max_examples=50)
def test_every_word_has_arpabet_phones(pronounce, word):
    phones = pronounce(word)
    assert phones
    assert set(phones) <= set(PHONES)


def test_damaged_or_other_weights_are_refused_by_name(tmp_path):
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


def test_every_word_of_a_scene_is_pronounced(pronounce):
    tokens = [Token(shown="A", spoken=("a",)), Token(shown="\u2014", spoken=()), Token(shown="A&E", spoken=("a", "and", "e"))]
    phones_by_word = pronounce.pronounce_script(Script(sentences=(tuple(tokens[:2]), tuple(tokens[2:]))))
    assert [" ".join(phones) for phones in phones_by_word.words] == ["AH", "EY", "AH N D", "IY"]
