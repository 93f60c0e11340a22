"""A scene's narration to its script: sentences of tokens, each as shown and as spoken."""

import re

from newsreel.artifacts import Script, Token
from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon, Phones, cmu_dictionary, lookup_key, split_pronunciations
from steps.init_story.lexicon import ABBREVIATIONS, SENTENCE_OPENERS
from steps.init_story.number_rules import NUMBER_RULES
from steps.init_story.rules import Context, verbalize_token
from steps.init_story.word_rules import WORD_RULES

PLAIN_CHARACTERS = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-",
    "\u2212": "-", "\u2032": "'", "\u2033": '"',
})  # fmt: skip
"""Variants of one character."""

SENTENCE_END = re.compile(r"(?P<stem>.*?)(?P<mark>[.!?\u2026]+)[\"')\]]*")
MAY_END_A_SENTENCE = frozenset({"Jr.", "Sr.", "Co.", "Corp.", "Inc.", "Ltd.", "Ave.", "Rd.", "Bros.", "etc.", "Ph.D."})
INITIALS = re.compile(r"[\"'(]*(?:[A-Za-z]\.)+[\"')]*|[\"'(]*[A-Z]\.")
RULES = (*NUMBER_RULES, *WORD_RULES)
MIN_PHONE_DIGITS = 7
EMPTY_LEXICON = Lexicon({})


def script_of(narration: str, lexicon: Lexicon = EMPTY_LEXICON) -> Script:
    """The script of a scene's narration, whose words are separated by single spaces, as in a validated story.

    All `shown` joined by spaces are the narration again, without the pronunciations written in it. A token's phones are those
    written after it, else those of the lexicon. Raises BadInput for characters that cannot be spoken; nothing is dropped.

    >>> [token.spoken for token in script_of("Dr. Smith won £5m.").sentences[0]]
    [('doctor',), ('smith',), ('won',), ('five', 'million', 'pounds')]
    """
    try:
        text, written = split_pronunciations(narration)
    except ValueError as fault:
        raise BadInput(str(fault)) from fault
    shown = text.split(" ")
    plain = ["", *(token.translate(PLAIN_CHARACTERS) for token in shown), ""]
    phone_numbers = places_in_phone_numbers(plain)
    tokens = []
    for place, token in enumerate(shown):
        context = Context(plain[place], plain[place + 2], in_phone_number=place + 1 in phone_numbers)
        spoken = tuple(verbalize_token(plain[place + 1], context, RULES))
        phones = written.get(place) or phones_of_token(token, lexicon) if spoken else None
        tokens.append(Token(shown=token, spoken=spoken, phones=phones))
    if not any(token.spoken for token in tokens):
        raise BadInput("there is nothing to speak; write at least one word")
    return Script(sentences=tuple(split_sentences(tokens)))


def places_in_phone_numbers(tokens: list[str]) -> set[int]:
    """Places of tokens that form a phone number: groups of digits, the first of which begins with 0 or +."""
    places: set[int] = set()
    run: list[int] = []
    for place, token in enumerate(tokens):
        if run and not re.fullmatch(r"\(?\d+\)?[.,;:!?]*", token):
            run = []
        if run or re.fullmatch(r"\(?(?:0|\+)\d+\)?[.,;:!?]*", token):
            run.append(place)
        if sum(character.isdigit() for place in run for character in tokens[place]) >= MIN_PHONE_DIGITS:
            places.update(run)
    return places


def phones_of_token(token: str, lexicon: Lexicon) -> Phones | None:
    """The lexicon's phones of a word, its genitive or a part of it, as in `Harwick-based`, if the dictionary has the rest."""
    if whole := lexicon.phones_for(token):
        return whole
    parts = lookup_key(token).split("-")
    given = [lexicon.phones_for(part) for part in parts]
    if not any(given):
        return None
    every = [phones or cmu_dictionary().get(part, ()) for phones, part in zip(given, parts, strict=True)]
    return tuple(phone for phones in every for phone in phones) if all(every) else None


def split_sentences(tokens: list[Token]) -> list[tuple[Token, ...]]:
    """Split after the last token of each sentence; tokens without words join the sentence before."""
    sentences: list[tuple[Token, ...]] = []
    current: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        current.append(token)
        if following is not None and not ends_sentence(token.shown, following.shown):
            continue
        if sentences and not any(part.spoken for part in current):
            sentences[-1] += tuple(current)
        elif any(part.spoken for part in current):
            sentences.append(tuple(current))
        else:
            continue
        current = []
    return sentences


def ends_sentence(shown: str, following: str) -> bool:
    """Whether a sentence ends between two tokens: not in "Dr. Smith", "3.5%" or "U.S. economy"."""
    found = SENTENCE_END.fullmatch(shown.translate(PLAIN_CHARACTERS))
    after = following.translate(PLAIN_CHARACTERS).lstrip("\"'(-")
    if not found or after[:1].islower():
        return False
    if found["mark"] != ".":
        return True
    core = found["stem"].lstrip("\"'(") + "."
    if core in ("No.", "Nos."):
        return not after[:1].isdigit()
    if INITIALS.fullmatch(core) or core in MAY_END_A_SENTENCE or core == "St.":
        return after.split("'")[0].rstrip(",") in SENTENCE_OPENERS
    return core not in ABBREVIATIONS
