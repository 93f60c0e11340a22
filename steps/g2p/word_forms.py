"""Words made of known words: plurals, past tenses, participles and compounds, said as their parts are.

Each form is there because it errs less than the network on words that neither has seen (`python -m tests.bench.pronunciation`).
"""

from collections.abc import Callable, Mapping

from newsreel.story.pronunciation import add_genitive

__all__ = ["FORMS", "Form", "Phones"]

Phones = tuple[str, ...]
Form = Callable[[str, Mapping[str, Phones]], Phones | None]
"""The phones of a lower-case word, from those of a dictionary's; None where it is not of this form."""

SHORTEST_STEM = 3
SHORTEST_PART = 4
"""Letters. With three, `therapist` is the rapist."""
AFTER_VOICELESS = frozenset({"P", "K", "F", "TH", "S", "SH", "CH"})


def plural(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """selfies, kebabs, lobbies; a verb's third person too."""
    if not word.endswith("s") or word.endswith("ss"):
        return None
    stems = (word[:-1], word[:-2] if word.endswith("es") else "", word[:-3] + "y" if word.endswith("ies") else "")
    stem = first_known(stems, known)
    return add_genitive(known[stem]) if stem else None


def past(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """tweeted, unfriended, rebranded, planned."""
    if not word.endswith("ed"):
        return None
    stem = first_known((word[:-2], word[:-1], undoubled(word[:-2]), word[:-3] + "y" if word.endswith("ied") else ""), known)
    if not stem:
        return None
    last = known[stem][-1]
    return (*known[stem], *(("IH0", "D") if last in ("T", "D") else ("T",) if last in AFTER_VOICELESS else ("D",)))


def participle(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """tweeting, rebranding, vaping, planning."""
    if not word.endswith("ing"):
        return None
    stem = first_known((word[:-3], word[:-3] + "e", undoubled(word[:-3])), known)
    return (*known[stem], "IH0", "NG") if stem else None


def compound(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """doomscrolling, facepalm: two known words, cut where the shorter one is longest; the first has the stress."""
    cuts = sorted(range(SHORTEST_PART, len(word) - SHORTEST_PART + 1), key=lambda cut: -min(cut, len(word) - cut))
    for cut in cuts:
        left, right = known.get(word[:cut]), known.get(word[cut:])
        if left and right:
            return (*left, *(phone.replace("1", "2") for phone in right))
    return None


def first_known(stems: tuple[str, ...], known: Mapping[str, Phones]) -> str | None:
    return next((stem for stem in stems if len(stem) >= SHORTEST_STEM and stem in known), None)


def undoubled(stem: str) -> str:
    """`plann` is plan."""
    return stem[:-1] if stem[-1:] == stem[-2:-1] else ""


FORMS: Mapping[str, Form] = {"plural": plural, "past": past, "participle": participle, "compound": compound}
"""In the order in which they are tried."""
