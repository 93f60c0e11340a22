"""Phones for words nobody wrote down, and times for words nobody heard."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.arpabet import PHONES
from steps.errors import BadInput, BadWeights
from steps.g2p.alignment import FoundWord, found_words
from steps.g2p.gru import load_g2p, shipped_weights
from steps.g2p.pronounce import Pronouncer
from steps.g2p.timing import speech_of
from steps.handover import Script, Token

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


def test_a_letter_among_letters_is_no_article(pronounce):
    words = speech_of(script(("A&E", "a and e"), ("a", "a")), {}, 3.0, pronounce).words
    assert words[0].phones[0].phone == "EY"
    assert [phone.phone for phone in words[1].phones] == ["AH"]


def test_the_newsrooms_phones_win_over_the_aligners_and_take_the_words_whole_time(pronounce):
    token = Token(shown="Harwick", spoken=("harwick",), phones=("HH", "AE1", "R", "IH0", "K"))
    said = Script(sentences=((token, Token(shown="won", spoken=("won",))),))
    words = speech_of(said, {0: heard(0.3, 0.8, "hh aa r w ih k"), 8: heard(0.8, 1.1, "w ah n")}, 2.0, pronounce).words
    assert " ".join(phone.phone for phone in words[0].phones) == "HH AE R IH K"
    assert (words[0].phones[0].start, words[0].phones[-1].end) == (0.3, 0.8)
    assert words[0].phones[0].end == words[0].phones[1].start


def test_the_newsrooms_phones_of_a_token_of_several_words_lie_over_all_of_them(pronounce):
    token = Token(shown="M25", spoken=("m", "twenty", "five"), phones=("EH1", "M"))
    said = Script(sentences=((token, Token(shown="shut", spoken=("shut",))),))
    found = {0: heard(0.3, 0.5), 9: heard(0.9, 1.2), 14: heard(1.4, 1.6, "sh ah t")}
    words = speech_of(said, found, 2.0, pronounce).words
    assert [phone.phone for phone in words[0].phones] == ["EH", "M"]
    assert (words[0].start, words[0].end, words[1].start) == (0.3, 1.2, 1.4)
    unheard = speech_of(said, {14: heard(1.4, 1.6, "sh ah t")}, 2.0, pronounce).words
    assert 0 <= unheard[0].start < unheard[0].end <= 1.4


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
