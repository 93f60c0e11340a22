"""Times for every word, found or not, and parsing of both gentles' answers."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import Script, Token
from newsreel.errors import BadInput, Unavailable
from steps.g2p.gru import load_g2p
from steps.g2p.pronouncer import Pronouncer
from steps.gentle.alignment import FoundWord, build_speech, read_alignment
from steps.gentle.step import read_pronounced


@pytest.fixture(scope="module")
def pronounce():
    return Pronouncer(load_g2p())


def timed(narration, found, duration, pronounce):
    return build_speech(narration, found, duration, pronounce.pronounce_script(narration))


def script(*tokens):
    return Script(sentences=(tuple(Token(shown=shown, spoken=tuple(spoken.split())) for shown, spoken in tokens),))


def found_word(start, end, phones="aa"):
    names = phones.upper().split()
    return FoundWord(start=start, end=end, phones=tuple((name, (end - start) / len(names)) for name in names))


def test_a_given_pronunciation_replaces_the_aligners_phones(pronounce):
    token = Token(shown="Harwick", spoken=("harwick",), phones=("HH", "AE1", "R", "IH0", "K"))
    narration = Script(sentences=((token, Token(shown="won", spoken=("won",))),))
    words = timed(narration, {0: found_word(0.3, 0.8, "hh aa r w ih k"), 8: found_word(0.8, 1.1, "w ah n")}, 2.0, pronounce).words
    assert " ".join(phone.phone for phone in words[0].phones) == "HH AE R IH K"
    assert (words[0].phones[0].start, words[0].phones[-1].end) == (0.3, 0.8)
    assert words[0].phones[0].end == words[0].phones[1].start


def test_a_given_pronunciation_spans_all_words_of_its_token(pronounce):
    token = Token(shown="M25", spoken=("m", "twenty", "five"), phones=("EH1", "M"))
    narration = Script(sentences=((token, Token(shown="shut", spoken=("shut",))),))
    found = {0: found_word(0.3, 0.5), 9: found_word(0.9, 1.2), 14: found_word(1.4, 1.6, "sh ah t")}
    words = timed(narration, found, 2.0, pronounce).words
    assert [phone.phone for phone in words[0].phones] == ["EH", "M"]
    assert (words[0].start, words[0].end, words[1].start) == (0.3, 1.2, 1.4)
    not_found = timed(narration, {14: found_word(1.4, 1.6, "sh ah t")}, 2.0, pronounce).words
    assert 0 <= not_found[0].start < not_found[0].end <= 1.4


def test_a_token_of_several_words_has_all_their_phones(pronounce):
    narration = script(("\u00a35m", "five million pounds"), ("went", "went"))
    found = {
        0: found_word(0.3, 0.5, "f ay v"),
        5: found_word(0.5, 0.9, "m ih l y ah n"),
        13: found_word(1.0, 1.3, "p aw n d z"),
        20: found_word(1.3, 1.5),
    }
    word = timed(narration, found, 2.0, pronounce).words[0]
    assert (word.start, word.end) == (0.3, 1.3)
    assert " ".join(phone.phone for phone in word.phones) == "F AY V M IH L Y AH N P AW N D Z"
    assert word.phones[9].start == 1.0


def test_an_unknown_word_gets_longer_vowels_in_its_own_time(pronounce):
    word = timed(script(("Brexit", "brexit")), {0: found_word(1.0, 1.6, "oov")}, 2.0, pronounce).words[0]
    assert " ".join(phone.phone for phone in word.phones) == "B R EH K S IH T"
    assert (word.phones[0].start, word.phones[-1].end) == (1.0, 1.6)
    lengths = {phone.phone: phone.end - phone.start for phone in word.phones}
    assert lengths["EH"] > 1.3 * lengths["K"]


def test_a_word_that_was_not_found_lies_between_neighbours(pronounce):
    narration = script(("one", "one"), ("two", "two"), ("three", "three"))
    words = timed(narration, {0: found_word(0.3, 0.6), 8: found_word(1.6, 2.0)}, 2.5, pronounce).words
    assert 0.6 <= words[1].start < words[1].end <= 1.6
    assert [phone.phone for phone in words[1].phones] == ["T", "UW"]


def test_a_lone_dash_has_no_duration(pronounce):
    words = timed(
        script(("one", "one"), ("\u2014", ""), ("two", "two")), {0: found_word(0.3, 0.6), 4: found_word(0.9, 1.2)}, 2.0, pronounce
    ).words
    assert [word.shown for word in words] == ["one", "\u2014", "two"]
    assert words[1].start == words[1].end == 0.6
    assert words[1].phones == ()


TIMES = st.floats(0, 12, allow_nan=False)
SPOKEN = st.sampled_from(["one", "twenty four", "", "zorb"])
CASES = st.lists(st.tuples(SPOKEN, st.none() | st.tuples(TIMES, TIMES)), min_size=1, max_size=12)


@given(CASES)
@settings(max_examples=150)
def test_times_are_monotone_and_inside_the_scene(pronounce, case):
    narration = script(*((f"token{number}", spoken) for number, (spoken, _) in enumerate(case)))
    found, place = {}, 0
    for spoken, times in case:
        for word in spoken.split():
            if times:
                found[place] = FoundWord(start=times[0], end=times[1], phones=(("AA", 0.1), ("B", 0.0)))
            place += len(word) + 1
    speech = timed(narration, found, 10.0, pronounce)
    assert [word.shown for word in speech.words] == [token.shown for token in narration.sentences[0]]
    last = 0.0
    for word in speech.words:
        assert last <= word.start <= word.end <= 10.0
        for phone in word.phones:
            assert last <= phone.start <= phone.end <= word.end + 1e-9
            last = phone.end
        last = word.end


def test_both_gentles_answers_are_parsed_others_refused():
    answer = {
        "transcript": "hello there",
        "words": [
            {"case": "success", "word": "hello", "alignedWord": "hello", "start": 0.31, "end": 0.6, "startOffset": 0,
             "endOffset": 5, "phones": [{"phone": "hh_B", "duration": 0.1}, {"phone": "ow_E", "duration": 0.19}]},
            {"case": "not-found-in-transcript", "word": "uh", "start": 0.7, "end": 0.8, "phones": []},
            {"case": "not-found-in-audio", "word": "there", "startOffset": 6, "endOffset": 11},
        ],
    }  # fmt: skip
    found = read_alignment(json.dumps(answer).encode(), "gentle").found()
    assert found == {0: FoundWord(start=0.31, end=0.6, phones=(("HH", 0.1), ("OW", 0.19)))}
    assert read_alignment(b'{"transcript": "..."}', "gentle").found() == {}
    for damaged in (b"{", b"[]", b'{"words": [{"case": 1}]}', b'{"words": [{"case": "success", "word": "a", "start": -1}]}'):
        with pytest.raises(Unavailable, match="no alignment"):
            read_alignment(damaged, "gentle")


@pytest.mark.parametrize("damaged", ['{"words": [["AH"]]}', '{"words": [["AH"], []]}', "{", "[]"])
def test_pronunciations_of_other_words_are_refused(tmp_path, damaged):
    (tmp_path / "00.json").write_text('{"words": [["AH"], ["B"]]}')
    assert read_pronounced(tmp_path / "00.json", words=2).words == (("AH",), ("B",))
    (tmp_path / "00.json").write_text(damaged)
    with pytest.raises(BadInput, match=r"00\.json: .*; run g2p again"):
        read_pronounced(tmp_path / "00.json", words=2)
