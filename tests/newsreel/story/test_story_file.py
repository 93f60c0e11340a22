"""A story's file: all faults at once, each with its line, in words a journalist understands."""

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput
from newsreel.story.schema import VOICES
from newsreel.story.source import parse_story, read_story, story_json_schema

SOUND = """\
# Tuesday's story
id: budget
revision: 3
title: No budget yet
presenter: maya
voice: heart
scenes:
  - narration: >
      The council has
      no budget.
    headline: No budget
    picture:
      file: pictures/hall.jpg
      credit: Newsroom
      alt: The town hall
"""


def faults(text):
    with pytest.raises(BadInput) as refused:
        read_story(text if isinstance(text, bytes) else text.encode(), "budget.yaml")
    return str(refused.value).splitlines()


def test_a_valid_story_is_read():
    story = read_story(SOUND.encode(), "budget.yaml")
    assert (story.id, story.revision, story.scenes[0].narration) == ("budget", 3, "The council has no budget.")


def test_json_is_read_too_even_with_tabs_and_a_byte_order_mark():
    document = json.loads(parse_story(SOUND.encode(), "x").require_valid().model_dump_json())
    text = "\ufeff" + json.dumps(document, indent="\t").replace("/", "\\/")
    assert read_story(text.encode(), "budget.json") == read_story(SOUND.encode(), "budget.yaml")


def test_all_faults_are_listed_with_path_and_line():
    text = textwrap.dedent("""\
        id: Budget 2026
        revision: "1"
        title: 2026
        presenter: mara
        voice: heart
        scenes:
          - narration: Hello there \U0001f600
            headlin: Hello
            picture:
              file: ../secret.png
              credit: Newsroom
          - headline: Second
            narration: Fine.
            captions: box
            picture: [a]
        """)
    assert faults(text) == [
        "budget.yaml: 10 faults",
        "budget.yaml:1: id: must be 1 to 40 lower-case letters, digits and hyphens, such as budget-2026",
        "budget.yaml:2: revision: must be a whole number, without quotes",
        "budget.yaml:3: title: must be text; put it in quotes",
        "budget.yaml:4: presenter: unknown presenter 'mara'; known: maya",
        "budget.yaml:7: scenes[0].narration: U+1F600 GRINNING FACE cannot be spoken; write it in words or remove it",
        "budget.yaml:8: scenes[0].headlin: is unknown; did you mean 'headline'?",
        "budget.yaml:9: scenes[0].picture.alt: is missing",
        "budget.yaml:10: scenes[0].picture.file: must be a relative path of letters, digits, '_', '-' and '.', "
        "such as pictures/chart.png",
        "budget.yaml:14: scenes[1].captions: must be 'boxed', 'plain' or 'none'",
        "budget.yaml:15: scenes[1].picture: must be keys with values, one a line",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("No budget yet", "x" * 82, "3: title: must be at most 80 characters, has 82"),
        ("revision: 3", "revision: 0", "2: revision: must be at least 1"),
        ("revision: 3", "revision: 012", "2: revision: must be a whole number, without quotes"),
        ("revision: 3", "revision: true", "2: revision: must be a whole number"),
        ("voice: heart", "voice: hart", "5: voice: unknown voice 'hart'; known: heart, linda"),
        ("credit: Newsroom", "credit:", "13: scenes[0].picture.credit: is empty"),
        ("credit: Newsroom", "credit: [a]", "13: scenes[0].picture.credit: must be text, not a list"),
        ("credit: Newsroom", "credit: '  '", "13: scenes[0].picture.credit: is empty"),
        ("id: budget", "id: ../../etc", "1: id: must be 1 to 40 lower-case letters"),
        ("id: budget", "id: 'budget\n\n  x'", "1: id: must be 1 to 40 lower-case letters"),
        ("hall.jpg", "../../etc/passwd", "12: scenes[0].picture.file: must be a relative path"),
        ("No budget yet", "\u05e9\u05dc\u05d5\u05dd", "3: title: U+05E9 HEBREW LETTER SHIN cannot be drawn"),
        ("No budget yet", "a\u202eb", "3: title: U+202E RIGHT-TO-LEFT OVERRIDE cannot be drawn"),
        ("No budget yet", "Budget: late", "3: a text with ': ' in it must be in quotes"),
        ("No budget yet", "%{pts}", "3: a text that begins with '%' must be in quotes"),
        ("No budget yet", "'late", "a quotation mark is not closed"),
        ("No budget yet", "{{workflow.name}}", "3: title: a key must be a plain word; a text that begins with '{'"),
        ("No budget yet", "&a late", "3: title: an anchor (&a) is not allowed; remove it"),
        ("No budget yet", "*a", "3: title: an alias (*a) is not allowed; write it out"),
        ("No budget yet", "!!python/name:os.system x", "3: title: a tag ("),
        ("revision: 3", "id: other\nrevision: 3", "2: id: is here twice; the first is in line 1"),
        ("scenes:\n", "---\nscenes:\n", "7: a second document begins here; only one is allowed"),
        ("  - narration", "\t- narration", "7: indent with blanks, not with tabs"),
        ("# Tuesday's story\n", "\x00", "1: the character U+0000 is not allowed"),
        ("      file", "      files", "did you mean 'file'?"),
        ("      file", "      colour", "is unknown; known: file, credit, alt"),
    ],
)
def test_a_fault_is_one_plain_sentence(old, new, expected):
    text = SOUND.replace("# Tuesday's story\n", "") if old != "# Tuesday's story\n" else SOUND
    assert any(expected in line for line in faults(text.replace(old, new, 1)))


def test_a_misspelt_key_is_one_fault_not_two():
    assert faults(SOUND.replace("headline", "headlin")) == [
        "budget.yaml:11: scenes[0].headlin: is unknown; did you mean 'headline'?"
    ]


def test_yaml_1_1_booleans_and_dates_are_text():
    text = (
        SOUND.replace("No budget yet", "no").replace("headline: No budget", "headline: 12:30").replace("Newsroom", "2026-11-22")
    )
    story = read_story(text.encode(), "x")
    assert (story.title, story.scenes[0].headline, story.scenes[0].picture.credit) == ("no", "12:30", "2026-11-22")


@pytest.mark.parametrize(
    "narration",
    [
        "It costs \u00a31,200 a head, 3.5% more.",
        'She said: "We won\'t." \u2013 and left\u2026',
        "\u00dcber \u20ac50 in Z\u00fcrich",
        "Line one\nline two",
    ],
)
def test_speakable_text_is_accepted(narration):
    document = {**json.loads(parse_story(SOUND.encode(), "x").require_valid().model_dump_json())}
    document["scenes"][0]["narration"] = narration
    assert read_story(json.dumps(document, ensure_ascii=False).encode(), "x").scenes[0].narration == narration.replace("\n", " ")


@pytest.mark.parametrize(
    ("narration", "expected"),
    [
        ("", "is empty"),
        ("  \n ", "is empty"),
        ("\u2014 ... !", "there is nothing to speak"),
        ("word " * 10_000, "must be at most 4,000 characters, has 50,000"),
        ("a " * 300, "300 words are too many for one scene; at most 250, split it"),
        ("{{workflow.name}}", "'{' has no partner; a pronunciation is written directly behind its word"),
        ("%{pts}", "'{pts}' must stand directly behind its word, such as Harwick{HH AE1 R IH0 K}"),
        ("\u05e9\u05dc\u05d5\u05dd", "U+05E9 HEBREW LETTER SHIN cannot be spoken"),
        ("Hi \U0001f600", "U+1F600 GRINNING FACE cannot be spoken"),
    ],
)
def test_unspeakable_text_is_refused(narration, expected):
    document = json.loads(parse_story(SOUND.encode(), "x").require_valid().model_dump_json())
    document["scenes"][0]["narration"] = narration
    (line,) = faults(json.dumps(document, ensure_ascii=False))
    assert line.startswith("budget.yaml:1: scenes[0].narration: ")
    assert expected in line


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing\n",
        b"\xff\xfe\x00",
        b"x" * 1_000_001,
        b"[" * 400_000,
        b'{"a":' * 150_000,
        b"- " * 400_000,
        b"? " * 400_000,
        b"a:\n b\n" * 100_000,
        b"\n".join(b"key%d: 1" % number for number in range(80_000)),
        b"a: &a [x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]",
        b'{"revision": ' + b"9" * 5000 + b"}",
        b'{"id": NaN}',
        b'{"id": "\\ud83d"}',
        b"id: |\n  x\n\ttab",
    ],
    ids=range(15),
)
def test_an_attack_on_the_reader_is_a_fault_like_any_other(content):
    assert faults(content)[0].startswith("budget.yaml")


@given(
    st.binary(max_size=200)
    | st.text(st.characters(codec="utf-8"), max_size=200).map(str.encode)
    | st.text("{}[]:-&*!|>'\"%@ \nab1#,?", max_size=60).map(str.encode)
)
def test_no_file_breaks_the_reader(content):
    lines = faults(content)
    assert all(line.startswith("budget.yaml") and line.isprintable() for line in lines)


def test_the_schema_names_every_key_and_limit():
    contract = story_json_schema()
    assert contract["$schema"].startswith("https://json-schema.org/")
    assert contract["properties"]["revision"]["maximum"] == 9999
    assert contract["$defs"]["Scene"]["additionalProperties"] is False
    assert contract["properties"]["voice"]["enum"] == sorted(VOICES)
    assert all(voice.description in contract["properties"]["voice"]["description"] for voice in VOICES.values())
    assert contract["properties"]["presenter"]["enum"] == ["maya"]
