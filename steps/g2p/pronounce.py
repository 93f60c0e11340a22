"""A word's phones by the surest way there is: a dictionary, the words that it is made of, its letters, or the network's guess."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsreel.artifacts import PronouncedWords, Script, Token
from newsreel.story.pronunciation import add_genitive, cmu_dictionary, strip_stress, to_ascii_letters
from steps.g2p.gru import GraphemesToPhonemes
from steps.g2p.word_forms import FORMS, Phones

__all__ = ["Pronouncer"]

VOWEL_LETTERS = frozenset("aeiouy")
MOST_LETTERS_SPELLED = 6


@dataclass(frozen=True)
class Pronouncer:
    guess: GraphemesToPhonemes
    known: Mapping[str, Phones] = field(default_factory=cmu_dictionary)

    def __call__(self, word: str) -> list[str]:
        """Phones without stress for a lower-case word; its apostrophes are those of a genitive or stand between parts.

        `zelenskyi's` has the phones of zelenskyi and a Z; never empty.
        """
        return strip_stress(self.routed(word)[1]) or ["AH"]

    def words_of(self, script: Script) -> PronouncedWords:
        """Every word of the script's transcript, in its order."""
        said = ((token, word) for sentence in script.sentences for token in sentence for word in token.spoken)
        return PronouncedWords(words=tuple(tuple(self.within(token, word)) for token, word in said))

    def within(self, token: Token, word: str) -> list[str]:
        return self(word) if len(word) > 1 or len(token.spoken) == 1 else self.letter(word)

    def letter(self, letter: str) -> list[str]:
        """A letter's own name: the A of A&E is no article."""
        return strip_stress(self.known.get(f"{letter}.", ())) or self(letter)

    def routed(self, word: str) -> tuple[str, Phones]:
        """The way by which a word was found, and its phones with stress.

        The ways: dictionary, genitive, joined (rock'n'roll), plural, past, participle, compound, letters, network.
        """
        word = to_ascii_letters(word)
        if word in self.known:
            return "dictionary", self.known[word]
        if word.endswith("'s") and len(word) > 2:
            route, stem = self.routed(word.removesuffix("'s"))
            return (route if route == "network" else "genitive"), add_genitive(stem)
        if "'" in word:
            parts = [self.routed(part)[1] for part in word.split("'") if part]
            return "joined", tuple(phone for part in parts for phone in part)
        for name, form in FORMS.items():
            if phones := form(word, self.known):
                return name, phones
        if len(word) <= MOST_LETTERS_SPELLED and not VOWEL_LETTERS & set(word):
            return "letters", tuple(phone for letter in word for phone in self.known.get(f"{letter}.", ()))
        return "network", tuple(self.guess([word])[0])
