"""A scene's script to audio: hibari sentence by sentence, with a newsreader's pauses and one level for all scenes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hibari import Hibari
from hibari.tts import ASSETS
from hibari.voices import VOICES

from newsreel.artifacts import Script, Token
from newsreel.errors import BadInput, BadWeights
from newsreel.media.speech import Waveform, trim_silence, write_scene_wav
from newsreel.story.pronunciation import VOWELS

SAMPLE_RATE = 24_000

PHONEMES = {
    "AA": "\u0251", "AE": "\u00e6", "AH": "\u028c", "AO": "\u0254", "AW": "W", "AY": "I", "EH": "\u025b", "ER": "\u025c\u0279",
    "EY": "A", "IH": "\u026a", "IY": "i", "OW": "O", "OY": "Y", "UH": "\u028a", "UW": "u",
    "CH": "\u02a7", "DH": "\u00f0", "G": "\u0261", "HH": "h", "JH": "\u02a4", "NG": "\u014b", "R": "\u0279", "SH": "\u0283",
    "TH": "\u03b8", "Y": "j", "ZH": "\u0292",
}  # fmt: skip
"""ARPAbet to the phonemes of hibari's American voices: one letter each, IPA with capitals for diphthongs. The other consonants
are their own letter in lower case."""
UNSTRESSED = {"AH": "\u0259", "ER": "\u0259\u0279"}
STRESS = {"0": "", "1": "\u02c8", "2": "\u02cc"}
"""Written before the vowel."""


class Synthesizer(Protocol):
    def __call__(self, text: str, speed: float = 1.0, seed: int | None = None) -> Waveform: ...


@dataclass(frozen=True)
class Speaker:
    """A loaded voice."""

    synthesize: Synthesizer

    @classmethod
    def load(cls, voice: str) -> "Speaker":
        """Load a voice from hibari's wheel; nothing is ever downloaded. Raises BadInput, BadWeights."""
        if voice not in VOICES:
            raise BadInput(f"hibari has no voice {voice!r}; it has {', '.join(sorted(VOICES))}")
        model = Path(ASSETS) / VOICES[voice]["file"]
        if not model.is_file():
            raise BadWeights(f"voice {voice!r} is not in hibari's wheel; choose one that is, such as heart")
        return cls(Hibari(voice=voice, model=str(model)))

    def speak(self, script: Script, path: Path) -> None:
        """Write a scene's WAV: mono, 16 bits, 24 kHz, padded to a whole number of video frames."""
        write_scene_wav(path, [self.sentence(sentence) for sentence in script.sentences], SAMPLE_RATE)

    def sentence(self, tokens: tuple[Token, ...]) -> Waveform:
        """One sentence without silence at its ends; the same words always sound the same."""
        text = to_hibari_text(tokens)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        sound = trim_silence(self.synthesize(text, seed=seed), SAMPLE_RATE)
        if sound is None:
            raise BadInput(f"the voice has no sound for {text[:60]!a}; write it another way")
        return sound


def to_hibari_text(tokens: tuple[Token, ...]) -> str:
    """The text of a sentence for hibari: plain words as written, others as spoken, with punctuation for the intonation."""
    last = len(tokens) - 1
    parts = [token_text(token, ends=place == last) for place, token in enumerate(tokens)]
    return " ".join(part for part in parts if part)


def token_text(token: Token, ends: bool) -> str:
    """The text of a token; `ends` is whether it is the last of its sentence.

    `£1,200,` is "one thousand two hundred pounds,"; `(NHS)` is "NHS"; a lone dash stays a dash. The full stop of `Dr.` does not
    end the sentence, so only the last token keeps one. A given pronunciation is passed as phonemes.
    """
    core = token.shown.replace("\u2019", "'").strip("\"'()\u2018\u201c\u201d.,;:!?\u2026")
    if not token.spoken:
        return "\u2014" if re.fullmatch("[-\u2013\u2014]+", core) else ""
    if token.phones:
        return f"[{core}](/{to_hibari_phonemes(token.phones)}/)" + punctuation_of(token.shown, ends)
    initials = len(token.spoken) > 1 and all(len(word) == 1 for word in token.spoken)
    plain = not initials and re.sub(r"[^a-z']", "", core.lower()) == "".join(token.spoken)
    return (core if plain else join_initials(token.spoken)) + punctuation_of(token.shown, ends)


def punctuation_of(shown: str, ends: bool) -> str:
    found = re.search(r"([,;:.!?\u2026])[\"'()\u2019\u201d]*$", shown)
    return found[1] if found and (ends or found[1] != ".") else ""


def join_initials(words: tuple[str, ...]) -> str:
    """`n h s` has the stress of a name when written NHS; a lone letter a is marked, as it is not the article."""
    text = " ".join(words)
    text = re.sub(r"\b[a-z](?: [a-z]\b)+(?!')", lambda run: run[0].replace(" ", "").upper(), text)
    return re.sub(r"\ba\b", "[a](/\u02c8A/)", text) if len(words) > 1 and words[0] == "a" else text


def to_hibari_phonemes(phones: Sequence[str]) -> str:
    r"""Convert the ARPAbet phones of a word to phonemes for `[word](/phonemes/)`.

    >>> to_hibari_phonemes(("B", "EY1", "B", "IY0"))
    'b\u02c8Abi'

    A T between vowels of which the second has no stress is the tap of American English, as in hibari's own dictionary.
    """
    phonemes = []
    for before, phone, after in zip(("", *phones), phones, (*phones[1:], ""), strict=False):
        name, stress = phone.rstrip("012"), phone[-1]
        if name in VOWELS:
            phonemes.append(STRESS[stress] + (UNSTRESSED if stress == "0" and name in UNSTRESSED else PHONEMES)[name])
        else:
            phonemes.append("T" if phone == "T" and is_tapped(before, after) else PHONEMES.get(phone, phone.lower()))
    return "".join(phonemes)


def is_tapped(before: str, after: str) -> bool:
    return (before == "R" or before.rstrip("012") in VOWELS) and after.endswith("0")
