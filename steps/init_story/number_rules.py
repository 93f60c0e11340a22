"""Rules for the spoken form of money, dates, times and other numbers, in the order in which they are tried."""

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

SCALE_WORD = re.compile(r"(hundred|thousand|million|billion|trillion)\b")
MONEY_SCALE = rf"(?:{SCALE}|(?:K|M|Bn|B)(?![A-Za-z]))"
MONEY_AT_END = re.compile(rf"(?P<currency>{CURRENCY})(?:{AMOUNT})(?:-(?:{AMOUNT}))?$")

NUMBER_RULES = Rules()
rule = NUMBER_RULES.add

# Money: amounts, ranges, currencies that follow


@rule(
    rf"(?P<currency>{CURRENCY})(?P<low>{AMOUNT})(?P<first>{MONEY_SCALE})?-(?:{CURRENCY})?(?P<high>{AMOUNT})(?P<scale>{MONEY_SCALE})?"
)
def money_range(found: re.Match[str], context: Context) -> list[str] | None:
    """£5-£10m, £5m-£10m: five to ten million pounds; £500k-£1m has both its scales."""
    first, scale = found["first"], found["scale"]
    low = [*numerals.amount(found["low"]), *(scale_word(first) if first != scale else [])]
    words = [*low, "to", *numerals.amount(found["high"]), *scale_word(scale)]
    return words if SCALE_WORD.match(context.after) else [*words, *currency_words(found["currency"], many=True)]


@rule(rf"(?P<sign>(?<!\w)-)?(?P<currency>{CURRENCY})(?P<number>{AMOUNT})(?P<scale>{MONEY_SCALE})?")
def money(found: re.Match[str], context: Context) -> list[str]:
    """£1,200, $3.2 (billion), €5m, £2.50; a £5m grant is one of five million pound."""
    number, scale = found["number"], found["scale"]
    words = ["minus"] if found["sign"] else []
    if not scale and not SCALE_WORD.match(context.after) and re.fullmatch(r"[\d,]+\.\d\d", number):
        return [*words, *coins(found["currency"], *number.split("."))]
    words += [*numerals.amount(number), *scale_word(scale)]
    if not scale and SCALE_WORD.match(context.after):
        return words
    many = (bool(scale) or not numerals.is_one(number)) and not (context.counts_a_noun and found.end() == len(found.string))
    return [*words, *currency_words(found["currency"], many)]


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


@rule(r"(?P<scale>hundred|thousand|million|billion|trillion)s?\b")
def large(found: re.Match[str], context: Context) -> list[str]:
    """The billion of "$3.2 billion" carries the dollars."""
    amount = MONEY_AT_END.search(context.before) if found.start() == 0 else None
    return [found[0], *(currency_words(amount["currency"], many=True) if amount else [])]


@rule(rf"(?P<code>{'|'.join(CURRENCY_CODES)}|(?:US|[CA])?[$])(?!\w)")
def currency_after(found: re.Match[str], context: Context) -> list[str] | None:
    """The GBP of "20 GBP"."""
    if found.start() or not is_number(context.before):
        return None
    return currency_words(found["code"], many=not numerals.is_one(context.before))


# Dates and times

SHORT_MONTHS = {**{month[:3]: month.lower() for month in MONTHS}, "Sept": "september"}
MONTH = re.compile("|".join([*MONTHS, *(rf"{short}\b\.?" for short in SHORT_MONTHS)]))
DAY = r"(?:0?[1-9]|[12]\d|3[01])"


@rule(r"(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
def iso_date(found: re.Match[str], context: Context) -> list[str]:
    """2024-03-05: the fifth of march twenty twenty four."""
    month = MONTHS[int(found["month"]) - 1].lower()
    return ["the", *numerals.day_of_month(found["day"]), "of", month, *numerals.year(found["year"])]


@rule(r"(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})(?P=mark)(?P<year>[12]\d{3}|\d\d)(?!\d)")
def numeric_date(found: re.Match[str], context: Context) -> list[str] | None:
    """10/12/2019: ten twelve twenty nineteen, as day and month are ambiguous. 1.2.10 is no date."""
    if found["mark"] == "." and len(found["year"]) < 4:
        return None
    parts = [*numerals.cardinal(str(int(found["first"]))), *numerals.cardinal(str(int(found["second"])))]
    return parts + (numerals.year(found["year"]) if len(found["year"]) == 4 else numerals.cardinal(found["year"]))


@rule(r"(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?")
def short_day(found: re.Match[str], context: Context) -> list[str] | None:
    """Sat 3 May; elsewhere the sun."""
    return [DAYS[found["day"]]] if is_day(context.after) or MONTH.match(context.after) else None


@rule(r"(?P<month>" + "|".join(sorted(SHORT_MONTHS, key=len, reverse=True)) + r")(?!\w)\.?")
def short_month(found: re.Match[str], context: Context) -> list[str] | None:
    """6 Jan, Sept 11, Mar 2026."""
    beside_a_date = is_day(context.before) or is_day(context.after) or re.match(r"[12]\d{3}\b", context.after)
    return [SHORT_MONTHS[found["month"]]] if beside_a_date else None


def is_day(token: str) -> bool:
    return bool(re.fullmatch(rf"{DAY}(?:st|nd|rd|th)?(?:-{DAY})?[,.;:]?", token))


@rule(rf"(?P<first>{DAY})-(?P<last>{DAY})(?=[.,;:!?)\"']*$)")
def days(found: re.Match[str], context: Context) -> list[str] | None:
    """3-5 May, May 3-5."""
    first, last = numerals.day_of_month(found["first"]), numerals.day_of_month(found["last"])
    if MONTH.match(context.after) and found.end() == len(found.string):
        return ["the", *first, "to", "the", *last, "of"]
    return [*first, "to", *last] if MONTH.fullmatch(context.before) else None


@rule(r"(?P<number>\d{1,12})(?:st|nd|rd|th)(?![A-Za-z])")
def ordinal(found: re.Match[str], context: Context) -> list[str]:
    """21st; 3rd May is the third of May."""
    words = numerals.ordinal(found["number"])
    if is_day(found["number"]) and MONTH.match(context.after) and found.end() == len(found.string):
        return [*([] if context.before.lower() == "the" else ["the"]), *words, "of"]
    return words


@rule(r"(?<![\w.,])(?P<number>\d{1,2})(?=[.,;:!?)\"']*$)")
def small_number(found: re.Match[str], context: Context) -> list[str]:
    """A day where a month stands beside it, else a number."""
    number, can_be_day = found["number"], 1 <= int(found["number"]) <= 31
    if can_be_day and MONTH.match(context.after) and found.end() == len(found.string):
        return [*([] if context.before.lower() == "the" else ["the"]), *numerals.day_of_month(number), "of"]
    if can_be_day and MONTH.fullmatch(context.before):
        return numerals.day_of_month(number)
    return numerals.digits(number) if context.in_phone_number else numerals.cardinal(number)


@rule(r"(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?!\d)")
def time_taken(found: re.Match[str], context: Context) -> list[str]:
    """2:05:30, of a marathon."""
    parts = [(int(found[unit]), unit) for unit in ("hours", "minutes", "seconds")]
    words = [[*numerals.cardinal(str(count)), unit if count != 1 else unit[:-1]] for count, unit in parts if count]
    return [word for part in words[:-1] for word in part] + [
        *(["and"] if words[1:] else []),
        *(words or [["zero", "seconds"]])[-1],
    ]


@rule(r"(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?(?P<half>[ap])\.?m(?![A-Za-z])\.?")
def time_of_half_day(found: re.Match[str], context: Context) -> list[str]:
    """7:30pm, 7.30pm, 10am."""
    return [*clock(found["hour"], found["minute"] or "00", full=""), found["half"], "m"]


@rule(r"(?P<hour>[01]?\d|2[0-4])(?P<mark>[:.])(?P<minute>[0-5]\d)(?![\d:%])")
def time_of_day(found: re.Match[str], context: Context) -> list[str] | None:
    """19:30; 12:00 is twelve o'clock, 14:00 fourteen hundred. 7.30 is a time, and 7:00 just seven, before "pm"."""
    rest = found.string[found.end() :] or context.after
    half_follows = re.match(r"(?:-\d{1,2}(?:[:.]\d\d)?)?[ap]\.?m\b", rest)
    if found["mark"] == "." and not half_follows:
        return None
    return clock(found["hour"], found["minute"], full="" if half_follows else "hundred" if int(found["hour"]) > 12 else "o'clock")


def clock(hour: str, minute: str, full: str) -> list[str]:
    hours = numerals.cardinal(str(int(hour)))
    if minute == "00":
        return [*hours, *([full] if full else [])]
    return [*hours, *(["oh"] if minute[0] == "0" else []), *numerals.cardinal(str(int(minute)))]


@rule(r"(?P<half>[ap])m(?!\w)")
def half_of_day(found: re.Match[str], context: Context) -> list[str] | None:
    """The pm of "7.30 pm"; "I am" goes on."""
    return [found["half"], "m"] if re.fullmatch(r"(?:\d{1,2}[:.]\d\d|1?\d)(?:-.*\d)?", context.before) else None


# Other numbers: decades, fractions, scores, ranges, quantities, phone numbers, codes

CALL_WORDS = frozenset({"call", "called", "calling", "dial", "dialled", "dialling", "phone", "ring", "rang"})
SCORE_WORDS = frozenset({
    "aggregate", "ahead", "beaten", "behind", "defeat", "draw", "drew", "lead", "leading", "led", "lose", "losing", "loss",
    "lost", "score", "victory", "win", "winning", "won",
})  # fmt: skip
METRE_CONTEXT = frozenset({
    "above", "away", "below", "breaststroke", "butterfly", "deep", "final", "freestyle", "high", "hurdles", "long", "pool",
    "relay", "sprint", "tall", "wide",
})  # fmt: skip
YEAR_PREPOSITIONS = frozenset({"by", "from", "in", "of", "since", "until"})
READ_AS_FIGURES = frozenset({"Airbus", "Boeing", "Flight", "flight"})


@rule(r"(?P<number>\d{2,})")
def phone_number(found: re.Match[str], context: Context) -> list[str] | None:
    """020 7946 0018, digit by digit; 999 after a word such as call."""
    called = context.before.lower() in CALL_WORDS and found.end() - found.start() == 3
    return numerals.digits(found["number"]) if context.in_phone_number or called else None


@rule(r"'?(?P<number>1[1-9]\d0|20\d0|[2-9]0)'?s(?![A-Za-z])")
def decade(found: re.Match[str], context: Context) -> list[str]:
    return numerals.decade(found["number"])


@rule(r"(?P<upper>[1-9])/(?P<lower>[2-9]|10)(?![\d/])")
def fraction(found: re.Match[str], context: Context) -> list[str]:
    """3/4; 1 1/2 is one and a half."""
    if int(found["upper"]) >= int(found["lower"]):
        return [*numerals.cardinal(found["upper"]), *numerals.cardinal(found["lower"])]
    words = numerals.fraction(found["upper"], found["lower"])
    if re.fullmatch(r"\d+", context.before):
        return ["and", *(["a", *words[1:]] if found["upper"] == "1" else words)]
    return words


@rule(r"(?P<feet>[3-8])['\u2032](?P<inches>1[01]|\d)(?:[\"\u2033]|'')?(?!\w)")
def height(found: re.Match[str], context: Context) -> list[str]:
    """5'11": five foot eleven."""
    return [*numerals.cardinal(found["feet"]), "foot", *numerals.cardinal(found["inches"])]


@rule(r"(?<![\w.,:/-])(?P<ours>\d{1,2})-(?P<theirs>\d{1,2})(?=[.,;:!?)\"']*$)")
def score(found: re.Match[str], context: Context) -> list[str] | None:
    """3-1, 2-2, 0-3: a range would rise, and not from 0; 1-3 is a score beside a word such as won."""
    ours, theirs = int(found["ours"]), int(found["theirs"])
    rises = ours < theirs and (ours > 0 or theirs > 9)
    if rises and not (context.before.lower() in SCORE_WORDS or context.after.lower().rstrip(".,;") in SCORE_WORDS):
        return None
    return [word for goals in (ours, theirs) for word in (numerals.cardinal(str(goals)) if goals else ["nil"])]


@rule(r"(?<=\d)/(?=\d)")
def beside(found: re.Match[str], context: Context) -> list[str]:
    """24/7, 9/11, 2023/24: one number after the other."""
    return []


@rule(r"[-:](?=(?:US|[CA])?[$\u00a3\u20ac\u00a5]?\d)")
def between_numbers(found: re.Match[str], context: Context) -> list[str] | None:
    """10-15, 3:1, £5m-£10m, 5km-10km."""
    return ["to"] if re.search(r"[\d\u00bc\u00bd\u00be][A-Za-z%\u00b0]{0,3}$", found.string[: found.start()]) else None


@rule(r"(?<!\w)-(?=\.?\d)")
def minus(found: re.Match[str], context: Context) -> list[str]:
    return ["minus"]


@rule(r"#(?=\d)")
def number_sign(found: re.Match[str], context: Context) -> list[str]:
    return ["number"]


@rule(r"(?<=\d)x(?=\d)")
def by(found: re.Match[str], context: Context) -> list[str]:
    """4x4, 1920x1080."""
    return ["by"]


@rule(r"(?P<number>\d+)m(?!\w)")
def minutes_or_metres(found: re.Match[str], context: Context) -> list[str] | None:
    """1h 20m, a 10m pool; elsewhere millions."""
    count = numerals.cardinal(found["number"])
    if re.fullmatch(r"\d{1,2}(?:h|hr|hrs)", context.before):
        return [*count, "minute" if found["number"] == "1" else "minutes"]
    if context.after.lower().rstrip(".,;:!?") in METRE_CONTEXT:
        return [*count, "metre" if context.counts_a_noun or found["number"] == "1" else "metres"]
    return None


@rule(rf"(?P<number>{AMOUNT})(?P<unit>{ANY_UNIT})(?![A-Za-z\d])")
def quantity(found: re.Match[str], context: Context) -> list[str]:
    """5km, 2in, 12m²; a 10km race has one kilometre ten times."""
    one, many = (UNITS | ATTACHED_UNITS)[found["unit"]]
    single = numerals.is_one(found["number"]) or (context.counts_a_noun and found.end() == len(found.string))
    return [*numerals.amount(found["number"]), *(one if single else many).split()]


@rule(rf"/(?P<unit>{ANY_UNIT}|{'|'.join(PER)})(?![A-Za-z])")
def per(found: re.Match[str], context: Context) -> list[str] | None:
    """£30/kg, 40 mg/l, £1/day."""
    counted = re.search(r"\d", found.string[: found.start()]) or is_number(context.before)
    if not counted:
        return None
    return ["per", *(PER.get(found["unit"]) or (UNITS | ATTACHED_UNITS)[found["unit"]][0]).split()]


@rule(rf"(?P<number>{AMOUNT})(?P<scale>{SCALE})")
def scaled(found: re.Match[str], context: Context) -> list[str]:
    return [*numerals.amount(found["number"]), SCALES[found["scale"]]]


@rule(r"(?<=[A-Z])(?P<number>\d{3})(?!\d)")
def code(found: re.Match[str], context: Context) -> list[str]:
    """A303, A380, BA117."""
    return numerals.figures(found["number"])


@rule(r"(?<![\d.,])(?P<number>1[1-9]\d\d|20\d\d)(?![\d%\u00b0\u00bc\u00bd\u00be]|[.,]\d)")
def year(found: re.Match[str], context: Context) -> list[str]:
    return numerals.year(found["number"])


@rule(r"(?<![\d.,])(?P<number>10\d\d)(?![\d.,%]*\d)")
def old_year(found: re.Match[str], context: Context) -> list[str] | None:
    """In 1066; elsewhere a thousand and sixty six."""
    return numerals.year(found["number"]) if context.before.lower() in YEAR_PREPOSITIONS else None


@rule(rf"(?P<number>{AMOUNT})")
def number(found: re.Match[str], context: Context) -> list[str]:
    if context.before in READ_AS_FIGURES and re.fullmatch(r"\d{3}", found[0]):
        return numerals.figures(found[0])
    return numerals.amount(found["number"])


@rule(r"(?<=\d)\.(?=\d)|(?<!\w)\.(?=\d)")
def point(found: re.Match[str], context: Context) -> list[str]:
    return ["point"]


@rule(r"\u00b0(?P<scale>[CF](?![A-Za-z]))?")
def degrees(found: re.Match[str], context: Context) -> list[str]:
    """20°C; a 45° slope is one of forty five degree."""
    single = context.counts_a_noun or found.string[: found.start()] == "1"
    return ["degree" if single else "degrees", *{"C": ["celsius"], "F": ["fahrenheit"]}.get(found["scale"] or "", [])]


@rule(r"(?P<power>[\u00b2\u00b3])")
def power(found: re.Match[str], context: Context) -> list[str]:
    return ["squared" if found["power"] == "\u00b2" else "cubed"]


@rule(r"~(?=[\d\u00a3\u20ac$\u00a5])")
def about(found: re.Match[str], context: Context) -> list[str]:
    return ["about"]
