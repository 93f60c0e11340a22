"""Each image holds its own programs, the libraries they import, and nothing of another system."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import newsreel.fingerprints
from cluster.manifests.emit import manifests
from images import contents
from newsreel.config.file import read_config
from newsreel.config.settings import settings_of
from requirements import lock
from workflows.profiles import PROFILES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IMAGES = contents.images()
OURS = {"newsreel", "steps", "workflows", "cluster"}
NEVER_IN_AN_IMAGE = ("workflows.local", "workflows.render", "workflows.emit")
"""What the newsroom imports on one machine only."""
IMPORT_ALONE = """
import importlib, importlib.abc, sys
others = set(sys.argv[2].split(","))
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in others:
            raise ModuleNotFoundError(f"{name} is not in this image")
sys.meta_path.insert(0, Hidden())
sys.path.insert(0, sys.argv[1])
for module in sys.argv[3].split(","):
    importlib.import_module(module)
"""


def entries(image):
    """The modules that an image's programs begin with."""
    if image.program != "steps":
        return [f"{image.program}.__main__"]
    packages = sorted({path.parts[1] for path in content(image.name) if path.parts[0] == "steps" and len(path.parts) > 2})
    work = [f"steps.{name}.{module}" for name in packages for module in ("step", "program", "training_step")]
    return ["steps.__main__", *(module for module in work if file_of(module))]


@cache
def content(name):
    return {PurePosixPath(path.as_posix()) for path in IMAGES[name].files()}


@cache
def imports(path):
    """Every module that a file may import when it runs, at its top or later; `a.b` for `from a import b` as well as `a`."""
    return names_in(parsed(path))


@cache
def imports_at_start(path):
    """Of the library and of a package's `__init__` those outside of functions: what these import later, a program asks for."""
    tree = parsed(path)
    if path.parts[0] == "newsreel" or path.name == "__init__.py":
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
            function.body = [ast.Pass()]
    return names_in(tree)


def parsed(path):
    tree = ast.parse((ROOT / path).read_text())
    for block in [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]:
        block.body = []
    return tree


def names_in(tree):
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def file_of(module):
    """The file of a module of ours; None for a name that is none."""
    path = PurePosixPath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if (ROOT / file).is_file()), None)


def reached(image, imports=imports_at_start):
    """Files of ours that the image's programs import, those they import, and so on."""
    left, files = [file_of(module) for module in entries(image)], set()
    while left:
        path = left.pop()
        if path not in files:
            files.add(path)
            names = [name for name in imports(path) if not name.startswith(NEVER_IN_AN_IMAGE)]
            left += [file for name in names if name.partition(".")[0] in OURS and (file := file_of(name))]
    return files


def locked(name):
    """Locked versions by project name."""
    text = (ROOT / "images" / name / "requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


@cache
def installed():
    """Top-level modules by project, of the files that each lists: a top_level.txt may know but the binary part."""
    return {
        canonicalize_name(distribution.name): {
            file.parts[0].partition(".")[0] for file in distribution.files or () if file.suffix in (".py", ".so")
        }
        for distribution in importlib.metadata.distributions()
    }


def modules_of(projects):
    return set().union(*(installed().get(canonicalize_name(project), ()) for project in projects))


def test_every_image_that_a_manifest_names_is_one_of_ours():
    whole, named = settings_of(read_config(ROOT / "tests/workflows/golden/newsreel.yaml")), set()
    for profile in PROFILES.values():
        for text in manifests(profile, replace(whole, image_prefix="PREFIX")).values():
            named |= set(re.findall(r"image: PREFIX/(\S+)", text))
    assert named == {f"{name}:{PYPROJECT['project']['version']}" for name in IMAGES}


def test_an_image_holds_the_packages_that_declare_it():
    assert {path.parts[1] for path in content("gentle") if path.parts[0] == "steps"} == {
        "__init__.py",
        "__main__.py",
        "gentle",
        "gentle_server",
    }
    assert not any(path.parts[:2] == ("newsreel", "config") for path in content("gentle"))
    assert IMAGES["gentle"].extras == ("library", "gentle", "gentle-server")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_all_that_its_programs_import(name):
    image = IMAGES[name]
    files = reached(image)
    assert files <= content(name), "the image lacks files of ours"
    libraries = {*modules_of(locked(name)), *sys.stdlib_module_names}
    tops = {module.partition(".")[0] for path in files for module in imports_at_start(path)} - OURS
    assert tops <= libraries, "an extra of pyproject.toml lacks what is imported"
    # A library may also be named in a string, to find a file in it.
    all_files = reached(image, imports)
    text = "".join((ROOT / path).read_text() for path in all_files)
    tops = {module.partition(".")[0] for path in all_files for module in imports(path)}
    for requirement in lock.libraries(PYPROJECT, image):
        modules = modules_of([Requirement(requirement).name])
        assert any(module in tops or f'"{module}"' in text for module in modules), f"nothing uses {requirement}"


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_with_other_systems_libraries_hidden(name, tmp_path):
    contents.main(name, tmp_path)
    own = modules_of(locked(name)) | OURS
    others = modules_of(installed()) - own
    command = [sys.executable, "-I", "-c", IMPORT_ALONE, str(tmp_path), ",".join(others), ",".join(entries(IMAGES[name]))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_image_starts_its_program(tmp_path):
    contents.main("gentle", tmp_path)
    done = subprocess.run([sys.executable, tmp_path, "gentle", "--help"], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.startswith("usage: python -m steps gentle "), done.stderr
    refused = subprocess.run([sys.executable, tmp_path, "compose"], capture_output=True, text=True, cwd=tmp_path)
    assert refused.returncode == 2 and "invalid choice: 'compose'" in refused.stderr


def test_a_video_made_in_an_image_names_its_release(monkeypatch):
    def not_installed(name):
        raise importlib.metadata.PackageNotFoundError(name)

    assert PurePosixPath("pyproject.toml") in content("core")
    monkeypatch.setattr(newsreel.fingerprints, "version", not_installed)
    assert newsreel.fingerprints.release() == PYPROJECT["project"]["version"]
