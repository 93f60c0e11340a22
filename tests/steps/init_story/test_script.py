"""The spoken form of every kind of token in news text; nothing is dropped."""

import re
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon, split_pronunciations
from newsreel.story.schema import Scene
from newsreel.story.text import is_speakable
from steps.init_story.script import script_of

CONTRACT = TypeAdapter(Annotated[str, *Scene.model_fields["narration"].metadata])
SPEAKABLE = st.sampled_from([chr(code) for code in range(0x20, 0x2200) if is_speakable(chr(code))])
NARRATIONS = st.lists(st.text(SPEAKABLE, min_size=1, max_size=12), min_size=1, max_size=15).map(" ".join)
FRAGMENTS = st.sampled_from(
    [
        "\u00a31,200",
        "$3.2",
        "billion",
        "3.5%",
        "Dr.",
        "U.S.",
        "5",
        "March",
        "7:30pm",
        "\u2014",
        "MPs",
        "NATO",
        "it's",
        "1990s",
        "\u201cNo.\u201d",
        "10-15",
    ]
)
NEWS = st.lists(FRAGMENTS, min_size=1, max_size=12).map(" ".join)


def spoken_form(text):
    return " ".join(word for sentence in script_of(text).sentences for token in sentence for word in token.spoken)


@given(NARRATIONS | NEWS | st.text())
@settings(max_examples=400)
def test_shown_tokens_are_the_whole_narration(text):
    try:
        narration = CONTRACT.validate_python(text)
    except ValidationError:
        return
    script = script_of(narration)
    tokens = [token for sentence in script.sentences for token in sentence]
    assert " ".join(token.shown for token in tokens) == split_pronunciations(narration)[0]
    assert all(any(token.spoken for token in sentence) for sentence in script.sentences)
    for token in tokens:
        assert all(re.fullmatch(r"[a-z]+('[a-z]+)*", word) for word in token.spoken), token
        if any(character.isalnum() for character in token.shown):
            assert token.spoken, token


@pytest.mark.parametrize(
    ("shown", "spoken"),
    [
        ("\u00a31,200", "one thousand two hundred pounds"),
        ("won \u00a31,200, and 1,500.", "won one thousand two hundred pounds and one thousand five hundred"),
        ("1,2,3", "one two three"),
        ("$3.2 billion", "three point two billion dollars"),
        ("\u20ac5m", "five million euros"),
        ("\u00a32.50", "two pounds fifty"),
        ("$2.05", "two dollars and five cents"),
        ("\u00a30.50", "fifty pence"),
        ("\u00a31", "one pound"),
        ("\u00a35-\u00a310m", "five to ten million pounds"),
        ("$3-4 billion", "three to four billion dollars"),
        ("US$5bn", "five billion u s dollars"),
        ("50p", "fifty pence"),
        ("3.5%", "three point five percent"),
        ("10\u201315%", "ten to fifteen percent"),
        ("2\u00bd", "two and a half"),
        ("3/4", "three quarters"),
        ("24/7", "twenty four seven"),
        ("in 1905", "in nineteen oh five"),
        ("in 2024", "in twenty twenty four"),
        ("2,024 people", "two thousand and twenty four people"),
        ("the 1990s", "the nineteen nineties"),
        ("the \u201980s", "the eighties"),
        ("21st", "twenty first"),
        ("on 5 March 2024", "on the fifth of march twenty twenty four"),
        ("on March 5, 2024", "on march fifth twenty twenty four"),
        ("2024-03-05", "the fifth of march twenty twenty four"),
        ("10/12/2019", "ten twelve twenty nineteen"),
        ("7:30pm", "seven thirty p m"),
        ("7.30 p.m.", "seven thirty p m"),
        ("10am", "ten a m"),
        ("19:05", "nineteen oh five"),
        ("12:00", "twelve o'clock"),
        ("won 3:1", "won three to one"),
        ("007", "zero zero seven"),
        ("-5\u00b0C", "minus five degrees celsius"),
        ("5km", "five kilometres"),
        ("1 kg", "one kilogram"),
        ("60mph", "sixty miles per hour"),
        ("Dr. Smith", "doctor smith"),
        ("St. James", "saint james"),
        ("Downing St.", "downing street"),
        ("No. 10", "number ten"),
        ("e.g. tax", "for example tax"),
        ("the U.S. economy", "the u s economy"),
        ("NHS", "n h s"),
        ("NHS's", "n h s's"),
        ("NATO", "nato"),
        ("NEVER", "never"),
        ("MPs", "m p's"),
        ("AT&T", "a t and t"),
        ("R&D", "r and d"),
        ("COVID-19", "covid nineteen"),
        ("G7", "g seven"),
        ("World War II", "world war two"),
        ("Charles III", "charles the third"),
        ("bbc.co.uk", "bbc dot co dot u k"),
        ("info@example.com", "info at example dot com"),
        ("#1", "number one"),
        ("#MeToo", "hashtag me too"),
        ("and/or", "and or"),
        ("he/she", "he slash she"),
        ("salt & vinegar + ketchup", "salt and vinegar plus ketchup"),
        ("\u201cdon\u2019t\u201d", "don't"),
        ("Caf\u00e9 \u0141\u00f3d\u017a", "cafe lodz"),
        ("state-of-the-art", "state of the art"),
        ("word \u2014 word", "word word"),
    ],
)
def test_a_token_has_its_spoken_form(shown, spoken):
    assert spoken_form(shown) == spoken


@pytest.mark.parametrize(
    ("narration", "count"),
    [
        ("Dr. Smith spoke. Mr. Jones did not.", 2),
        ("It rose 3.5% in May. Then it fell.", 2),
        ("The U.S. economy grew. The U.S. President smiled.", 2),
        ("They met in the U.S. They left at 5 p.m. He slept.", 3),
        ("\u201cStop!\u201d she cried. \u201cNo.\u201d", 2),
        ("Is it so? Yes! It is\u2026 Really.", 4),
        ("J. K. Rowling and George R. R. Martin met.", 1),
        ("No. 10 said no. No. That was all.", 3),
        ("... One. \u2014 Two. ...", 2),
    ],
)
def test_a_narration_is_split_into_sentences(narration, count):
    assert len(script_of(narration).sentences) == count


HARWICK = "HH AE1 R IH0 K"
LEXICON = Lexicon.of({"harwick": "B AH1", "Calder": "K AO1 L D ER0"}, {"Harwick": HARWICK, "M25": "EH1 M"})


@pytest.mark.parametrize(
    ("narration", "phones"),
    [
        ("HARWICK,", HARWICK),
        ("\u201cHarwick\u2019s\u201d", f"{HARWICK} S"),
        ("Calder's", "K AO1 L D ER0 Z"),
        ("Harwick-based", f"{HARWICK} B EY1 S T"),
        ("M25", "EH1 M"),
        ("Harwick{B AA1 S}", "B AA1 S"),
        ("Harwick{B AA1 S}'s,", "B AA1 S IH0 Z"),
        ("Sade{SH AA0 D EY1}.", "SH AA0 D EY1"),
        ("#Harwick", None),
        ("Harwick-zorbish", None),
        ("harwicker", None),
    ],
)
def test_a_storys_pronunciation_precedes_the_brands(narration, phones):
    token = script_of(narration, LEXICON).sentences[0][0]
    assert token.phones == (tuple(phones.split()) if phones else None)
    assert "{" not in token.shown
    assert token.spoken


def test_captions_show_words_without_their_pronunciation():
    script = script_of("The mayor of Harwick{HH AE1 R IH0 K}, Ines Calder, spoke.")
    assert [token.shown for token in script.sentences[0]] == "The mayor of Harwick, Ines Calder, spoke.".split()  # noqa: SIM905
    assert script.transcript == "the mayor of harwick ines calder spoke"


@pytest.mark.parametrize(
    "narration", ["50 * 2", "\U0001f600 hello", "\u4f60\u597d", "a" * 51, "1" * 31, "\u01c2ui", "...", "{{x}}", "%{pts}"]
)
def test_unspeakable_text_is_refused_in_one_line(narration):
    with pytest.raises(BadInput, match=r"^[^\n]+$"):
        script_of(narration)
