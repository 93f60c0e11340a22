"""Lock what `make` installs and what the images carry, within what pyproject.toml declares (`make lock`).

One resolution of all extras, `dev.txt`, decides every version; each other file is a part of it, so that an environment may
have several of them. No index is named in any. What `excluded.txt` lists is in none.
"""

import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from re import match
from typing import Any, Final

from images.contents import Image, images

ROOT: Final = Path(__file__).parents[1]
LOCKS: Final = ROOT / "requirements"
DEV: Final = LOCKS / "dev.txt"
SETS: Final = {
    "embedded": ["pyproject.toml", "--extra=embedded"],
    "newsroom": ["pyproject.toml", "--extra=embedded", "--extra=newsroom"],
    "gke": ["pyproject.toml", "--extra=gke"],
    "build": ["--group=build"],
    "sdists": ["--group=sdists"],
}
"""Lock files by name, and the parts of pyproject.toml in each."""
ANYWHERE: Final = ["--universal", "--python-version=3.11", "--fork-strategy=fewest"]
"""The same versions on every system and every Python from 3.11."""
SAME_VERSIONS: Final = ["--constraint=requirements/dev.txt"]
IN_AN_IMAGE: Final = ["--python-version=3.11", "--python-platform=x86_64-manylinux_2_28", "--only-binary=:all:"]


def main() -> None:
    """Lock everything anew. Raises CalledProcessError where uv finds no versions; what is wrong stands on stderr."""
    resolve(DEV, [*ANYWHERE, "pyproject.toml", "--all-extras", "--group=build"])
    for name, parts in SETS.items():
        resolve(LOCKS / f"{name}.txt", [*ANYWHERE, *SAME_VERSIONS, *parts])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for name, image in images().items():
        lock = ROOT / "images" / name / "requirements.txt"
        resolve(lock, [*IN_AN_IMAGE, *SAME_VERSIONS, "-"], "\n".join(libraries(project, image)))


def libraries(project: dict[str, Any], image: Image) -> Iterator[str]:
    """The requirements of an image, as pyproject.toml's extras state them."""
    for extra in image.extras:
        yield from of_extra(project, extra)


def of_extra(project: dict[str, Any], extra: str) -> Iterator[str]:
    for text in project["project"]["optional-dependencies"][extra]:
        if inner := match(r"newsreel\[(.+)]", text):
            yield from (found for name in inner[1].split(",") for found in of_extra(project, name))
        else:
            yield text


def resolve(lock: Path, options: list[str], requirements: str = "") -> None:
    """Have uv write a lock; `requirements` is what it reads where `-` is among the options."""
    command = [str(Path(sysconfig.get_path("scripts")) / "uv"), "--no-config", "pip", "compile", "--quiet", "--upgrade"]
    command += ["--generate-hashes", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--custom-compile-command=make lock", "--excludes=requirements/excluded.txt", *options]
    command += [f"--output-file={lock.relative_to(ROOT)}"]
    sys.stdout.write(f"{lock.relative_to(ROOT)}\n")
    subprocess.run(command, cwd=ROOT, input=requirements, text=True, check=True)


if __name__ == "__main__":
    main()
