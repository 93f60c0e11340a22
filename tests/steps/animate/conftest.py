import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import newsreel.presenters.bundle
from steps.animate.visemes import Visemes, load_visemes
from tools.presenter.visemes import write_visemes


@dataclass(frozen=True)
class Swaying:
    """Footage made of a face at rest: it sways, turns and blinks; `trembling` is detection noise in pixels."""

    rest: np.ndarray

    def faces(self, frames: int, trembling: float = 0.0) -> np.ndarray:
        """(frames, 68, 2) pixels of a 320 x 320 picture; blinks of 5 frames start at frames 40, 140, 240 ..."""
        turn = 2 * np.pi * np.arange(frames) / 150
        scale = 75 * (1 + 0.02 * np.sin(turn)) * np.exp(0.05j * np.sin(2 * turn))
        shape = np.tile(self.rest[:, 0] + 1j * self.rest[:, 1], (frames, 1))
        lids = np.array([[37, 41], [38, 40], [43, 47], [44, 46]])
        for start in range(40, frames - 5, 100):
            for frame, closed in enumerate((0.5, 0.9, 1.0, 0.8, 0.4), start):
                upper, lower = shape[frame, lids[:, 0]], shape[frame, lids[:, 1]]
                shape[frame, lids[:, 0]] = upper + closed * (lower - upper)
        face = scale[:, None] * shape + (160 + 3 * np.sin(turn) + 122j)[:, None]
        noise = np.random.default_rng(7).normal(0, trembling, (frames, 68, 2)) if trembling else 0.0
        return np.stack([face.real, face.imag], axis=-1) + noise


@pytest.fixture(scope="session")
def bundle(tmp_path_factory) -> Path:
    """A presenter's folder with real visemes; the trained files, which animate never opens, are empty."""
    home = tmp_path_factory.mktemp("presenters") / "maya"
    shutil.copytree(
        newsreel.presenters.bundle.BUNDLED_PRESENTERS / "maya",
        home,
        ignore=shutil.ignore_patterns("*.mp4", "*.dat", "*.npz", "*.pth"),
    )
    write_visemes(home / "visemes.npz")
    for name in ("footage.mp4", "landmarks.dat", "generator.pth"):
        (home / name).touch()
    return home


@pytest.fixture(scope="session")
def visemes(bundle) -> Visemes:
    return load_visemes(bundle / "visemes.npz")


@pytest.fixture(scope="session")
def swaying(visemes: Visemes) -> Swaying:
    return Swaying(visemes.rest)
