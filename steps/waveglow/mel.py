"""Mel spectrogram files as tacotron2 writes them, speech/NN.mel.npz: read, and validated as untrusted input."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadInput

MEL_CHANNELS = 80
MAX_FRAMES = 80_000
"""Of a scene: 15 minutes, as long a recording as the aligner takes."""
MAX_ENTRY_BYTES = 8 * MEL_CHANNELS * MAX_FRAMES
MAX_LOG_MAGNITUDE = 20.0
"""Magnitudes are logarithms of 1e-5 and more: -11.5 up to about 2."""


@dataclass(frozen=True)
class SceneMel:
    mel: NDArray[np.float32]
    """(frames, 80) log magnitudes."""
    ends: NDArray[np.int64]
    """(sentences,) the frame at which each sentence ends; the last is the number of frames."""

    @property
    def sentences(self) -> list[NDArray[np.float32]]:
        return np.split(self.mel, self.ends[:-1])


def count_frames(path: Path) -> int:
    """The number of frames that a file claims to have. Raises BadInput."""
    return int(read_entry(path, "ends").max(initial=0))


def read_mel(path: Path) -> SceneMel:
    """Read a scene's mel spectrogram. Raises BadInput, in one line, for anything else; nothing is unpickled."""
    mel, ends = read_entry(path, "mel"), read_entry(path, "ends")
    if mel.dtype != np.float32 or mel.ndim != 2 or mel.shape[1] != MEL_CHANNELS or not 0 < len(mel) <= MAX_FRAMES:
        raise BadInput(f"{path}: mel is {mel.dtype} {mel.shape}; it must be float32 (1 to {MAX_FRAMES:,} frames, {MEL_CHANNELS})")
    if ends.dtype != np.int64 or ends.ndim != 1 or not len(ends) or (np.diff(ends, prepend=0) <= 0).any() or ends[-1] != len(mel):
        raise BadInput(f"{path}: ends must be int64 frame numbers that rise to the number of frames, {len(mel)}")
    if not (np.abs(mel) <= MAX_LOG_MAGNITUDE).all():
        raise BadInput(
            f"{path}: mel holds NaN or values beyond -{MAX_LOG_MAGNITUDE:.0f} to {MAX_LOG_MAGNITUDE:.0f}, not log magnitudes"
        )
    return SceneMel(mel.astype(np.float32, copy=False), ends.astype(np.int64, copy=False))


def read_entry(path: Path, name: str) -> NDArray[np.generic]:
    """Read one array of the file, which may not claim to be larger than a scene can be."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(f"{name}.npy").file_size > MAX_ENTRY_BYTES:
                raise BadInput(f"{path}: {name} is longer than any scene")
        with np.load(path, allow_pickle=False) as entries:
            return np.asarray(entries[name])
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {fault.strerror or fault}") from fault
    except BadInput:
        raise
    except Exception as fault:  # hostile bytes raise any error of zipfile, zlib and numpy
        raise BadInput(f"{path}: no mel spectrogram: an .npz with mel and ends is needed, without pickled objects") from fault
