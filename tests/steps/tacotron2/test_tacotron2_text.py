"""Text front end: nothing is dropped or guessed, every part fits the net."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.artifacts import Token
from newsreel.errors import BadInput
from steps.init_story.script import script_of
from steps.tacotron2 import text_frontend
from steps.tacotron2.decoder import BUFFER_SYMBOLS
from steps.tacotron2.text_frontend import (
    MAX_PART_FRAMES,
    SYMBOL_IDS,
    SYMBOLS,
    Word,
    estimate_frames,
    split_sentence,
    text_to_sequence,
    words_to_read,
)

SAID = st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=14)
SENTENCES = st.lists(st.builds(Word, SAID, st.sampled_from(["", "", "", ",", ";", ":", "-"])), min_size=1)


def text_of(narration):
    return [" ".join(word.text for word in words_to_read(tokens)) for tokens in script_of(narration).sentences]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(text_frontend).attempted == 3
    assert doctest.testmod(text_frontend).failed == 0


def test_symbol_ids_are_those_of_the_published_weights():
    assert len(SYMBOLS) == len(SYMBOL_IDS) == 148
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
    assert {symbol: SYMBOL_IDS[symbol] for symbol in places} == places


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
def test_a_sentence_becomes_lower_case_words_with_punctuation(narration, read):
    assert text_of(narration) == read


def test_a_given_pronunciation_takes_precedence():
    token = Token(shown="Harwick,", spoken=("harwick",), phones=("HH", "AE1", "R", "IH0", "K"))
    text = " ".join(word.text for word in words_to_read((token, Token(shown="too", spoken=("too",)))))
    assert text == "{HH AE1 R IH0 K}, too."
    assert [SYMBOLS[number] for number in text_to_sequence(text)] == [
        "@HH",
        "@AE1",
        "@R",
        "@IH0",
        "@K",
        ",",
        " ",
        "t",
        "o",
        "o",
        ".",
    ]


@pytest.mark.parametrize(
    ("text", "named"), [("caf\u00e9", r"'\\xe9'"), ("50%", "'0', '5'"), ("a_b", "'_'"), ("{HH QQ1}", "'QQ1'"), ("{AH0", "'{'")]
)
def test_characters_without_a_symbol_are_named(text, named):
    with pytest.raises(BadInput) as fault:
        text_to_sequence(text)
    assert named.replace(r"\\", "\\") in str(fault.value)


@given(st.lists(st.builds(Token, shown=st.text(), spoken=st.tuples(st.text(max_size=20)))))
def test_any_script_becomes_symbols_or_is_refused(tokens):
    try:
        parts = split_sentence(words_to_read(tuple(tokens)))
        numbers = [part.symbol_ids for part in parts]
    except BadInput as fault:
        assert "\n" not in str(fault)
        return
    assert all(numbers)


@given(SENTENCES, st.integers(120, 900))
def test_parts_are_within_the_limit_and_lose_no_word(words, longest):
    parts = split_sentence(words, longest)
    assert all(estimate_frames(part.text) <= longest for part in parts)
    said = " ".join(part.text for part in parts).replace(" --", "")
    assert [word.strip(",;:.") for word in said.split()] == [word.spoken for word in words]
    assert all(len(part.symbol_ids) <= BUFFER_SYMBOLS for part in parts)


def test_a_sentence_is_split_at_clauses_before_words():
    clause = [*[Word("clause")] * 7, Word("so", ",")]
    parts = split_sentence([*clause, *clause, *clause, *clause, Word("end", ".")])
    assert len(parts) > 1
    assert all(part.text.endswith(("so,", "end.")) for part in parts)


def test_a_part_split_between_words_ends_with_a_comma():
    parts = split_sentence([Word("word")] * 60 + [Word("end", ".")])
    assert len(parts) == 3 or len(parts) == 4
    assert {(part.text[-1], part.mark) for part in parts[:-1]} == {(",", "")}
    assert parts[-1].mark == "."


def test_a_word_too_long_for_a_part_is_refused():
    with pytest.raises(BadInput, match="too long"):
        split_sentence([Word("a" * int(MAX_PART_FRAMES))])
    with pytest.raises(BadInput, match="no words"):
        split_sentence([])
