"""Digests that identify a video: of the story with its pictures, and of the software that made it.

A published revision is compared by `story_digest`. `software_digest` matters for drafts on a laptop, which are made again when a
step, the presenter or the release has changed; what a bucket holds stays published whatever made it.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from newsreel.files import content_digest
from newsreel.presenters.bundle import BUNDLED_PRESENTERS, presenter_folders
from newsreel.story.schema import Story

LIBRARY = Path(__file__).parent
STEPS = LIBRARY.parent / "steps"
FINGERPRINTED_SUFFIXES = frozenset({".py", ".yaml", ".json", ".npz", ".dat", ".pth", ".mp4", ".ttf", ".wav", ".txt"})


def story_digest(story: Story, pictures: Mapping[str, str]) -> str:
    """SHA-256 of the parsed story (without comments and layout of its file) and of its pictures.

    `pictures` gives the SHA-256 of each picture's bytes by its name in the story.
    """
    whole = [story.model_dump(mode="json"), sorted(pictures.items())]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def software_digest(homes: Sequence[Path] = (LIBRARY, STEPS)) -> str:
    """SHA-256 of the release, of the installed files of `newsreel` and `steps` (code, brands, presenters, weights), and of
    presenters in other folders."""
    homes = [*homes, *(folder for folder in presenter_folders() if folder != BUNDLED_PRESENTERS)]
    parts = [release()]
    for place in homes:
        files = (path for path in sorted(place.rglob("*")) if path.suffix in FINGERPRINTED_SUFFIXES and path.is_file())
        parts += [f"{path.relative_to(place)} {content_digest(path)}" for path in files if ".work" not in path.parts]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def release() -> str:
    """The version of the installed distribution, or else of the pyproject.toml beside the package (images, checkouts)."""
    try:
        return version("newsreel")
    except PackageNotFoundError:
        declared = LIBRARY.parent / "pyproject.toml"
        return str(tomllib.loads(declared.read_text())["project"]["version"]) if declared.is_file() else "unreleased"
