"""A script to sound: hibari sentence by sentence, with a newsreader's pauses, one level for all scenes."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hibari import Hibari
from hibari.tts import ASSETS
from hibari.voices import VOICES

from newsreel.artifacts import Script, Token
from newsreel.errors import BadInput, BadWeights
from newsreel.media.speech import Waveform, trim_silence, write_scene_wav
from steps.hibari.phonemes import phonemes_of

__all__ = ["SAMPLE_RATE", "Speaker", "text_of"]

SAMPLE_RATE = 24_000


class Synthesiser(Protocol):
    def __call__(self, text: str, speed: float = 1.0, seed: int | None = None) -> Waveform: ...


@dataclass(frozen=True)
class Speaker:
    """A voice, loaded."""

    synthesise: Synthesiser

    @classmethod
    def load(cls, voice: str) -> "Speaker":
        """Load a voice that lies in hibari's wheel; nothing is ever downloaded. Raises BadInput, BadWeights."""
        if voice not in VOICES:
            raise BadInput(f"hibari has no voice {voice!r}; it has {', '.join(sorted(VOICES))}")
        model = Path(ASSETS) / VOICES[voice]["file"]
        if not model.is_file():
            raise BadWeights(f"voice {voice!r} is not in hibari's wheel; choose one that is, such as heart")
        return cls(Hibari(voice=voice, model=str(model)))

    def speak(self, script: Script, path: Path) -> None:
        """Write a scene's sound: mono, 16 bits, 24 kHz, padded to a whole number of video frames."""
        write_scene_wav(path, [self.sentence(sentence) for sentence in script.sentences], SAMPLE_RATE)

    def sentence(self, tokens: tuple[Token, ...]) -> Waveform:
        """One sentence without silence around it; the same words always sound the same."""
        text = text_of(tokens)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        sound = trim_silence(self.synthesise(text, seed=seed), SAMPLE_RATE)
        if sound is None:
            raise BadInput(f"the voice has no sound for {text[:60]!a}; write it another way")
        return sound


def text_of(tokens: tuple[Token, ...]) -> str:
    """A sentence as hibari reads it best: plain words as written, the rest as spoken, with the marks that make its melody."""
    last = len(tokens) - 1
    parts = [text_of_token(token, ends=place == last) for place, token in enumerate(tokens)]
    return " ".join(part for part in parts if part)


def text_of_token(token: Token, ends: bool) -> str:
    """`£1,200,` is "one thousand two hundred pounds,"; `(NHS)` is "NHS"; a lone dash stays a dash. The full stop of `Dr.` is no
    sentence's, so only the token that ends one keeps it. A pronunciation that the newsroom gave is said as it is."""
    core = token.shown.replace("\u2019", "'").strip("\"'()\u2018\u201c\u201d.,;:!?\u2026")
    if not token.spoken:
        return "\u2014" if re.fullmatch("[-\u2013\u2014]+", core) else ""
    if token.phones:
        return f"[{core}](/{phonemes_of(token.phones)}/)" + mark_after(token.shown, ends)
    initials = len(token.spoken) > 1 and all(len(word) == 1 for word in token.spoken)
    plain = not initials and re.sub(r"[^a-z']", "", core.lower()) == "".join(token.spoken)
    return (core if plain else letters_joined(token.spoken)) + mark_after(token.shown, ends)


def mark_after(shown: str, ends: bool) -> str:
    found = re.search(r"([,;:.!?\u2026])[\"'()\u2019\u201d]*$", shown)
    return found[1] if found and (ends or found[1] != ".") else ""


def letters_joined(words: tuple[str, ...]) -> str:
    """`n h s` is read with the stress of a name when it is written NHS; a lone letter a is no article."""
    text = " ".join(words)
    text = re.sub(r"\b[a-z](?: [a-z]\b)+(?!')", lambda run: run[0].replace(" ", "").upper(), text)
    return re.sub(r"\ba\b", "[a](/\u02c8A/)", text) if len(words) > 1 and words[0] == "a" else text
