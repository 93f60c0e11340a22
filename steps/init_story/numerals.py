"""Numbers to the words that a newsreader says for them, on top of num2words."""

import re
from decimal import Decimal

from num2words import num2words

from newsreel.errors import BadInput

MAX_CARDINAL_DIGITS = 15
"""Longer numbers are spoken digit by digit, as are those that begin with a zero."""
MAX_DIGITS = 30
FRACTIONS = {"\u00bc": "a quarter", "\u00bd": "a half", "\u00be": "three quarters"}
DENOMINATORS = {2: "half", 4: "quarter"}


def words(text: str) -> list[str]:
    """`one thousand, two hundred and thirty-four` as single words."""
    return re.findall(r"[a-z]+", text)


def digits(number: str) -> list[str]:
    """`007`: zero zero seven."""
    return [num2words(int(digit)) for digit in number]


def cardinal(number: str) -> list[str]:
    """`1,200`: one thousand two hundred. Raises BadInput for more than MAX_DIGITS digits."""
    plain = number.replace(",", "")
    if len(plain) > MAX_DIGITS:
        raise BadInput(f"a number of {len(plain)} digits cannot be spoken; at most {MAX_DIGITS}, or write it in words")
    if len(plain) > MAX_CARDINAL_DIGITS or (len(plain) > 1 and plain.startswith("0")):
        return digits(plain)
    return words(num2words(int(plain)))


def figures(number: str) -> list[str]:
    """`303`, `380`, `117`, as in names of roads and planes: three oh three, three eighty, one one seven."""
    if number.endswith("0") and number[1] != "0":
        return [*cardinal(number[0]), *cardinal(number[1:])]
    return cardinal(number) if number.endswith("00") else ["oh" if digit == "0" else num2words(int(digit)) for digit in number]


def ordinal(number: str) -> list[str]:
    """`22`: twenty second."""
    return words(num2words(int(number), to="ordinal"))


def day_of_month(number: str) -> list[str]:
    """`5`: fifth; `05` too."""
    return ordinal(number)


def year(number: str) -> list[str]:
    """`1905`: nineteen oh five; `2024`: twenty twenty four."""
    return words(num2words(int(number), to="year"))


def decade(number: str) -> list[str]:
    """`1990` or `90`: nineteen nineties, nineties."""
    result = year(number) if len(number) == 4 else words(num2words(int(number)))
    last = result[-1]
    return [*result[:-1], last[:-1] + "ies" if last.endswith("y") else last + "s"]


def amount(number: str) -> list[str]:
    """A number with thousands, decimals and a fraction sign: `1,200.5`, `2½`."""
    sign = number[-1] if number[-1] in FRACTIONS else ""
    whole, point, after = number.removesuffix(sign).partition(".")
    result = cardinal(whole) if whole else []
    if point:
        result += ["point", *digits(after)]
    if sign:
        result += [*(["and"] if result else []), *FRACTIONS[sign].split()]
    return result


def fraction(upper: str, lower: str) -> list[str]:
    """`3`, `4`: three quarters."""
    count, parts = int(upper), int(lower)
    name = [DENOMINATORS[parts]] if parts in DENOMINATORS else ordinal(lower)
    if count > 1:
        name[-1] = "halves" if parts == 2 else name[-1] + "s"
    return [*cardinal(upper), *name]


def roman(number: str) -> int:
    """`XIV`: 14."""
    values = [{"I": 1, "V": 5, "X": 10, "L": 50}[letter] for letter in number]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def is_one(number: str) -> bool:
    """Whether a unit after it stands in the singular."""
    plain = number.replace(",", "")
    return bool(re.fullmatch(r"[\d.]+", plain)) and Decimal(plain) == 1
