"""Tables for the spoken form of news text: abbreviations, units, currencies, acronyms; and patterns of amounts made of them."""

import re

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip

DAYS = {
    "Mon": "monday", "Tue": "tuesday", "Tues": "tuesday", "Wed": "wednesday", "Thu": "thursday", "Thur": "thursday",
    "Thurs": "thursday", "Fri": "friday", "Sat": "saturday", "Sun": "sunday",
}  # fmt: skip
"""Abbreviations only before a date: on Sat 3 May."""

TITLES = {
    "Dr": "doctor", "Mr": "mister", "Mrs": "missus", "Ms": "miz", "Prof": "professor", "Rev": "reverend", "Hon": "honourable",
    "Gen": "general", "Lt": "lieutenant", "Col": "colonel", "Maj": "major", "Capt": "captain", "Cpl": "corporal",
    "Sgt": "sergeant", "Cllr": "councillor", "Sen": "senator", "Rep": "representative", "Gov": "governor",
    "Supt": "superintendent",
}  # fmt: skip

ABBREVIATIONS = {
    **{f"{short}.": long for short, long in TITLES.items()},
    **{month[:3] + ".": month.lower() for month in MONTHS if month != "May"},
    "Sept.": "september", "Jr.": "junior", "Sr.": "senior", "Mt.": "mount", "Ft.": "fort", "Ave.": "avenue", "Rd.": "road",
    "Co.": "company", "Corp.": "corporation", "Inc.": "incorporated", "Ltd.": "limited", "Dept.": "department",
    "Bros.": "brothers",
    "approx.": "approximately", "est.": "estimated", "vs.": "versus", "v.": "versus", "etc.": "et cetera", "e.g.": "for example",
    "i.e.": "that is", "a.k.a.": "also known as", "Ph.D.": "p h d",
}  # fmt: skip
"""Written with their full stop. `St.` and `No.` depend on the next word."""

ABBREVIATED_WORDS = {
    **{short: long for short, long in TITLES.items() if short not in {"Gen", "Hon", "Col", "Rep", "Gov", "Sen", "Rev", "Maj"}},
    "vs": "versus", "PhD": "p h d", "uk": "u k", "Ltd": "limited", "Corp": "corporation", "etc": "et cetera", "Sept": "september",
}  # fmt: skip
"""Written without one."""

CURRENCIES = {
    "\u00a3": ("pound", "pounds", "penny", "pence"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "\u20ac": ("euro", "euros", "cent", "cents"),
    "\u00a5": ("yen", "yen", "sen", "sen"),
}
"""Singular and plural of the unit and of its hundredth."""

CURRENCY_CODES = {"GBP": "\u00a3", "EUR": "\u20ac", "USD": "US$", "AUD": "A$", "CAD": "C$", "JPY": "\u00a5"}

SCALES = {
    "m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion", "k": "thousand",
    "K": "thousand", "M": "million", "B": "billion", "Bn": "billion",
    **{word: word for word in ("hundred", "thousand", "million", "billion", "trillion")},
}  # fmt: skip

UNITS = {
    "km": ("kilometre", "kilometres"), "cm": ("centimetre", "centimetres"), "mm": ("millimetre", "millimetres"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"), "ft": ("foot", "feet"),
    "lb": ("pound", "pounds"), "lbs": ("pounds", "pounds"), "oz": ("ounce", "ounces"), "ml": ("millilitre", "millilitres"),
    "mph": ("mile per hour", "miles per hour"), "kph": ("kilometre per hour", "kilometres per hour"),
    "km/h": ("kilometre per hour", "kilometres per hour"), "p": ("penny", "pence"), "hrs": ("hours", "hours"),
    "sec": ("second", "seconds"), "mins": ("minutes", "minutes"), "min": ("minute", "minutes"), "ha": ("hectare", "hectares"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "MWh": ("megawatt hour", "megawatt hours"), "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"), "GW": ("gigawatt", "gigawatts"), "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"), "TB": ("terabyte", "terabytes"), "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"),
    "l": ("litre", "litres"), "pc": ("percent", "percent"),
    "m\u00b2": ("square metre", "square metres"), "km\u00b2": ("square kilometre", "square kilometres"),
    "cm\u00b2": ("square centimetre", "square centimetres"), "ft\u00b2": ("square foot", "square feet"),
    "m\u00b3": ("cubic metre", "cubic metres"), "cm\u00b3": ("cubic centimetre", "cubic centimetres"),
    "\u00b5g": ("microgram", "micrograms"), "\u00b5m": ("micrometre", "micrometres"), "kB": ("kilobyte", "kilobytes"),
    "Mbps": ("megabit per second", "megabits per second"), "Gbps": ("gigabit per second", "gigabits per second"),
    "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"),
}  # fmt: skip

ATTACHED_UNITS = {
    "in": ("inch", "inches"), "mi": ("mile", "miles"), "yd": ("yard", "yards"), "t": ("tonne", "tonnes"), "h": ("hour", "hours"),
    "hr": ("hour", "hours"), "V": ("volt", "volts"), "W": ("watt", "watts"), "x": ("times", "times"),
}  # fmt: skip
"""Units only directly after a number, without a space."""

PER = {"day": "day", "week": "week", "month": "month", "year": "year", "hour": "hour", "hr": "hour", "night": "night",
       "person": "person", "head": "head", "min": "minute", "s": "second", "h": "hour"}  # fmt: skip
"""After a slash: £1/day."""

SLASHED = {"and/or": "and or", "c/o": "care of", "w/o": "without", "n/a": "not applicable"}

SPOKEN_AS_WORDS = frozenset({
    "aids", "asean", "aukus", "brics", "cobra", "covid", "defra", "ebay", "fifa", "ikea", "interpol", "isis", "nafta", "nasa",
    "nato", "ofcom", "ofgem", "ofsted", "ofwat", "opec", "sars", "uefa", "unesco", "unicef", "unifil", "wada",
})  # fmt: skip
"""Acronyms spoken as words, not spelled out."""

SHORT_WORDS = frozenset({
    "a", "all", "and", "any", "are", "as", "at", "be", "but", "by", "can", "do", "for", "get", "go", "had", "has", "he",
    "her", "him", "his", "how", "i", "if", "in", "is", "its", "law", "man", "may", "me", "my", "new", "no", "not",
    "now", "of", "off", "old", "on", "one", "or", "our", "out", "own", "say", "see", "set", "she", "so", "the", "to",
    "top", "two", "up", "war", "was", "way", "we", "why", "yes", "you",
})  # fmt: skip
"""Words of up to three letters that may be in capitals for emphasis; IT, US and WHO are not among them."""

SENTENCE_OPENERS = frozenset({
    "A", "After", "All", "An", "And", "As", "At", "Before", "But", "By", "During", "For", "From", "He", "Her", "His",
    "However", "I", "If", "In", "It", "Its", "Last", "Meanwhile", "More", "My", "Nearly", "No", "Now", "On", "One",
    "Our", "She", "Since", "So", "Some", "That", "The", "Their", "Then", "There", "These", "They", "This", "Those",
    "To", "Today", "Two", "Until", "We", "What", "When", "While", "Who", "With", "Yet", "You",
})  # fmt: skip
"""After "U.S." or "p.m." only such a word begins a sentence: not in "the U.S. President"."""


AMOUNT = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d+)?[\u00bc\u00bd\u00be]?|[\u00bc\u00bd\u00be]"
CURRENCY = rf"(?:US|[CA])?[$]|[\u00a3\u20ac\u00a5]|\b(?:{'|'.join(CURRENCY_CODES)})(?=\d)"
SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|tn|m|b|k)(?![A-Za-z])"
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
ANY_UNIT = "|".join(re.escape(unit) for unit in sorted({*UNITS, *ATTACHED_UNITS}, key=len, reverse=True))


def is_number(token: str) -> bool:
    """`5`, `1,200.5`, `5-10`: what a unit in the next token counts."""
    return bool(re.fullmatch(rf"[-+~]?(?:{AMOUNT})(?:-(?:{AMOUNT}))?", token))
