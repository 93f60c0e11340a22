"""How dates and times are said."""

import re

from steps.init_story import numerals
from steps.init_story.lexicon import DAYS, MONTHS
from steps.init_story.readings import Around, Readings

__all__ = ["TIMES"]

SHORT_MONTHS = {**{month[:3]: month.lower() for month in MONTHS}, "Sept": "september"}
MONTH = re.compile("|".join([*MONTHS, *(rf"{short}\b\.?" for short in SHORT_MONTHS)]))
DAY = r"(?:0?[1-9]|[12]\d|3[01])"

TIMES = say = Readings()


@say(r"(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
def iso_date(found: re.Match[str], around: Around) -> list[str]:
    """2024-03-05: the fifth of march twenty twenty four."""
    month = MONTHS[int(found["month"]) - 1].lower()
    return ["the", *numerals.day_of_month(found["day"]), "of", month, *numerals.year(found["year"])]


@say(r"(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})(?P=mark)(?P<year>[12]\d{3}|\d\d)(?!\d)")
def numeric_date(found: re.Match[str], around: Around) -> list[str] | None:
    """10/12/2019: ten twelve twenty nineteen; which is the month is not for us to guess. 1.2.10 is no date."""
    if found["mark"] == "." and len(found["year"]) < 4:
        return None
    parts = [*numerals.cardinal(str(int(found["first"]))), *numerals.cardinal(str(int(found["second"])))]
    return parts + (numerals.year(found["year"]) if len(found["year"]) == 4 else numerals.cardinal(found["year"]))


@say(r"(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?")
def short_day(found: re.Match[str], around: Around) -> list[str] | None:
    """Sat 3 May; elsewhere the sun."""
    return [DAYS[found["day"]]] if is_day(around.after) or MONTH.match(around.after) else None


@say(r"(?P<month>" + "|".join(sorted(SHORT_MONTHS, key=len, reverse=True)) + r")(?!\w)\.?")
def short_month(found: re.Match[str], around: Around) -> list[str] | None:
    """6 Jan, Sept 11, Mar 2026."""
    beside_a_date = is_day(around.before) or is_day(around.after) or re.match(r"[12]\d{3}\b", around.after)
    return [SHORT_MONTHS[found["month"]]] if beside_a_date else None


def is_day(token: str) -> bool:
    return bool(re.fullmatch(rf"{DAY}(?:st|nd|rd|th)?(?:-{DAY})?[,.;:]?", token))


@say(rf"(?P<first>{DAY})-(?P<last>{DAY})(?=[.,;:!?)\"']*$)")
def days(found: re.Match[str], around: Around) -> list[str] | None:
    """3-5 May, May 3-5."""
    first, last = numerals.day_of_month(found["first"]), numerals.day_of_month(found["last"])
    if MONTH.match(around.after) and found.end() == len(found.string):
        return ["the", *first, "to", "the", *last, "of"]
    return [*first, "to", *last] if MONTH.fullmatch(around.before) else None


@say(r"(?P<number>\d{1,12})(?:st|nd|rd|th)(?![A-Za-z])")
def ordinal(found: re.Match[str], around: Around) -> list[str]:
    """21st; 3rd May is the third of May."""
    said = numerals.ordinal(found["number"])
    if is_day(found["number"]) and MONTH.match(around.after) and found.end() == len(found.string):
        return [*([] if around.before.lower() == "the" else ["the"]), *said, "of"]
    return said


@say(r"(?<![\w.,])(?P<number>\d{1,2})(?=[.,;:!?)\"']*$)")
def small_number(found: re.Match[str], around: Around) -> list[str]:
    """A day of a month where one stands beside it, else a number."""
    number, can_be_day = found["number"], 1 <= int(found["number"]) <= 31
    if can_be_day and MONTH.match(around.after) and found.end() == len(found.string):
        return [*([] if around.before.lower() == "the" else ["the"]), *numerals.day_of_month(number), "of"]
    if can_be_day and MONTH.fullmatch(around.before):
        return numerals.day_of_month(number)
    return numerals.digits(number) if around.in_phone_number else numerals.cardinal(number)


@say(r"(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?!\d)")
def time_taken(found: re.Match[str], around: Around) -> list[str]:
    """2:05:30, of a marathon."""
    parts = [(int(found[unit]), unit) for unit in ("hours", "minutes", "seconds")]
    said = [[*numerals.cardinal(str(count)), unit if count != 1 else unit[:-1]] for count, unit in parts if count]
    return [word for part in said[:-1] for word in part] + [*(["and"] if said[1:] else []), *(said or [["zero", "seconds"]])[-1]]


@say(r"(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?(?P<half>[ap])\.?m(?![A-Za-z])\.?")
def time_of_half_day(found: re.Match[str], around: Around) -> list[str]:
    """7:30pm, 7.30pm, 10am."""
    return [*clock(found["hour"], found["minute"] or "00", full=""), found["half"], "m"]


@say(r"(?P<hour>[01]?\d|2[0-4])(?P<mark>[:.])(?P<minute>[0-5]\d)(?![\d:%])")
def time_of_day(found: re.Match[str], around: Around) -> list[str] | None:
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


@say(r"(?P<half>[ap])m(?!\w)")
def half_of_day(found: re.Match[str], around: Around) -> list[str] | None:
    """The pm of "7.30 pm"; "I am" goes on."""
    return [found["half"], "m"] if re.fullmatch(r"(?:\d{1,2}[:.]\d\d|1?\d)(?:-.*\d)?", around.before) else None
