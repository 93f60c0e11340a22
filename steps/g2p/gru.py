"""Guess the pronunciation of a word that is not in the dictionary: the GRU of g2p-en in NumPy.

An encoder reads the letters, a decoder writes phones until the stop symbol; both are single gated recurrent layers.

Source: Kyubyong Park and Jongseok Kim, g2pE, 2019; Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadWeights, MissingProgram
from newsreel.story.pronunciation import PHONES, VOWELS

Array = NDArray[np.float32]

LETTER_SYMBOLS = ("<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz")
PHONE_SYMBOLS = (
    "<pad>", "<unk>", "<s>", "</s>",
    *(out for phone in PHONES for out in (
        ("UW", "UW0", "UW1", "UW2") if phone == "UW" else [phone + stress for stress in "012"] if phone in VOWELS else [phone]
    )),
)  # fmt: skip
"""The decoder's output symbols; their indices are fixed by the published weights."""
END = LETTER_SYMBOLS.index("</s>")
START, STOP = PHONE_SYMBOLS.index("<s>"), PHONE_SYMBOLS.index("</s>")
MAX_PHONES = 20
"""Per word, as in the original."""
EMBEDDING, HIDDEN = 256, 256


@dataclass(frozen=True, repr=False)
class GruLayer:
    """A GRU layer: rows are the reset, update and new gates, in that order."""

    embedding: Array
    """(symbols, EMBEDDING)"""
    w_ih: Array
    """(3 * HIDDEN, EMBEDDING)"""
    w_hh: Array
    """(3 * HIDDEN, HIDDEN)"""
    b_ih: Array
    b_hh: Array

    @cached_property
    def input_gates(self) -> Array:
        """Each symbol's share of the gates, (symbols, 3 * HIDDEN): a table, since symbols are few."""
        table: Array = self.embedding @ self.w_ih.T + self.b_ih
        return table

    def step(self, symbols: NDArray[np.intp], states: Array) -> Array:
        """The hidden states (words, HIDDEN) after one more symbol each, (words,)."""
        inputs = self.input_gates[symbols]
        hidden = states @ self.w_hh.T + self.b_hh
        reset, update = np.split(1 / (1 + np.exp(-(inputs[:, : 2 * HIDDEN] + hidden[:, : 2 * HIDDEN]))), 2, axis=1)
        new = np.tanh(inputs[:, 2 * HIDDEN :] + reset * hidden[:, 2 * HIDDEN :])
        return ((1 - update) * new + update * states).astype(np.float32, copy=False)


@dataclass(frozen=True, repr=False)
class GraphemesToPhonemes:
    encoder: GruLayer
    decoder: GruLayer
    w_out: Array
    """(OUTPUTS, HIDDEN)"""
    b_out: Array

    def __call__(self, words: Sequence[str]) -> list[list[str]]:
        """Phones with stress, at most MAX_PHONES, of each word in lower-case letters; all words are one batch.

        >>> load_g2p()(["activationist"])
        [['AE2', 'K', 'T', 'IH0', 'V', 'EY1', 'SH', 'AH0', 'N', 'IH0', 'S', 'T']]
        """
        states = self.encode(words)
        decoded: list[list[str]] = [[] for _ in words]
        active = np.arange(len(words))
        symbols = np.full(len(words), START)
        for _ in range(MAX_PHONES):
            states = self.decoder.step(symbols, states)
            symbols = np.argmax(states @ self.w_out.T + self.b_out, axis=1)
            unfinished = symbols != STOP
            active, symbols, states = active[unfinished], symbols[unfinished], states[unfinished]
            if not len(active):
                break
            for word, symbol in zip(active, symbols, strict=True):
                decoded[word].append(PHONE_SYMBOLS[symbol])
        return [[phone for phone in phones if not phone.startswith("<")] for phones in decoded]

    def encode(self, words: Sequence[str]) -> Array:
        """The encoder's state after each word, (words, HIDDEN); a word that has ended keeps its state."""
        letters = [
            [*(LETTER_SYMBOLS.index(letter if letter in LETTER_SYMBOLS else "<unk>") for letter in word), END] for word in words
        ]
        states = np.zeros((len(words), HIDDEN), np.float32)
        for place in range(max(map(len, letters), default=0)):
            reading = np.array([word for word, symbols in enumerate(letters) if place < len(symbols)])
            states[reading] = self.encoder.step(np.array([letters[word][place] for word in reading]), states[reading])
        return states


def shipped_weights() -> Path:
    """The weights in the package g2p-en, without importing it: on import it downloads. Raises MissingProgram."""
    package = importlib.util.find_spec("g2p_en")
    if not package or not package.submodule_search_locations:
        raise MissingProgram("g2p-en is not installed; pip install newsreel[g2p]")
    return Path(package.submodule_search_locations[0]) / "checkpoint20.npz"


def load_g2p(path: Path | None = None) -> GraphemesToPhonemes:
    """Load weights in the published format; without a path, those that g2p-en ships. Raises BadWeights."""
    path = path or shipped_weights()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name], np.float32) for name in file.files}
    except Exception as fault:  # a damaged archive fails in numpy, zipfile or zlib
        raise BadWeights(f"{path.name}: damaged or not a weights file of g2p: {fault}") from fault
    check_shapes(arrays, path.name)
    return GraphemesToPhonemes(build_layer(arrays, "enc"), build_layer(arrays, "dec"), w_out=arrays["fc_w"], b_out=arrays["fc_b"])


def build_layer(arrays: Mapping[str, Array], name: str) -> GruLayer:
    return GruLayer(*(arrays[f"{name}_{part}"] for part in ("emb", "w_ih", "w_hh", "b_ih", "b_hh")))


def check_shapes(arrays: Mapping[str, Array], name: str) -> None:
    """Raises BadWeights unless exactly the expected arrays are there, each of its shape."""
    shapes: dict[str, tuple[int, ...]] = {"fc_w": (len(PHONE_SYMBOLS), HIDDEN), "fc_b": (len(PHONE_SYMBOLS),)}
    for part, symbols in (("enc", len(LETTER_SYMBOLS)), ("dec", len(PHONE_SYMBOLS))):
        shapes |= {
            f"{part}_emb": (symbols, EMBEDDING),
            f"{part}_w_ih": (3 * HIDDEN, EMBEDDING),
            f"{part}_w_hh": (3 * HIDDEN, HIDDEN),
            f"{part}_b_ih": (3 * HIDDEN,),
            f"{part}_b_hh": (3 * HIDDEN,),
        }
    if odd := sorted(arrays.keys() ^ shapes.keys()):
        raise BadWeights(f"{name}: missing or surplus: {', '.join(odd)[:200]}")
    for key, shape in shapes.items():
        if arrays[key].shape != shape:
            raise BadWeights(f"{name}: {key} is {arrays[key].shape}, not {shape}")
