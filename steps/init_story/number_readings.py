"""How other numbers are said: decades, fractions, scores, ranges, quantities with their units, phone numbers, codes."""

import re

from steps.init_story import numerals
from steps.init_story.amounts import AMOUNT, ANY_UNIT, SCALE, is_number
from steps.init_story.lexicon import ATTACHED_UNITS, PER, SCALES, UNITS
from steps.init_story.readings import Around, Readings

__all__ = ["NUMBERS"]

CALLED = frozenset({"call", "called", "calling", "dial", "dialled", "dialling", "phone", "ring", "rang"})
PLAYED = frozenset({
    "aggregate", "ahead", "beaten", "behind", "defeat", "draw", "drew", "lead", "leading", "led", "lose", "losing", "loss",
    "lost", "score", "victory", "win", "winning", "won",
})  # fmt: skip
MEASURED_IN_METRES = frozenset({
    "above", "away", "below", "breaststroke", "butterfly", "deep", "final", "freestyle", "high", "hurdles", "long", "pool",
    "relay", "sprint", "tall", "wide",
})  # fmt: skip
BEFORE_A_YEAR = frozenset({"by", "from", "in", "of", "since", "until"})
NAMED_BY_FIGURES = frozenset({"Airbus", "Boeing", "Flight", "flight"})

NUMBERS = say = Readings()


@say(r"(?P<number>\d{2,})")
def phone_number(found: re.Match[str], around: Around) -> list[str] | None:
    """020 7946 0018, figure by figure; 999 where somebody is to call it."""
    called = around.before.lower() in CALLED and found.end() - found.start() == 3
    return numerals.digits(found["number"]) if around.in_phone_number or called else None


@say(r"'?(?P<number>1[1-9]\d0|20\d0|[2-9]0)'?s(?![A-Za-z])")
def decade(found: re.Match[str], around: Around) -> list[str]:
    return numerals.decade(found["number"])


@say(r"(?P<upper>[1-9])/(?P<lower>[2-9]|10)(?![\d/])")
def fraction(found: re.Match[str], around: Around) -> list[str]:
    """3/4; 1 1/2 is one and a half."""
    if int(found["upper"]) >= int(found["lower"]):
        return [*numerals.cardinal(found["upper"]), *numerals.cardinal(found["lower"])]
    said = numerals.fraction(found["upper"], found["lower"])
    if re.fullmatch(r"\d+", around.before):
        return ["and", *(["a", *said[1:]] if found["upper"] == "1" else said)]
    return said


@say(r"(?P<feet>[3-8])['\u2032](?P<inches>1[01]|\d)(?:[\"\u2033]|'')?(?!\w)")
def height(found: re.Match[str], around: Around) -> list[str]:
    """5'11": five foot eleven."""
    return [*numerals.cardinal(found["feet"]), "foot", *numerals.cardinal(found["inches"])]


@say(r"(?<![\w.,:/-])(?P<ours>\d{1,2})-(?P<theirs>\d{1,2})(?=[.,;:!?)\"']*$)")
def score(found: re.Match[str], around: Around) -> list[str] | None:
    """3-1, 2-2, 0-3: a range would rise, and not from nothing; 1-3 is a score where somebody won or lost."""
    ours, theirs = int(found["ours"]), int(found["theirs"])
    rises = ours < theirs and (ours > 0 or theirs > 9)
    if rises and not (around.before.lower() in PLAYED or around.after.lower().rstrip(".,;") in PLAYED):
        return None
    return [word for goals in (ours, theirs) for word in (numerals.cardinal(str(goals)) if goals else ["nil"])]


@say(r"(?<=\d)/(?=\d)")
def beside(found: re.Match[str], around: Around) -> list[str]:
    """24/7, 9/11, 2023/24: one number after the other."""
    return []


@say(r"[-:](?=(?:US|[CA])?[$\u00a3\u20ac\u00a5]?\d)")
def between_numbers(found: re.Match[str], around: Around) -> list[str] | None:
    """10-15, 3:1, £5m-£10m, 5km-10km."""
    return ["to"] if re.search(r"[\d\u00bc\u00bd\u00be][A-Za-z%\u00b0]{0,3}$", found.string[: found.start()]) else None


@say(r"(?<!\w)-(?=\.?\d)")
def minus(found: re.Match[str], around: Around) -> list[str]:
    return ["minus"]


@say(r"#(?=\d)")
def number_sign(found: re.Match[str], around: Around) -> list[str]:
    return ["number"]


@say(r"(?<=\d)x(?=\d)")
def by(found: re.Match[str], around: Around) -> list[str]:
    """4x4, 1920x1080."""
    return ["by"]


@say(r"(?P<number>\d+)m(?!\w)")
def minutes_or_metres(found: re.Match[str], around: Around) -> list[str] | None:
    """1h 20m, a 10m pool; elsewhere millions."""
    count = numerals.cardinal(found["number"])
    if re.fullmatch(r"\d{1,2}(?:h|hr|hrs)", around.before):
        return [*count, "minute" if found["number"] == "1" else "minutes"]
    if around.after.lower().rstrip(".,;:!?") in MEASURED_IN_METRES:
        return [*count, "metre" if around.counts_a_noun or found["number"] == "1" else "metres"]
    return None


@say(rf"(?P<number>{AMOUNT})(?P<unit>{ANY_UNIT})(?![A-Za-z\d])")
def quantity(found: re.Match[str], around: Around) -> list[str]:
    """5km, 2in, 12m²; a 10km race has one kilometre ten times."""
    one, many = (UNITS | ATTACHED_UNITS)[found["unit"]]
    single = numerals.is_one(found["number"]) or (around.counts_a_noun and found.end() == len(found.string))
    return [*numerals.amount(found["number"]), *(one if single else many).split()]


@say(rf"/(?P<unit>{ANY_UNIT}|{'|'.join(PER)})(?![A-Za-z])")
def per(found: re.Match[str], around: Around) -> list[str] | None:
    """£30/kg, 40 mg/l, £1/day."""
    counted = re.search(r"\d", found.string[: found.start()]) or is_number(around.before)
    if not counted:
        return None
    return ["per", *(PER.get(found["unit"]) or (UNITS | ATTACHED_UNITS)[found["unit"]][0]).split()]


@say(rf"(?P<number>{AMOUNT})(?P<scale>{SCALE})")
def scaled(found: re.Match[str], around: Around) -> list[str]:
    return [*numerals.amount(found["number"]), SCALES[found["scale"]]]


@say(r"(?<=[A-Z])(?P<number>\d{3})(?!\d)")
def code(found: re.Match[str], around: Around) -> list[str]:
    """A303, A380, BA117."""
    return numerals.figures(found["number"])


@say(r"(?<![\d.,])(?P<number>1[1-9]\d\d|20\d\d)(?![\d%\u00b0\u00bc\u00bd\u00be]|[.,]\d)")
def year(found: re.Match[str], around: Around) -> list[str]:
    return numerals.year(found["number"])


@say(r"(?<![\d.,])(?P<number>10\d\d)(?![\d.,%]*\d)")
def old_year(found: re.Match[str], around: Around) -> list[str] | None:
    """In 1066; elsewhere a thousand and sixty six."""
    return numerals.year(found["number"]) if around.before.lower() in BEFORE_A_YEAR else None


@say(rf"(?P<number>{AMOUNT})")
def number(found: re.Match[str], around: Around) -> list[str]:
    if around.before in NAMED_BY_FIGURES and re.fullmatch(r"\d{3}", found[0]):
        return numerals.figures(found[0])
    return numerals.amount(found["number"])


@say(r"(?<=\d)\.(?=\d)|(?<!\w)\.(?=\d)")
def point(found: re.Match[str], around: Around) -> list[str]:
    return ["point"]


@say(r"\u00b0(?P<scale>[CF](?![A-Za-z]))?")
def degrees(found: re.Match[str], around: Around) -> list[str]:
    """20°C; a 45° slope is one of forty five degree."""
    single = around.counts_a_noun or found.string[: found.start()] == "1"
    return ["degree" if single else "degrees", *{"C": ["celsius"], "F": ["fahrenheit"]}.get(found["scale"] or "", [])]


@say(r"(?P<power>[\u00b2\u00b3])")
def power(found: re.Match[str], around: Around) -> list[str]:
    return ["squared" if found["power"] == "\u00b2" else "cubed"]


@say(r"~(?=[\d\u00a3\u20ac$\u00a5])")
def about(found: re.Match[str], around: Around) -> list[str]:
    return ["about"]
