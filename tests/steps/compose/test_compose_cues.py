import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import SpokenWord
from steps.compose.graphics.captions import MAX_LINE_LENGTH, cues_of, webvtt


def spoken(text: str, each: float = 0.3) -> tuple[SpokenWord, ...]:
    words, at, sentence = [], 0.3, 0
    for shown in text.split():
        words.append(SpokenWord(shown=shown, start=at, end=at + each, sentence=sentence, phones=()))
        at += each
        sentence += shown.endswith((".", "!", "?"))
    return tuple(words)


def lines(text: str) -> list[list[str]]:
    words = spoken(text)
    return [[" ".join(word.text for word in line) for line in cue.lines] for cue in cues_of(words, words[-1].end + 0.5)]


def test_short_sentence_is_one_line():
    assert lines("The park has to wait.") == [["The park has to wait."]]


def test_line_breaks_at_a_comma():
    assert lines("After nine hours of debate, Harwick has a budget.") == [
        ["After nine hours of debate,", "Harwick has a budget."]
    ]


def test_line_does_not_end_with_an_article_or_preposition():
    for block in lines(
        "The biggest winner is the tram that will run to the old harbour and back in the early hours of the morning."
    ):
        for line in block:
            assert line.split()[-1].lower() not in {"the", "of", "to", "a", "in", "and", "will", "is"}


def test_two_sentences_never_share_a_cue():
    assert lines("It passed. It was close.") == [["It passed."], ["It was close."]]


def test_names_and_figures_are_not_broken():
    shown = lines("The long evening ended when Mayor Ines Calder said that £48 million had been found at last.")
    flat = [line for block in shown for line in block]
    assert any("Ines Calder" in line for line in flat)
    assert any("£48 million" in line for line in flat)


WORDS = st.lists(
    st.tuples(st.text("abcW.,&<>{}\\%", min_size=1, max_size=60), st.floats(0.02, 1.5), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=60)
@given(WORDS)
def test_cues_keep_every_letter_in_order_without_overlap(drawn):
    words, at, sentence = [], 0.2, 0
    for shown, length, ends in drawn:
        words.append(SpokenWord(shown=shown, start=at, end=at + length, sentence=sentence, phones=()))
        at += length
        sentence += ends
    duration = at + 0.4
    cues = cues_of(words, duration)
    assert "".join(word.text for cue in cues for line in cue.lines for word in line) == "".join(shown for shown, _, _ in drawn)
    for cue in cues:
        assert 1 <= len(cue.lines) <= 2
        assert all(len(" ".join(word.text for word in line)) <= MAX_LINE_LENGTH for line in cue.lines)
        assert 0 <= cue.start < cue.end <= duration
        assert cue.start <= cue.lines[0][0].start + 1e-6
    assert all(one.end <= other.start + 1e-9 for one, other in itertools.pairwise(cues))


def test_scene_without_words_has_no_cues():
    assert cues_of((), 2.0) == ()


def test_webvtt_escapes_markup_and_timing_lines():
    text = webvtt(cues_of(spoken("Tom & <b>Ann</b> --> {x} it's"), 9.0))
    assert text == ("WEBVTT\n\n1\n00:00:00.240 --> 00:00:02.800\nTom &amp; &lt;b&gt;Ann&lt;/b&gt; --&gt; {x} it's\n")


def test_webvtt_counts_hours():
    cue = cues_of(spoken("Late."), 9.0)[0].shifted(3725.5)
    assert "01:02:05.740 --> 01:02:06.800" in webvtt([cue])
