"""A word's phones from the most reliable source: the dictionary, the known words it is made of, its letters, or the network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from newsreel.artifacts import PronouncedWords, Script, Token
from newsreel.story.pronunciation import add_genitive, cmu_dictionary, strip_stress, to_ascii_letters
from steps.g2p.gru import GraphemesToPhonemes

Phones = tuple[str, ...]
"""ARPAbet with stress."""
Form = Callable[[str, Mapping[str, Phones]], Phones | None]
"""The phones of a lower-case word from those of a dictionary; None if the word is not of this form."""

MIN_STEM_LETTERS = 3
MIN_PART_LETTERS = 4
"""With three, `therapist` is the rapist."""
AFTER_VOICELESS = frozenset({"P", "K", "F", "TH", "S", "SH", "CH"})
VOWEL_LETTERS = frozenset("aeiouy")
MAX_SPELLED_LETTERS = 6


@dataclass(frozen=True)
class Pronouncer:
    network: GraphemesToPhonemes
    known: Mapping[str, Phones] = field(default_factory=cmu_dictionary)

    def __call__(self, word: str) -> list[str]:
        """Phones without stress of a lower-case word, never empty; apostrophes mark a genitive or separate parts.

        `zelenskyi's` has the phones of zelenskyi and a Z.
        """
        return strip_stress(self.pronounce(word)[1]) or ["AH"]

    def pronounce_script(self, script: Script) -> PronouncedWords:
        """Every word of the script's transcript, in order."""
        words = ((token, word) for sentence in script.sentences for token in sentence for word in token.spoken)
        return PronouncedWords(words=tuple(tuple(self.pronounce_in_token(token, word)) for token, word in words))

    def pronounce_in_token(self, token: Token, word: str) -> list[str]:
        """A single letter among other words is pronounced by its name: the A of A&E is not the article."""
        if len(word) > 1 or len(token.spoken) == 1:
            return self(word)
        return strip_stress(self.known.get(f"{word}.", ())) or self(word)

    def pronounce(self, word: str) -> tuple[str, Phones]:
        """The source of a word's pronunciation, and its phones with stress.

        Sources: dictionary, genitive, joined (rock'n'roll), plural, past, participle, compound, letters, network.
        """
        word = to_ascii_letters(word)
        if word in self.known:
            return "dictionary", self.known[word]
        if word.endswith("'s") and len(word) > 2:
            source, stem = self.pronounce(word.removesuffix("'s"))
            return (source if source == "network" else "genitive"), add_genitive(stem)
        if "'" in word:
            parts = [self.pronounce(part)[1] for part in word.split("'") if part]
            return "joined", tuple(phone for part in parts for phone in part)
        for name, form in FORMS.items():
            if phones := form(word, self.known):
                return name, phones
        if len(word) <= MAX_SPELLED_LETTERS and not VOWEL_LETTERS & set(word):
            return "letters", tuple(phone for letter in word for phone in self.known.get(f"{letter}.", ()))
        return "network", tuple(self.network([word])[0])


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
    stem = first_known((word[:-2], word[:-1], undouble(word[:-2]), word[:-3] + "y" if word.endswith("ied") else ""), known)
    if not stem:
        return None
    last = known[stem][-1]
    return (*known[stem], *(("IH0", "D") if last in ("T", "D") else ("T",) if last in AFTER_VOICELESS else ("D",)))


def participle(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """tweeting, rebranding, vaping, planning."""
    if not word.endswith("ing"):
        return None
    stem = first_known((word[:-3], word[:-3] + "e", undouble(word[:-3])), known)
    return (*known[stem], "IH0", "NG") if stem else None


def compound(word: str, known: Mapping[str, Phones]) -> Phones | None:
    """doomscrolling, facepalm: two known words, split where the shorter one is longest; the first has the stress."""
    splits = sorted(range(MIN_PART_LETTERS, len(word) - MIN_PART_LETTERS + 1), key=lambda place: -min(place, len(word) - place))
    for place in splits:
        left, right = known.get(word[:place]), known.get(word[place:])
        if left and right:
            return (*left, *(phone.replace("1", "2") for phone in right))
    return None


def first_known(stems: tuple[str, ...], known: Mapping[str, Phones]) -> str | None:
    return next((stem for stem in stems if len(stem) >= MIN_STEM_LETTERS and stem in known), None)


def undouble(stem: str) -> str:
    """`plann` is plan."""
    return stem[:-1] if stem[-1:] == stem[-2:-1] else ""


FORMS: Mapping[str, Form] = {"plural": plural, "past": past, "participle": participle, "compound": compound}
"""Words made of known words, in the order in which they are tried.

Each is there because it errs less than the network on words that neither has seen (`python -m tests.bench.pronunciation`)."""
