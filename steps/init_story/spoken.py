"""A narration as it is shown and as it is said: sentences of tokens, each with the words a voice speaks for it."""

import re

from steps.errors import BadInput
from steps.handover import Script, Token
from steps.init_story.lexicon import ABBREVIATIONS, OPENERS
from steps.init_story.number_readings import NUMBERS
from steps.init_story.readings import Around, read_token
from steps.init_story.word_readings import WORDS

__all__ = ["script_of"]

PLAIN = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-",
})  # fmt: skip
"""What is written in several ways and said in one."""

SENTENCE_END = re.compile(r"(?P<stem>.*?)(?P<mark>[.!?\u2026]+)[\"')\]]*")
MAY_END_A_SENTENCE = frozenset({"Jr.", "Sr.", "Co.", "Corp.", "Inc.", "Ltd.", "Ave.", "Rd.", "Bros.", "etc.", "Ph.D."})
INITIALS = re.compile(r"[\"'(]*(?:[A-Za-z]\.)+[\"')]*|[\"'(]*[A-Z]\.")
READINGS = (*NUMBERS, *WORDS)


def script_of(narration: str) -> Script:
    """The script of a scene's narration, whose words stand apart by single blanks, as the story's contract leaves them.

    All `shown` joined by blanks are the narration again. Raises BadInput for what cannot be spoken; nothing is dropped.

    >>> [token.spoken for token in script_of("Dr. Smith won £5m.").sentences[0]]
    [('doctor',), ('smith',), ('won',), ('five', 'million', 'pounds')]
    """
    shown = narration.split(" ")
    plain = ["", *(token.translate(PLAIN) for token in shown), ""]
    tokens = [
        Token(shown=shown[place], spoken=tuple(read_token(plain[place + 1], Around(plain[place], plain[place + 2]), READINGS)))
        for place in range(len(shown))
    ]
    if not any(token.spoken for token in tokens):
        raise BadInput("there is nothing to speak; write at least one word")
    return Script(sentences=tuple(sentences(tokens)))


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
