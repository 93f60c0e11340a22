"""How money is said: amounts, ranges, what the next word owes.

How dates and times are said.

How other numbers are said: decades, fractions, scores, ranges, quantities with their units, phone numbers, codes.
"""

import re

from steps.init_story import numerals
from steps.init_story.lexicon import (
    AMOUNT,
    ANY_UNIT,
    ATTACHED_UNITS,
    CURRENCIES,
    CURRENCY,
    CURRENCY_CODES,
    DAYS,
    MONTHS,
    PER,
    SCALE,
    SCALES,
    UNITS,
    is_number,
)
from steps.init_story.rules import Context, Rules

LARGE = re.compile(r"(hundred|thousand|million|billion|trillion)\b")
MONEY_SCALE = rf"(?:{SCALE}|(?:K|M|Bn|B)(?![A-Za-z]))"
MONEY_AT_END = re.compile(rf"(?P<currency>{CURRENCY})(?:{AMOUNT})(?:-(?:{AMOUNT}))?$")

MONEY_RULES = money_rule = Rules()


@money_rule(
    rf"(?P<currency>{CURRENCY})(?P<low>{AMOUNT})(?P<first>{MONEY_SCALE})?-(?:{CURRENCY})?(?P<high>{AMOUNT})(?P<scale>{MONEY_SCALE})?"
)
def money_range(found: re.Match[str], around: Context) -> list[str] | None:
    """£5-£10m, £5m-£10m: five to ten million pounds; £500k-£1m has both its scales."""
    first, scale = found["first"], found["scale"]
    low = [*numerals.amount(found["low"]), *(scale_word(first) if first != scale else [])]
    said = [*low, "to", *numerals.amount(found["high"]), *scale_word(scale)]
    return said if LARGE.match(around.after) else [*said, *currency_words(found["currency"], many=True)]


@money_rule(rf"(?P<sign>(?<!\w)-)?(?P<currency>{CURRENCY})(?P<number>{AMOUNT})(?P<scale>{MONEY_SCALE})?")
def money(found: re.Match[str], around: Context) -> list[str]:
    """£1,200, $3.2 (billion), €5m, £2.50; a £5m grant is one of five million pound."""
    number, scale = found["number"], found["scale"]
    said = ["minus"] if found["sign"] else []
    if not scale and not LARGE.match(around.after) and re.fullmatch(r"[\d,]+\.\d\d", number):
        return [*said, *coins(found["currency"], *number.split("."))]
    said += [*numerals.amount(number), *scale_word(scale)]
    if not scale and LARGE.match(around.after):
        return said
    many = (bool(scale) or not numerals.is_one(number)) and not (around.counts_a_noun and found.end() == len(found.string))
    return [*said, *currency_words(found["currency"], many)]


def coins(currency: str, whole: str, hundredths: str) -> list[str]:
    """`2`, `50`: two pounds fifty, two dollars and fifty cents."""
    currency = CURRENCY_CODES.get(currency, currency)
    one, many = CURRENCIES[currency[-1]][2:]
    pounds = [*numerals.cardinal(whole), *currency_words(currency, many=not numerals.is_one(whole))]
    if hundredths == "00":
        return pounds
    cents = [*numerals.cardinal(str(int(hundredths))), *([one] if hundredths == "01" else [many])]
    if not whole.strip("0,"):
        return cents
    return [*pounds, *(cents[:-1] if currency == "\u00a3" and hundredths[0] != "0" else ["and", *cents])]


def currency_words(currency: str, many: bool) -> list[str]:
    currency = CURRENCY_CODES.get(currency, currency)
    one_or_many = CURRENCIES[currency[-1]][1 if many else 0]
    return [*{"US": ["u", "s"], "C": ["canadian"], "A": ["australian"]}.get(currency[:-1], []), one_or_many]


def scale_word(scale: str | None) -> list[str]:
    return [SCALES[scale]] if scale else []


@money_rule(r"(?P<scale>hundred|thousand|million|billion|trillion)s?\b")
def large(found: re.Match[str], around: Context) -> list[str]:
    """The billion of "$3.2 billion" carries the dollars."""
    owed = MONEY_AT_END.search(around.before) if found.start() == 0 else None
    return [found[0], *(currency_words(owed["currency"], many=True) if owed else [])]


@money_rule(rf"(?P<code>{'|'.join(CURRENCY_CODES)}|(?:US|[CA])?[$])(?!\w)")
def currency_behind(found: re.Match[str], around: Context) -> list[str] | None:
    """The GBP of "20 GBP"."""
    if found.start() or not is_number(around.before):
        return None
    return currency_words(found["code"], many=not numerals.is_one(around.before))


SHORT_MONTHS = {**{month[:3]: month.lower() for month in MONTHS}, "Sept": "september"}
MONTH = re.compile("|".join([*MONTHS, *(rf"{short}\b\.?" for short in SHORT_MONTHS)]))
DAY = r"(?:0?[1-9]|[12]\d|3[01])"

TIME_RULES = time_rule = Rules()


@time_rule(r"(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
def iso_date(found: re.Match[str], around: Context) -> list[str]:
    """2024-03-05: the fifth of march twenty twenty four."""
    month = MONTHS[int(found["month"]) - 1].lower()
    return ["the", *numerals.day_of_month(found["day"]), "of", month, *numerals.year(found["year"])]


@time_rule(r"(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})(?P=mark)(?P<year>[12]\d{3}|\d\d)(?!\d)")
def numeric_date(found: re.Match[str], around: Context) -> list[str] | None:
    """10/12/2019: ten twelve twenty nineteen; which is the month is not for us to guess. 1.2.10 is no date."""
    if found["mark"] == "." and len(found["year"]) < 4:
        return None
    parts = [*numerals.cardinal(str(int(found["first"]))), *numerals.cardinal(str(int(found["second"])))]
    return parts + (numerals.year(found["year"]) if len(found["year"]) == 4 else numerals.cardinal(found["year"]))


@time_rule(r"(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?")
def short_day(found: re.Match[str], around: Context) -> list[str] | None:
    """Sat 3 May; elsewhere the sun."""
    return [DAYS[found["day"]]] if is_day(around.after) or MONTH.match(around.after) else None


@time_rule(r"(?P<month>" + "|".join(sorted(SHORT_MONTHS, key=len, reverse=True)) + r")(?!\w)\.?")
def short_month(found: re.Match[str], around: Context) -> list[str] | None:
    """6 Jan, Sept 11, Mar 2026."""
    beside_a_date = is_day(around.before) or is_day(around.after) or re.match(r"[12]\d{3}\b", around.after)
    return [SHORT_MONTHS[found["month"]]] if beside_a_date else None


def is_day(token: str) -> bool:
    return bool(re.fullmatch(rf"{DAY}(?:st|nd|rd|th)?(?:-{DAY})?[,.;:]?", token))


@time_rule(rf"(?P<first>{DAY})-(?P<last>{DAY})(?=[.,;:!?)\"']*$)")
def days(found: re.Match[str], around: Context) -> list[str] | None:
    """3-5 May, May 3-5."""
    first, last = numerals.day_of_month(found["first"]), numerals.day_of_month(found["last"])
    if MONTH.match(around.after) and found.end() == len(found.string):
        return ["the", *first, "to", "the", *last, "of"]
    return [*first, "to", *last] if MONTH.fullmatch(around.before) else None


@time_rule(r"(?P<number>\d{1,12})(?:st|nd|rd|th)(?![A-Za-z])")
def ordinal(found: re.Match[str], around: Context) -> list[str]:
    """21st; 3rd May is the third of May."""
    said = numerals.ordinal(found["number"])
    if is_day(found["number"]) and MONTH.match(around.after) and found.end() == len(found.string):
        return [*([] if around.before.lower() == "the" else ["the"]), *said, "of"]
    return said


@time_rule(r"(?<![\w.,])(?P<number>\d{1,2})(?=[.,;:!?)\"']*$)")
def small_number(found: re.Match[str], around: Context) -> list[str]:
    """A day of a month where one stands beside it, else a number."""
    number, can_be_day = found["number"], 1 <= int(found["number"]) <= 31
    if can_be_day and MONTH.match(around.after) and found.end() == len(found.string):
        return [*([] if around.before.lower() == "the" else ["the"]), *numerals.day_of_month(number), "of"]
    if can_be_day and MONTH.fullmatch(around.before):
        return numerals.day_of_month(number)
    return numerals.digits(number) if around.in_phone_number else numerals.cardinal(number)


@time_rule(r"(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?!\d)")
def time_taken(found: re.Match[str], around: Context) -> list[str]:
    """2:05:30, of a marathon."""
    parts = [(int(found[unit]), unit) for unit in ("hours", "minutes", "seconds")]
    said = [[*numerals.cardinal(str(count)), unit if count != 1 else unit[:-1]] for count, unit in parts if count]
    return [word for part in said[:-1] for word in part] + [*(["and"] if said[1:] else []), *(said or [["zero", "seconds"]])[-1]]


@time_rule(r"(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?(?P<half>[ap])\.?m(?![A-Za-z])\.?")
def time_of_half_day(found: re.Match[str], around: Context) -> list[str]:
    """7:30pm, 7.30pm, 10am."""
    return [*clock(found["hour"], found["minute"] or "00", full=""), found["half"], "m"]


@time_rule(r"(?P<hour>[01]?\d|2[0-4])(?P<mark>[:.])(?P<minute>[0-5]\d)(?![\d:%])")
def time_of_day(found: re.Match[str], around: Context) -> list[str] | None:
    """19:30; 12:00 is twelve o'clock, 14:00 fourteen hundred. 7.30 is a time, and 7:00 just seven, before "pm"."""
    rest = found.string[found.end() :] or around.after
    half_follows = re.match(r"(?:-\d{1,2}(?:[:.]\d\d)?)?[ap]\.?m\b", rest)
    if found["mark"] == "." and not half_follows:
        return None
    return clock(found["hour"], found["minute"], full="" if half_follows else "hundred" if int(found["hour"]) > 12 else "o'clock")


def clock(hour: str, minute: str, full: str) -> list[str]:
    hours = numerals.cardinal(str(int(hour)))
    if minute == "00":
        return [*hours, *([full] if full else [])]
    return [*hours, *(["oh"] if minute[0] == "0" else []), *numerals.cardinal(str(int(minute)))]


@time_rule(r"(?P<half>[ap])m(?!\w)")
def half_of_day(found: re.Match[str], around: Context) -> list[str] | None:
    """The pm of "7.30 pm"; "I am" goes on."""
    return [found["half"], "m"] if re.fullmatch(r"(?:\d{1,2}[:.]\d\d|1?\d)(?:-.*\d)?", around.before) else None


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

NUMBER_RULES = number_rule = Rules()


@number_rule(r"(?P<number>\d{2,})")
def phone_number(found: re.Match[str], around: Context) -> list[str] | None:
    """020 7946 0018, figure by figure; 999 where somebody is to call it."""
    called = around.before.lower() in CALLED and found.end() - found.start() == 3
    return numerals.digits(found["number"]) if around.in_phone_number or called else None


@number_rule(r"'?(?P<number>1[1-9]\d0|20\d0|[2-9]0)'?s(?![A-Za-z])")
def decade(found: re.Match[str], around: Context) -> list[str]:
    return numerals.decade(found["number"])


@number_rule(r"(?P<upper>[1-9])/(?P<lower>[2-9]|10)(?![\d/])")
def fraction(found: re.Match[str], around: Context) -> list[str]:
    """3/4; 1 1/2 is one and a half."""
    if int(found["upper"]) >= int(found["lower"]):
        return [*numerals.cardinal(found["upper"]), *numerals.cardinal(found["lower"])]
    said = numerals.fraction(found["upper"], found["lower"])
    if re.fullmatch(r"\d+", around.before):
        return ["and", *(["a", *said[1:]] if found["upper"] == "1" else said)]
    return said


@number_rule(r"(?P<feet>[3-8])['\u2032](?P<inches>1[01]|\d)(?:[\"\u2033]|'')?(?!\w)")
def height(found: re.Match[str], around: Context) -> list[str]:
    """5'11": five foot eleven."""
    return [*numerals.cardinal(found["feet"]), "foot", *numerals.cardinal(found["inches"])]


@number_rule(r"(?<![\w.,:/-])(?P<ours>\d{1,2})-(?P<theirs>\d{1,2})(?=[.,;:!?)\"']*$)")
def score(found: re.Match[str], around: Context) -> list[str] | None:
    """3-1, 2-2, 0-3: a range would rise, and not from nothing; 1-3 is a score where somebody won or lost."""
    ours, theirs = int(found["ours"]), int(found["theirs"])
    rises = ours < theirs and (ours > 0 or theirs > 9)
    if rises and not (around.before.lower() in PLAYED or around.after.lower().rstrip(".,;") in PLAYED):
        return None
    return [word for goals in (ours, theirs) for word in (numerals.cardinal(str(goals)) if goals else ["nil"])]


@number_rule(r"(?<=\d)/(?=\d)")
def beside(found: re.Match[str], around: Context) -> list[str]:
    """24/7, 9/11, 2023/24: one number after the other."""
    return []


@number_rule(r"[-:](?=(?:US|[CA])?[$\u00a3\u20ac\u00a5]?\d)")
def between_numbers(found: re.Match[str], around: Context) -> list[str] | None:
    """10-15, 3:1, £5m-£10m, 5km-10km."""
    return ["to"] if re.search(r"[\d\u00bc\u00bd\u00be][A-Za-z%\u00b0]{0,3}$", found.string[: found.start()]) else None


@number_rule(r"(?<!\w)-(?=\.?\d)")
def minus(found: re.Match[str], around: Context) -> list[str]:
    return ["minus"]


@number_rule(r"#(?=\d)")
def number_sign(found: re.Match[str], around: Context) -> list[str]:
    return ["number"]


@number_rule(r"(?<=\d)x(?=\d)")
def by(found: re.Match[str], around: Context) -> list[str]:
    """4x4, 1920x1080."""
    return ["by"]


@number_rule(r"(?P<number>\d+)m(?!\w)")
def minutes_or_metres(found: re.Match[str], around: Context) -> list[str] | None:
    """1h 20m, a 10m pool; elsewhere millions."""
    count = numerals.cardinal(found["number"])
    if re.fullmatch(r"\d{1,2}(?:h|hr|hrs)", around.before):
        return [*count, "minute" if found["number"] == "1" else "minutes"]
    if around.after.lower().rstrip(".,;:!?") in MEASURED_IN_METRES:
        return [*count, "metre" if around.counts_a_noun or found["number"] == "1" else "metres"]
    return None


@number_rule(rf"(?P<number>{AMOUNT})(?P<unit>{ANY_UNIT})(?![A-Za-z\d])")
def quantity(found: re.Match[str], around: Context) -> list[str]:
    """5km, 2in, 12m²; a 10km race has one kilometre ten times."""
    one, many = (UNITS | ATTACHED_UNITS)[found["unit"]]
    single = numerals.is_one(found["number"]) or (around.counts_a_noun and found.end() == len(found.string))
    return [*numerals.amount(found["number"]), *(one if single else many).split()]


@number_rule(rf"/(?P<unit>{ANY_UNIT}|{'|'.join(PER)})(?![A-Za-z])")
def per(found: re.Match[str], around: Context) -> list[str] | None:
    """£30/kg, 40 mg/l, £1/day."""
    counted = re.search(r"\d", found.string[: found.start()]) or is_number(around.before)
    if not counted:
        return None
    return ["per", *(PER.get(found["unit"]) or (UNITS | ATTACHED_UNITS)[found["unit"]][0]).split()]


@number_rule(rf"(?P<number>{AMOUNT})(?P<scale>{SCALE})")
def scaled(found: re.Match[str], around: Context) -> list[str]:
    return [*numerals.amount(found["number"]), SCALES[found["scale"]]]


@number_rule(r"(?<=[A-Z])(?P<number>\d{3})(?!\d)")
def code(found: re.Match[str], around: Context) -> list[str]:
    """A303, A380, BA117."""
    return numerals.figures(found["number"])


@number_rule(r"(?<![\d.,])(?P<number>1[1-9]\d\d|20\d\d)(?![\d%\u00b0\u00bc\u00bd\u00be]|[.,]\d)")
def year(found: re.Match[str], around: Context) -> list[str]:
    return numerals.year(found["number"])


@number_rule(r"(?<![\d.,])(?P<number>10\d\d)(?![\d.,%]*\d)")
def old_year(found: re.Match[str], around: Context) -> list[str] | None:
    """In 1066; elsewhere a thousand and sixty six."""
    return numerals.year(found["number"]) if around.before.lower() in BEFORE_A_YEAR else None


@number_rule(rf"(?P<number>{AMOUNT})")
def number(found: re.Match[str], around: Context) -> list[str]:
    if around.before in NAMED_BY_FIGURES and re.fullmatch(r"\d{3}", found[0]):
        return numerals.figures(found[0])
    return numerals.amount(found["number"])


@number_rule(r"(?<=\d)\.(?=\d)|(?<!\w)\.(?=\d)")
def point(found: re.Match[str], around: Context) -> list[str]:
    return ["point"]


@number_rule(r"\u00b0(?P<scale>[CF](?![A-Za-z]))?")
def degrees(found: re.Match[str], around: Context) -> list[str]:
    """20°C; a 45° slope is one of forty five degree."""
    single = around.counts_a_noun or found.string[: found.start()] == "1"
    return ["degree" if single else "degrees", *{"C": ["celsius"], "F": ["fahrenheit"]}.get(found["scale"] or "", [])]


@number_rule(r"(?P<power>[\u00b2\u00b3])")
def power(found: re.Match[str], around: Context) -> list[str]:
    return ["squared" if found["power"] == "\u00b2" else "cubed"]


@number_rule(r"~(?=[\d\u00a3\u20ac$\u00a5])")
def about(found: re.Match[str], around: Context) -> list[str]:
    return ["about"]
