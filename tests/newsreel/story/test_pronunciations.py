"""A newsroom's pronunciations: strict, found whatever the case and punctuation, refused with their line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.brands import brand_pronunciations
from newsreel.errors import BadInput
from newsreel.story.pronunciation import PHONES, VOWELS, Lexicon, add_genitive, parse_phones, split_pronunciations
from newsreel.story.source import read_story, story_json_schema

STORY = """\
id: library
revision: 1
title: The library
presenter: maya
voice: heart
pronunciations:
  Harwick: {harwick}
  {word}: B AA1
scenes:
  - narration: {narration}
    headline: Open
    picture: {{file: a.png, credit: c, alt: a}}
"""


def story(harwick="hh ae1  r ih0 k", word="Calder", narration="It is open."):
    return STORY.format(harwick=harwick, word=word, narration=narration)


def faults(text):
    with pytest.raises(BadInput) as refused:
        read_story(text.encode(), "s.yaml")
    return str(refused.value)


def test_a_storys_pronunciations_are_read_and_made_uniform():
    assert read_story(story().encode(), "s").pronunciations == {"Harwick": "HH AE1 R IH0 K", "Calder": "B AA1"}
    assert "pronunciations" in story_json_schema()["properties"]


def test_a_story_without_any_keeps_its_digest():
    plain = read_story(story().replace("pronunciations:\n  Harwick: hh ae1  r ih0 k\n  Calder: B AA1\n", "").encode(), "s")
    assert "pronunciations" not in plain.model_dump()
    assert "pronunciations" not in plain.model_dump_json()


@pytest.mark.parametrize(
    ("harwick", "expected"),
    [
        ("HH AE R", "AE: a vowel has its stress, so write AE1"),
        ("HH1 AE1", "HH1: only a vowel has a stress, so write HH"),
        ("HH AE3", "AE3: a vowel has its stress"),
        ("X AE1", "'X' is no phone; the phones are AA AE"),
        ("K S T", "has no vowel"),
        ("''", "is empty; write phones of ARPAbet"),
        ("AE1 " * 41, "must be at most 40 phones, has 41"),
        ("[AE1]", "must be text, not a list"),
    ],
)
def test_wrong_phones_are_refused_with_their_line(harwick, expected):
    assert f"s.yaml:7: pronunciations.Harwick: {expected}" in faults(story(harwick=harwick))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Ines Calder", "8: pronunciations.Ines Calder: is not one word"),
        ("'12'", "8: pronunciations.12: is not one word"),
        ("Calder's", "8: pronunciations.Calder's: write the word without its 's"),
        ("HARWICK", "6: pronunciations: Harwick and HARWICK are the same word"),
    ],
)
def test_a_word_that_never_matches_is_refused(word, expected):
    assert expected in faults(story(word=word))


@pytest.mark.parametrize(
    ("narration", "expected"),
    [
        ("'{AE1} is bare'", "'{AE1}' must stand directly behind its word, such as Harwick{HH AE1 R IH0 K}"),
        ("a {AE1} blank", "must stand directly behind its word"),
        ("dot.{AE1}", "must stand directly behind its word"),
        ("in{AE1}side", "must end its word"),
        ("two{AE1}{AE1}", "must end its word"),
        ("ex{AE1}-wife", "must end its word"),
        ("left{AE1", "'{' has no partner"),
        ("right AE1}", "'}' has no partner"),
        ("none{}", "is empty; write phones"),
        ("wrong{QQ}", "'QQ' is no phone"),
        ("nested{{AE1}}", "has no partner"),
    ],
)
def test_a_pronunciation_without_a_word_is_refused(narration, expected):
    line = faults(story(narration=f'"{narration}"' if narration[0] != "'" else narration))
    assert line.startswith("s.yaml:10: scenes[0].narration: ")
    assert expected in line


WORDS = st.sampled_from(["Harwick", "it's", "M25", "d\u00e9j\u00e0"])
GIVEN = st.lists(st.sampled_from(["AE1", "B", "OW0"]), min_size=1, max_size=5).map(lambda phones: (*phones, "IY1"))
MARKS = st.sampled_from(["", ",", ".", "!\u201d", ")"])


@given(st.lists(st.tuples(WORDS, st.none() | GIVEN, MARKS), min_size=1, max_size=8))
def test_pronunciations_are_split_from_the_narration(tokens):
    written = " ".join(word + (f"{{{' '.join(phones)}}}" if phones else "") + mark for word, phones, mark in tokens)
    plain, found = split_pronunciations(written)
    assert plain == " ".join(word + mark for word, _, mark in tokens)
    assert found == {place: phones for place, (_, phones, _) in enumerate(tokens) if phones}


@given(st.text(max_size=60))
def test_any_text_is_accepted_or_refused_in_one_line(text):
    try:
        plain, _ = split_pronunciations(text)
    except ValueError as fault:
        assert "\n" not in str(fault)
    else:
        assert not {"{", "}"} & set(plain)


@pytest.mark.parametrize(("phones", "ending"), [("B AO1 S", "IH0 Z"), ("K AE1 T", "S"), ("D AO1 G", "Z"), ("HH AE1 R IY0", "Z")])
def test_a_genitive_ends_as_in_english(phones, ending):
    assert add_genitive(phones.split()) == (*phones.split(), *ending.split())


def test_every_arpabet_phone_is_accepted():
    for phone in PHONES:
        assert parse_phones(f"{phone}1" if phone in VOWELS else f"{phone} AH0")


def test_a_storys_pronunciation_overrides_the_brands():
    brand = brand_pronunciations("newsreel")
    assert Lexicon.of(brand).phones_for("Newsreel,") == ("N", "UW1", "Z", "R", "IY2", "L")
    assert Lexicon.of(brand, {"NEWSREEL": "B AA1"}).phones_for("newsreel") == ("B", "AA1")
