"""The mouth shapes of a presenter, and which of them a phone asks for."""

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadWeights
from newsreel.files import write_atomically

__all__ = ["JAW", "LIPS", "POINTS", "SHAPES_OF_PHONE", "VOWELS", "Visemes", "load_visemes", "save_visemes"]

POINTS = 68
JAW = slice(0, 17)
LIPS = slice(48, 68)

SHAPES_OF_PHONE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("B", "M", "P"), ("MBP",)),
    **dict.fromkeys(("F", "V"), ("FV",)),
    **dict.fromkeys(("DH", "TH"), ("TH",)),
    **dict.fromkeys(("D", "N", "T"), ("TDN",)),
    **dict.fromkeys(("S", "Z"), ("SZ",)),
    **dict.fromkeys(("CH", "JH", "SH", "ZH"), ("SH",)),
    **dict.fromkeys(("G", "K", "NG"), ("KG",)),
    **{phone: (phone,) for phone in ("AA", "AE", "AH", "AO", "EH", "ER", "HH", "IH", "IY", "L", "R", "UW", "W")},
    "UH": ("UW",),
    "Y": ("IY",),
    "AW": ("AA", "UW"),
    "AY": ("AA", "IY"),
    "EY": ("EH", "IY"),
    "OW": ("OW", "UW"),
    "OY": ("AO", "IY"),
}
"""Each phone of ARPAbet and the mouth shapes it passes through: one, or two for a diphthong."""

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])


@dataclass(frozen=True)
class Visemes:
    """A presenter's mouth shapes, in the head's frame."""

    names: tuple[str, ...]
    rest: NDArray[np.float64]
    """(68, 2): the face at rest."""
    offsets: NDArray[np.float64]
    """(visemes, 68, 2): how each shape differs from rest."""

    def of(self, name: str) -> NDArray[np.float64]:
        """The offsets (68, 2) of one shape."""
        return np.asarray(self.offsets[self.names.index(name)])


def save_visemes(visemes: Visemes, path: Path) -> None:
    """Write a presenter's `visemes.npz`, whole or not at all. Raises DiskFull."""
    file = BytesIO()
    rest, offsets = visemes.rest.astype(np.float32), visemes.offsets.astype(np.float32)
    np.savez(file, names=np.array(visemes.names), rest=rest, offsets=offsets)
    write_atomically(path, file.getvalue())


def load_visemes(path: Path) -> Visemes:
    """Read a presenter's `visemes.npz`; raises BadWeights where it is damaged or lacks a shape."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = tuple(str(name) for name in file["names"])
            rest, offsets = (np.asarray(file[part], dtype=np.float64) for part in ("rest", "offsets"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise BadWeights(f"{path}: not a file of mouth shapes ({fault}); make the presenter's bundle again") from fault
    if rest.shape != (POINTS, 2) or offsets.shape != (len(names), POINTS, 2):
        raise BadWeights(f"{path}: shapes are {rest.shape} and {offsets.shape}, not (68, 2) and ({len(names)}, 68, 2)")
    if not (np.isfinite(rest).all() and np.isfinite(offsets).all()):
        raise BadWeights(f"{path}: holds numbers that are not finite; make the presenter's bundle again")
    asked = {"rest"}.union(*SHAPES_OF_PHONE.values())
    if missing := sorted(asked.difference(names)):
        raise BadWeights(f"{path}: lacks the mouth shapes {', '.join(missing)}; make the presenter's bundle again")
    return Visemes(names, rest, offsets)
