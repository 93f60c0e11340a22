"""How money is said: amounts, ranges, what the next word owes."""

import re

from steps.init_story import numerals
from steps.init_story.amounts import AMOUNT, CURRENCY, SCALE, is_number
from steps.init_story.lexicon import CURRENCIES, CURRENCY_CODES, SCALES
from steps.init_story.readings import Around, Readings

__all__ = ["MONEY"]

LARGE = re.compile(r"(hundred|thousand|million|billion|trillion)\b")
MONEY_SCALE = rf"(?:{SCALE}|(?:K|M|Bn|B)(?![A-Za-z]))"
MONEY_AT_END = re.compile(rf"(?P<currency>{CURRENCY})(?:{AMOUNT})(?:-(?:{AMOUNT}))?$")

MONEY = say = Readings()


@say(
    rf"(?P<currency>{CURRENCY})(?P<low>{AMOUNT})(?P<first>{MONEY_SCALE})?-(?:{CURRENCY})?(?P<high>{AMOUNT})(?P<scale>{MONEY_SCALE})?"
)
def money_range(found: re.Match[str], around: Around) -> list[str] | None:
    """£5-£10m, £5m-£10m: five to ten million pounds; £500k-£1m has both its scales."""
    first, scale = found["first"], found["scale"]
    low = [*numerals.amount(found["low"]), *(scale_word(first) if first != scale else [])]
    said = [*low, "to", *numerals.amount(found["high"]), *scale_word(scale)]
    return said if LARGE.match(around.after) else [*said, *currency_words(found["currency"], many=True)]


@say(rf"(?P<sign>(?<!\w)-)?(?P<currency>{CURRENCY})(?P<number>{AMOUNT})(?P<scale>{MONEY_SCALE})?")
def money(found: re.Match[str], around: Around) -> list[str]:
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


@say(r"(?P<scale>hundred|thousand|million|billion|trillion)s?\b")
def large(found: re.Match[str], around: Around) -> list[str]:
    """The billion of "$3.2 billion" carries the dollars."""
    owed = MONEY_AT_END.search(around.before) if found.start() == 0 else None
    return [found[0], *(currency_words(owed["currency"], many=True) if owed else [])]


@say(rf"(?P<code>{'|'.join(CURRENCY_CODES)}|(?:US|[CA])?[$])(?!\w)")
def currency_behind(found: re.Match[str], around: Around) -> list[str] | None:
    """The GBP of "20 GBP"."""
    if found.start() or not is_number(around.before):
        return None
    return currency_words(found["code"], many=not numerals.is_one(around.before))
