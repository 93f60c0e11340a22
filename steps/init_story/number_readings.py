"""How numbers are said: money, dates, times, ranges, fractions, ordinals, quantities, years."""

import re

from steps.init_story import numerals
from steps.init_story.lexicon import CURRENCIES, MONTHS, SCALES, UNITS
from steps.init_story.readings import Around, Readings

__all__ = ["AMOUNT", "NUMBERS", "UNIT"]

AMOUNT = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d+)?[\u00bc\u00bd\u00be]?|[\u00bc\u00bd\u00be]"
CURRENCY = r"(?:US|[CA])?[$]|[\u00a3\u20ac\u00a5]"
SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|tn|m|b|k)(?![A-Za-z])"
LARGE = re.compile(r"(hundred|thousand|million|billion|trillion)\b")
MONEY_AT_END = re.compile(rf"(?P<currency>{CURRENCY})(?:{AMOUNT})(?:-(?:{AMOUNT}))?$")
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
MONTH = re.compile("|".join(f"{month[:3]}\\.|{month}\\b" for month in MONTHS) + "|Sept\\.")

NUMBERS = say = Readings()


@say(rf"(?P<currency>{CURRENCY})(?P<low>{AMOUNT})-(?:{CURRENCY})?(?P<high>{AMOUNT})(?P<scale>{SCALE})?")
def money_range(found: re.Match[str], around: Around) -> list[str]:
    """£5-£10m: five to ten million pounds."""
    said = [*numerals.amount(found["low"]), "to", *numerals.amount(found["high"]), *scale_word(found["scale"])]
    return said if LARGE.match(around.after) else [*said, *currency_words(found["currency"], many=True)]


@say(rf"(?P<sign>-?)(?P<currency>{CURRENCY})(?P<number>{AMOUNT})(?P<scale>{SCALE})?")
def money(found: re.Match[str], around: Around) -> list[str]:
    """£1,200, $3.2 (billion), €5m, £2.50."""
    number, scale = found["number"], found["scale"]
    said = ["minus"] if found["sign"] else []
    if not scale and not LARGE.match(around.after) and re.fullmatch(r"[\d,]+\.\d\d", number):
        return [*said, *coins(found["currency"], *number.split("."))]
    said += [*numerals.amount(number), *scale_word(scale)]
    if not scale and LARGE.match(around.after):
        return said
    return [*said, *currency_words(found["currency"], many=bool(scale) or not numerals.is_one(number))]


def coins(currency: str, whole: str, hundredths: str) -> list[str]:
    """`2`, `50`: two pounds fifty, two dollars and fifty cents."""
    one, many = CURRENCIES[currency[-1]][2:]
    pounds = [*numerals.cardinal(whole), *currency_words(currency, many=not numerals.is_one(whole))]
    if hundredths == "00":
        return pounds
    cents = [*numerals.cardinal(str(int(hundredths))), *([one] if hundredths == "01" else [many])]
    if not whole.strip("0,"):
        return cents
    return [*pounds, *(cents[:-1] if currency == "\u00a3" and hundredths[0] != "0" else ["and", *cents])]


def currency_words(currency: str, many: bool) -> list[str]:
    one_or_many = CURRENCIES[currency[-1]][1 if many else 0]
    return [*{"US": ["u", "s"], "C": ["canadian"], "A": ["australian"]}.get(currency[:-1], []), one_or_many]


def scale_word(scale: str | None) -> list[str]:
    return [SCALES[scale]] if scale else []


@say(r"(?P<scale>hundred|thousand|million|billion|trillion)s?\b")
def large(found: re.Match[str], around: Around) -> list[str]:
    """The billion of "$3.2 billion" carries the dollars."""
    owed = MONEY_AT_END.search(around.before) if found.start() == 0 else None
    return [found[0], *(currency_words(owed["currency"], many=True) if owed else [])]


@say(r"(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
def iso_date(found: re.Match[str], around: Around) -> list[str]:
    """2024-03-05: the fifth of march twenty twenty four."""
    month = MONTHS[int(found["month"]) - 1].lower()
    return ["the", *numerals.day_of_month(found["day"]), "of", month, *numerals.year(found["year"])]


@say(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>[12]\d{3}|\d\d)(?!\d)")
def slash_date(found: re.Match[str], around: Around) -> list[str]:
    """10/12/2019: ten twelve twenty nineteen; which is the month is not for us to guess."""
    parts = [*numerals.cardinal(str(int(found["first"]))), *numerals.cardinal(str(int(found["second"])))]
    return parts + (numerals.year(found["year"]) if len(found["year"]) == 4 else numerals.cardinal(found["year"]))


@say(r"(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?(?P<half>[ap])\.?m(?![A-Za-z])\.?")
def time_of_half_day(found: re.Match[str], around: Around) -> list[str]:
    """7:30pm, 7.30pm, 10am."""
    return [*clock(found["hour"], found["minute"] or "00", full=""), found["half"], "m"]


@say(r"(?P<hour>[01]?\d|2[0-4])(?P<mark>[:.])(?P<minute>[0-5]\d)(?![\d:])")
def time_of_day(found: re.Match[str], around: Around) -> list[str] | None:
    """19:30; 12:00 is twelve o'clock. 7.30 is a time, and 7:00 just seven, before "pm"."""
    half_follows = re.match(r"[ap]\.?m\b", around.after)
    if found["mark"] == "." and not half_follows:
        return None
    return clock(found["hour"], found["minute"], full="" if half_follows else "o'clock")


def clock(hour: str, minute: str, full: str) -> list[str]:
    hours = numerals.cardinal(str(int(hour)))
    if minute == "00":
        return [*hours, *([full] if full else [])]
    return [*hours, *(["oh"] if minute[0] == "0" else []), *numerals.cardinal(str(int(minute)))]


@say(r"(?P<number>\d{1,12})(?:st|nd|rd|th)(?![A-Za-z])")
def ordinal(found: re.Match[str], around: Around) -> list[str]:
    return numerals.ordinal(found["number"])


@say(r"'?(?P<number>1[1-9]\d0|20\d0|[2-9]0)'?s(?![A-Za-z])")
def decade(found: re.Match[str], around: Around) -> list[str]:
    return numerals.decade(found["number"])


@say(r"(?P<upper>[1-9])/(?P<lower>[2-9]|10)(?![\d/])")
def fraction(found: re.Match[str], around: Around) -> list[str]:
    if int(found["upper"]) >= int(found["lower"]):
        return [*numerals.cardinal(found["upper"]), *numerals.cardinal(found["lower"])]
    return numerals.fraction(found["upper"], found["lower"])


@say(r"(?<=\d)/(?=\d)")
def beside(found: re.Match[str], around: Around) -> list[str]:
    """24/7, 9/11, 2023/24: one number after the other."""
    return []


@say(r"(?<=\d)[-:](?=\d)|(?<=[\d%\u00bc\u00bd\u00bekmnp])-(?=(?:US|[CA])?[$\u00a3\u20ac\u00a5]?\d)")
def between_numbers(found: re.Match[str], around: Around) -> list[str]:
    """10-15, 3:1, £5m-£10m."""
    return ["to"]


@say(r"(?<!\w)-(?=\.?\d)")
def minus(found: re.Match[str], around: Around) -> list[str]:
    return ["minus"]


@say(r"#(?=\d)")
def number_sign(found: re.Match[str], around: Around) -> list[str]:
    return ["number"]


@say(rf"(?P<number>{AMOUNT})(?P<unit>{UNIT})(?![A-Za-z])")
def quantity(found: re.Match[str], around: Around) -> list[str]:
    return [*numerals.amount(found["number"]), *UNITS[found["unit"]][0 if numerals.is_one(found["number"]) else 1].split()]


@say(rf"(?P<number>{AMOUNT})(?P<scale>{SCALE})")
def scaled(found: re.Match[str], around: Around) -> list[str]:
    return [*numerals.amount(found["number"]), *scale_word(found["scale"])]


@say(r"(?<![\w.,])(?P<number>\d{1,2})(?=[.,;:!?)\"']*$)")
def small_number(found: re.Match[str], around: Around) -> list[str]:
    """A day of a month where one stands beside it, else a number."""
    number, is_day = found["number"], 1 <= int(found["number"]) <= 31
    if is_day and MONTH.match(around.after) and found.end() == len(found.string):
        return [*([] if around.before.lower() == "the" else ["the"]), *numerals.day_of_month(number), "of"]
    if is_day and MONTH.fullmatch(around.before):
        return numerals.day_of_month(number)
    return numerals.cardinal(number)


@say(r"(?<![\d.,])(?P<number>1[1-9]\d\d|20\d\d)(?![\d%\u00b0\u00bc\u00bd\u00be]|[.,]\d)")
def year(found: re.Match[str], around: Around) -> list[str]:
    return numerals.year(found["number"])


@say(rf"(?P<number>{AMOUNT})")
def number(found: re.Match[str], around: Around) -> list[str]:
    return numerals.amount(found["number"])


@say(r"(?<=\d)\.(?=\d)|(?<!\w)\.(?=\d)")
def point(found: re.Match[str], around: Around) -> list[str]:
    return ["point"]


@say(r"\u00b0(?P<scale>[CF](?![A-Za-z]))?")
def degrees(found: re.Match[str], around: Around) -> list[str]:
    return ["degrees", *{"C": ["celsius"], "F": ["fahrenheit"]}.get(found["scale"] or "", [])]
