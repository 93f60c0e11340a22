"""How a word that no dictionary has is said: the GRU of g2p-en in NumPy.

An encoder reads the letters, a decoder writes phones until it says stop; both are single gated recurrent layers.

Source: Kyubyong Park and Jongseok Kim, g2pE, 2019; Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from steps.errors import BadWeights, MissingProgram

__all__ = ["PHONES", "GraphemesToPhonemes", "load_g2p", "shipped_weights"]

Array = NDArray[np.float32]

LETTERS = ("<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz")
STRESSED = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
PHONES = tuple(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()  # noqa: SIM905
)
"""The 39 phones of ARPAbet as the CMU dictionary uses them."""
OUTPUTS = (
    "<pad>", "<unk>", "<s>", "</s>",
    *(out for phone in PHONES for out in (
        ("UW", "UW0", "UW1", "UW2") if phone == "UW" else [phone + stress for stress in "012"] if phone in STRESSED else [phone]
    )),
)  # fmt: skip
"""What the decoder may write; the place of each is fixed by the published weights."""
BEGIN, STOP = OUTPUTS.index("<s>"), OUTPUTS.index("</s>")
LONGEST = 20
"""Phones a word, as in the original."""
EMBEDDING, HIDDEN = 256, 256


@dataclass(frozen=True, repr=False)
class Layer:
    """A GRU layer: rows are the reset, update and new gates, in that order."""

    embedding: Array
    """(symbols, EMBEDDING)"""
    w_ih: Array
    """(3 * HIDDEN, EMBEDDING)"""
    w_hh: Array
    """(3 * HIDDEN, HIDDEN)"""
    b_ih: Array
    b_hh: Array

    def step(self, symbol: int, state: Array) -> Array:
        """The state (HIDDEN,) after one more symbol."""
        entering = self.w_ih @ self.embedding[symbol] + self.b_ih
        kept = self.w_hh @ state + self.b_hh
        reset, update = np.split(1 / (1 + np.exp(-(entering[: 2 * HIDDEN] + kept[: 2 * HIDDEN]))), 2)
        new = np.tanh(entering[2 * HIDDEN :] + reset * kept[2 * HIDDEN :])
        mixed: Array = (1 - update) * new + update * state
        return mixed


@dataclass(frozen=True, repr=False)
class GraphemesToPhonemes:
    encoder: Layer
    decoder: Layer
    w_out: Array
    """(OUTPUTS, HIDDEN)"""
    b_out: Array

    def __call__(self, word: str) -> list[str]:
        """Phones with stress for a word in lower-case letters.

        >>> load_g2p()("activationist")
        ['AE2', 'K', 'T', 'IH0', 'V', 'EY1', 'SH', 'AH0', 'N', 'IH0', 'S', 'T']
        """
        state = np.zeros(HIDDEN, np.float32)
        for letter in [*word, "</s>"]:
            state = self.encoder.step(LETTERS.index(letter if letter in LETTERS else "<unk>"), state)
        said: list[str] = []
        symbol = BEGIN
        while len(said) < LONGEST:
            state = self.decoder.step(symbol, state)
            symbol = int(np.argmax(self.w_out @ state + self.b_out))
            if symbol == STOP:
                break
            said.append(OUTPUTS[symbol])
        return [phone for phone in said if not phone.startswith("<")]


def shipped_weights() -> Path:
    """The weights in the package g2p-en, found without importing it: on import it downloads. Raises MissingProgram."""
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
        raise BadWeights(f"{path.name}: is damaged or no weights file of g2p: {fault}") from fault
    check(arrays, path.name)
    return GraphemesToPhonemes(layer(arrays, "enc"), layer(arrays, "dec"), w_out=arrays["fc_w"], b_out=arrays["fc_b"])


def layer(arrays: Mapping[str, Array], name: str) -> Layer:
    return Layer(*(arrays[f"{name}_{part}"] for part in ("emb", "w_ih", "w_hh", "b_ih", "b_hh")))


def check(arrays: Mapping[str, Array], name: str) -> None:
    """Every array there, none besides, each of its shape."""
    shapes: dict[str, tuple[int, ...]] = {"fc_w": (len(OUTPUTS), HIDDEN), "fc_b": (len(OUTPUTS),)}
    for part, symbols in (("enc", len(LETTERS)), ("dec", len(OUTPUTS))):
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
