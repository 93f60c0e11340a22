"""A narration as it is shown and as it is said: sentences of tokens, each with the words a voice speaks for it."""

import re

from newsreel.artifacts import Script, Token
from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon, Phones, core_of, dictionary, without_pronunciations
from steps.init_story.lexicon import ABBREVIATIONS, OPENERS
from steps.init_story.number_rules import MONEY_RULES, NUMBER_RULES, TIME_RULES
from steps.init_story.rules import Context, verbalize_token
from steps.init_story.word_rules import WORD_RULES

PLAIN = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-",
    "\u2212": "-", "\u2032": "'", "\u2033": '"',
})  # fmt: skip
"""What is written in several ways and said in one."""

SENTENCE_END = re.compile(r"(?P<stem>.*?)(?P<mark>[.!?\u2026]+)[\"')\]]*")
MAY_END_A_SENTENCE = frozenset({"Jr.", "Sr.", "Co.", "Corp.", "Inc.", "Ltd.", "Ave.", "Rd.", "Bros.", "etc.", "Ph.D."})
INITIALS = re.compile(r"[\"'(]*(?:[A-Za-z]\.)+[\"')]*|[\"'(]*[A-Z]\.")
READINGS = (*MONEY_RULES, *TIME_RULES, *NUMBER_RULES, *WORD_RULES)
PHONE_DIGITS = 7
NOTHING_SAID = Lexicon({})


def script_of(narration: str, lexicon: Lexicon = NOTHING_SAID) -> Script:
    """The script of a scene's narration, whose words stand apart by single blanks, as the story's contract leaves them.

    All `shown` joined by blanks are the narration again, without the pronunciations written in it. A token's phones are those
    written behind it, else those of the newsroom's lexicon. Raises BadInput for what cannot be spoken; nothing is dropped.

    >>> [token.spoken for token in script_of("Dr. Smith won £5m.").sentences[0]]
    [('doctor',), ('smith',), ('won',), ('five', 'million', 'pounds')]
    """
    try:
        text, written = without_pronunciations(narration)
    except ValueError as fault:
        raise BadInput(str(fault)) from fault
    shown = text.split(" ")
    plain = ["", *(token.translate(PLAIN) for token in shown), ""]
    phone_numbers = places_in_phone_numbers(plain)
    tokens = []
    for place, token in enumerate(shown):
        around = Context(plain[place], plain[place + 2], in_phone_number=place + 1 in phone_numbers)
        spoken = tuple(verbalize_token(plain[place + 1], around, READINGS))
        phones = written.get(place) or phones_of_token(token, lexicon) if spoken else None
        tokens.append(Token(shown=token, spoken=spoken, phones=phones))
    if not any(token.spoken for token in tokens):
        raise BadInput("there is nothing to speak; write at least one word")
    return Script(sentences=tuple(sentences(tokens)))


def places_in_phone_numbers(tokens: list[str]) -> set[int]:
    """Where groups of figures that begin with 0 or + make up a phone number, alone or side by side."""
    places: set[int] = set()
    run: list[int] = []
    for place, token in enumerate(tokens):
        if run and not re.fullmatch(r"\(?\d+\)?[.,;:!?]*", token):
            run = []
        if run or re.fullmatch(r"\(?(?:0|\+)\d+\)?[.,;:!?]*", token):
            run.append(place)
        if sum(character.isdigit() for place in run for character in tokens[place]) >= PHONE_DIGITS:
            places.update(run)
    return places


def phones_of_token(token: str, lexicon: Lexicon) -> Phones | None:
    """What the newsroom said of a word, its genitive or a part of it, as in `Harwick-based`, if dictionaries know the rest."""
    if whole := lexicon.phones_for(token):
        return whole
    parts = core_of(token).split("-")
    said = [lexicon.phones_for(part) for part in parts]
    if not any(said):
        return None
    every = [own or dictionary().get(part, ()) for own, part in zip(said, parts, strict=True)]
    return tuple(phone for phones in every for phone in phones) if all(every) else None


def sentences(tokens: list[Token]) -> list[tuple[Token, ...]]:
    """Cut after each sentence's last token; what has no words joins the sentence before it."""
    cut: list[tuple[Token, ...]] = []
    begun: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        begun.append(token)
        if following is not None and not ends_sentence(token.shown, following.shown):
            continue
        if cut and not any(part.spoken for part in begun):
            cut[-1] += tuple(begun)
        elif any(part.spoken for part in begun):
            cut.append(tuple(begun))
        else:
            continue
        begun = []
    return cut


def ends_sentence(shown: str, following: str) -> bool:
    """Whether a sentence ends between two tokens: not in "Dr. Smith", "3.5%" or "U.S. economy"."""
    found = SENTENCE_END.fullmatch(shown.translate(PLAIN))
    after = following.translate(PLAIN).lstrip("\"'(-")
    if not found or after[:1].islower():
        return False
    if found["mark"] != ".":
        return True
    core = found["stem"].lstrip("\"'(") + "."
    if core in ("No.", "Nos."):
        return not after[:1].isdigit()
    if INITIALS.fullmatch(core) or core in MAY_END_A_SENTENCE or core == "St.":
        return after.split("'")[0].rstrip(",") in OPENERS
    return core not in ABBREVIATIONS
