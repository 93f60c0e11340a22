"""Mel spectrograms as tacotron2 hands them over: speech/NN.mel.npz, judged before they are believed."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadInput

__all__ = ["MELS", "Spoken", "frames_in", "read_mel"]

MELS = 80
MOST_FRAMES = 80_000
"""Of a scene: 15 minutes, as long a recording as the aligner takes."""
MOST_BYTES = 8 * MELS * MOST_FRAMES
LOUDEST = 20.0
"""Magnitudes are logarithms of 1e-5 and more: -11.5 up to about 2."""


@dataclass(frozen=True)
class Spoken:
    mel: NDArray[np.float32]
    """(frames, 80) log magnitudes."""
    ends: NDArray[np.int64]
    """(sentences,) the frame at which each sentence ends; the last is the number of frames."""

    @property
    def sentences(self) -> list[NDArray[np.float32]]:
        return np.split(self.mel, self.ends[:-1])


def frames_in(path: Path) -> int:
    """How many frames a file says it has. Raises BadInput."""
    return int(read_entry(path, "ends").max(initial=0))


def read_mel(path: Path) -> Spoken:
    """A scene's mel spectrogram, sentence by sentence. Raises BadInput, in one line, for anything else; nothing is unpickled."""
    mel, ends = read_entry(path, "mel"), read_entry(path, "ends")
    if mel.dtype != np.float32 or mel.ndim != 2 or mel.shape[1] != MELS or not 0 < len(mel) <= MOST_FRAMES:
        raise BadInput(f"{path}: mel is {mel.dtype} {mel.shape}; it must be float32 (1 to {MOST_FRAMES:,} frames, {MELS})")
    if ends.dtype != np.int64 or ends.ndim != 1 or not len(ends) or (np.diff(ends, prepend=0) <= 0).any() or ends[-1] != len(mel):
        raise BadInput(f"{path}: ends must be int64 frame numbers that rise to the number of frames, {len(mel)}")
    if not (np.abs(mel) <= LOUDEST).all():
        raise BadInput(f"{path}: mel holds NaN or what is no log magnitude (beyond -{LOUDEST:.0f} to {LOUDEST:.0f})")
    return Spoken(mel.astype(np.float32, copy=False), ends.astype(np.int64, copy=False))


def read_entry(path: Path, name: str) -> NDArray[np.generic]:
    """One array of the file, which may not claim more than a scene can hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(f"{name}.npy").file_size > MOST_BYTES:
                raise BadInput(f"{path}: {name} is longer than any scene")
        with np.load(path, allow_pickle=False) as entries:
            return np.asarray(entries[name])
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {fault.strerror or fault}") from fault
    except BadInput:
        raise
    except Exception as fault:  # hostile bytes fail in every way that zipfile, zlib and numpy know
        raise BadInput(f"{path}: no mel spectrogram: an .npz with mel and ends is needed, without pickled objects") from fault
