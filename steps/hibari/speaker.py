"""A script to sound: hibari sentence by sentence, with a newsreader's pauses, one level for all scenes."""

import hashlib
import re
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from hibari import Hibari
from hibari.tts import ASSETS
from hibari.voices import VOICES
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from steps.errors import BadInput, BadWeights
from steps.handover import FRAME_RATE, Script, Token

__all__ = ["SAMPLE_RATE", "Speaker", "levelled", "text_of"]

Sound = NDArray[np.float32]

SAMPLE_RATE = 24_000
LEAD, PAUSE, TAIL = 0.30, 0.30, 0.45
"""Seconds of silence before the first sentence, between two, and at least after the last."""
MARGIN = 0.012
"""Seconds kept on both sides of what is heard of a sentence: the breath of an /h/, the release of a /t/."""
HEARD = 0.003
"""Amplitude, of full scale, above which a sentence is heard; hibari's own silence lies below 1e-4."""
SPEECH_LEVEL = 10 ** (-18.5 / 20)
"""RMS of what is spoken, pauses left out, of full scale: about -20 LUFS for this voice."""
CEILING = 10 ** (-1.5 / 20)
LOOK_AHEAD = 0.004


class Synthesiser(Protocol):
    def __call__(self, text: str, speed: float = 1.0, seed: int | None = None) -> Sound: ...


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
        write_sound(path, whole_frames(levelled(joined([self.sentence(sentence) for sentence in script.sentences]))))

    def sentence(self, tokens: tuple[Token, ...]) -> Sound:
        """One sentence without silence around it; the same words always sound the same."""
        text = text_of(tokens)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        sound = self.synthesise(text, seed=seed)
        heard = np.flatnonzero(envelope(sound) > HEARD) if len(sound) else np.empty(0, int)
        if not len(heard):
            raise BadInput(f"the voice has no sound for {text[:60]!a}; write it another way")
        margin = round(MARGIN * SAMPLE_RATE)
        return faded(sound[max(heard[0] - margin, 0) : heard[-1] + margin], margin)


def text_of(tokens: tuple[Token, ...]) -> str:
    """A sentence as hibari reads it best: plain words as written, the rest as spoken, with the marks that make its melody."""
    last = len(tokens) - 1
    parts = [text_of_token(token, ends=place == last) for place, token in enumerate(tokens)]
    return " ".join(part for part in parts if part)


def text_of_token(token: Token, ends: bool) -> str:
    """`£1,200,` is "one thousand two hundred pounds,"; `(NHS)` is "NHS"; a lone dash stays a dash. The full stop of `Dr.` is no
    sentence's, so only the token that ends one keeps it."""
    core = token.shown.replace("\u2019", "'").strip("\"'()\u2018\u201c\u201d.,;:!?\u2026")
    if not token.spoken:
        return "\u2014" if re.fullmatch("[-\u2013\u2014]+", core) else ""
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


def envelope(sound: Sound) -> Sound:
    """RMS over 10 ms around each sample."""
    power: Sound = uniform_filter1d(np.square(sound), round(0.01 * SAMPLE_RATE))
    return np.sqrt(np.maximum(power, 0))


def faded(sound: Sound, samples: int) -> Sound:
    ramp = np.linspace(0, 1, samples, dtype=np.float32)
    sound = sound.copy()
    sound[:samples] *= ramp
    sound[-samples:] *= ramp[::-1]
    return sound


def joined(sentences: list[Sound]) -> Sound:
    pause = silence(PAUSE)
    parts = [part for sentence in sentences for part in (pause, sentence)][1:]
    return np.concatenate([silence(LEAD), *parts, silence(TAIL)])


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def levelled(sound: Sound) -> Sound:
    """Bring speech to SPEECH_LEVEL and hold its peaks under CEILING with a limiter that looks ahead.

    The limiter's gain at a sample is the least that any sample within LOOK_AHEAD needs, smoothed over the same span, so it is
    down before a peak comes and never above what the peak needs.
    """
    spoken = envelope(sound) > 0.01
    level = float(np.sqrt(np.mean(np.square(sound[spoken])))) if spoken.any() else SPEECH_LEVEL
    sound = sound * np.float32(SPEECH_LEVEL / level)
    span = 2 * round(LOOK_AHEAD * SAMPLE_RATE) + 1
    needed = np.minimum(1, np.float32(CEILING) / np.maximum(np.abs(sound), np.float32(1e-9)))
    gain: Sound = uniform_filter1d(minimum_filter1d(needed, span), span)
    return sound * gain


def whole_frames(sound: Sound) -> Sound:
    return np.pad(sound, (0, -len(sound) % (SAMPLE_RATE // FRAME_RATE)))


def write_sound(path: Path, sound: Sound) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
