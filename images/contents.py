"""What each image holds, from the steps' declarations and pyproject.toml. `python images/contents.py IMAGE FOLDER` copies it.

A step's image holds the library, `steps/__main__.py`, the packages of the steps that declare it, and the extras of pyproject.toml
that are named after it, its packages or its steps. Other programs stand in pyproject.toml, `tool.newsreel.images`. The Dockerfile
runs this before anything is installed: it needs the standard library alone, and reads declarations as syntax.
"""

import ast
import shutil
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIBRARY = ("pyproject.toml", "newsreel/**/*")
NOT_IN_A_STEP = {"argo", "config", "submission"}
"""Packages of the library that no step imports (import-linter holds it)."""


@dataclass(frozen=True, kw_only=True)
class Image:
    name: str
    program: str
    """The module it runs."""
    sources: tuple[str, ...]
    """Glob patterns below the repository."""
    extras: tuple[str, ...]
    """Of pyproject.toml; `library` is what all of ours needs."""

    def files(self, root: Path = ROOT) -> Iterator[Path]:
        """Files of the repository that the image holds, relative to it."""
        for pattern in self.sources:
            for path in sorted(root.glob(pattern)):
                relative = path.relative_to(root)
                if path.is_file() and "__pycache__" not in relative.parts and not self.left_out(relative):
                    yield relative

    def left_out(self, path: Path) -> bool:
        return self.program == "steps" and path.parts[0] == "newsreel" and path.parts[1] in NOT_IN_A_STEP


def images(root: Path = ROOT) -> dict[str, Image]:
    """Every image by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    steps = defaultdict(list)
    for package in sorted(path.parent for path in root.glob("steps/*/__init__.py")):
        for step in declarations(package / "__init__.py"):
            steps[step["image"]].append((package.name, step))
    found = {name: step_image(name, declared, extras) for name, declared in steps.items()}
    for name, told in project["tool"]["newsreel"]["images"].items():
        found[name] = Image(name=name, program=told["program"], sources=tuple(told["sources"]), extras=tuple(told["extras"]))
    return found


def step_image(name: str, declared: list[tuple[str, dict[str, Any]]], extras: dict[str, Any]) -> Image:
    packages = sorted({package for package, _ in declared})
    named = [name, *(package.replace("_", "-") for package in packages), *(str(step["name"]) for _, step in declared)]
    wanted = ["library", *(extra for extra in dict.fromkeys(named) if extra in extras)]
    if any(step.get("uses_storage") for _, step in declared):
        wanted.append("gcs")
    sources = (*LIBRARY, "steps/*.py", *(f"steps/{package}/**/*" for package in packages))
    return Image(name=name, program="steps", sources=sources, extras=tuple(wanted))


def declarations(file: Path) -> Iterator[dict[str, Any]]:
    """The constant arguments of each `Step(...)` in a package's `__init__`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Step":
            yield {word.arg: word.value.value for word in node.keywords if word.arg and isinstance(word.value, ast.Constant)}


def main(name: str, folder: Path) -> None:
    image = images()[name]
    for path in image.files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    run = f"import runpy\n\nrunpy.run_module({image.program!r}, run_name='__main__', alter_sys=True)\n"
    (folder / "__main__.py").write_text(run)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
