"""From script to symbols: nothing is dropped, nothing is guessed, every part can be spoken in one go."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.artifacts import Token
from newsreel.errors import BadInput
from steps.init_story.spoken import script_of
from steps.tacotron2 import reading, symbols
from steps.tacotron2.decoder import WIDTH
from steps.tacotron2.reading import Word, words_of
from steps.tacotron2.splitting import LONGEST, frames_expected, parts_of
from steps.tacotron2.symbols import NUMBER, SYMBOLS, numbers_of

SAID = st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=14)
SENTENCES = st.lists(st.builds(Word, SAID, st.sampled_from(["", "", "", ",", ";", ":", "-"])), min_size=1)


def text_of(narration):
    return [" ".join(word.text for word in words_of(tokens)) for tokens in script_of(narration).sentences]


def test_the_examples_in_the_docstrings_hold():
    for module in (reading, symbols):
        assert doctest.testmod(module).failed == 0


def test_the_symbols_stand_where_the_published_weights_have_them():
    assert len(SYMBOLS) == len(NUMBER) == 148
    places = {
        "_": 0,
        "-": 1,
        "!": 2,
        "'": 3,
        "?": 10,
        " ": 11,
        "A": 12,
        "a": 38,
        "z": 63,
        "@AA": 64,
        "@AA0": 65,
        "@B": 88,
        "@ZH": 147,
    }
    assert {symbol: NUMBER[symbol] for symbol in places} == places


@pytest.mark.parametrize(
    ("narration", "read"),
    [
        ("The library opens on Sundays.", ["the library opens on sundays."]),
        ("Dr. Smith won \u00a31,200, he said!", ["doctor smith won one thousand two hundred pounds, he said!"]),
        ("Is it 3.5%? Yes: it is; or was.", ["is it three point five percent?", "yes: it is; or was."]),
        ("She said \u201cno\u201d \u2013 twice", ["she said no -- twice."]),
        ("The BBC has a plan\u2026 and I", ["the bee bee see has a plan, and i."]),
        ("(It rains.)", ["it rains."]),
        ("\u201cReally?\u201d", ["really?"]),
    ],
)
def test_a_sentence_is_read_in_lower_case_words_with_the_marks_of_its_melody(narration, read):
    assert text_of(narration) == read


def test_the_newsrooms_own_pronunciation_wins():
    token = Token(shown="Harwick,", spoken=("harwick",), phones=("HH", "AE1", "R", "IH0", "K"))
    text = " ".join(word.text for word in words_of((token, Token(shown="too", spoken=("too",)))))
    assert text == "{HH AE1 R IH0 K}, too."
    assert [SYMBOLS[number] for number in numbers_of(text)] == ["@HH", "@AE1", "@R", "@IH0", "@K", ",", " ", "t", "o", "o", "."]


@pytest.mark.parametrize(
    ("text", "named"), [("caf\u00e9", r"'\\xe9'"), ("50%", "'0', '5'"), ("a_b", "'_'"), ("{HH QQ1}", "'QQ1'"), ("{AH0", "'{'")]
)
def test_what_has_no_symbol_is_named(text, named):
    with pytest.raises(BadInput) as fault:
        numbers_of(text)
    assert named.replace(r"\\", "\\") in str(fault.value)


@given(st.lists(st.builds(Token, shown=st.text(), spoken=st.tuples(st.text(max_size=20)))))
def test_any_script_becomes_symbols_or_is_refused_with_a_reason(tokens):
    try:
        parts = parts_of(words_of(tuple(tokens)))
        numbers = [part.numbers for part in parts]
    except BadInput as fault:
        assert "\n" not in str(fault)
        return
    assert all(numbers)


@given(SENTENCES, st.integers(120, 900))
def test_every_part_is_within_the_limit_and_no_word_is_lost(words, longest):
    parts = parts_of(words, longest)
    assert all(frames_expected(part.text) <= longest for part in parts)
    said = " ".join(part.text for part in parts).replace(" --", "")
    assert [word.strip(",;:.") for word in said.split()] == [word.said for word in words]
    assert all(len(part.numbers) <= WIDTH for part in parts)


def test_a_long_sentence_is_split_at_its_clauses_before_its_words():
    clause = [*[Word("clause")] * 7, Word("so", ",")]
    parts = parts_of([*clause, *clause, *clause, *clause, Word("end", ".")])
    assert len(parts) > 1
    assert all(part.text.endswith(("so,", "end.")) for part in parts)


def test_where_there_is_no_mark_a_part_ends_as_at_a_comma_and_no_pause_is_deserved():
    parts = parts_of([Word("word")] * 60 + [Word("end", ".")])
    assert len(parts) == 3 or len(parts) == 4
    assert {(part.text[-1], part.mark) for part in parts[:-1]} == {(",", "")}
    assert parts[-1].mark == "."


def test_a_word_too_long_to_be_spoken_is_refused():
    with pytest.raises(BadInput, match="too long"):
        parts_of([Word("a" * int(LONGEST))])
    with pytest.raises(BadInput, match="no words"):
        parts_of([])
