"""What the images promise: each carries its own programs, the libraries those import, and nothing of anybody else's."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import newsreel.fingerprints
from cluster.manifests.controllers import MANAGER_IMAGE, RECONCILER_IMAGE, SUBMITTER_IMAGE
from cluster.manifests.emit import manifests
from cluster.manifests.newsroom import NEWSROOM_IMAGE
from newsreel.config.settings_file import read_settings
from workflows.systems import ANCHOR, CHECK, INIT_STORY, PROFILES, PUBLISH, REFUSE, REPORT, TRAINING, TRIAGE

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "images"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SYSTEMS = sorted(path.parent.name for path in IMAGES.glob("*/Dockerfile"))
OURS = {"steps", "cluster"}
"""Where what is run in an image comes from."""
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


PROGRAMS = {
    RECONCILER_IMAGE: "cluster/reconciler",
    SUBMITTER_IMAGE: "cluster/messages",
    NEWSROOM_IMAGE: "cluster/newsroom",
    MANAGER_IMAGE: "cluster/manager",
}
"""Images whose program is no step: their package, run as `python -m`."""
AT_STORAGE = {"messages", "newsroom", "manager"}
"""Programs that read what steps write, and so carry what steps have in common."""
BESIDE = {
    "newsroom": {"cluster/messages", "cluster/reconciler", "steps/compose", "steps/hibari", "steps/init_story"},
    "manager": {"cluster/gke", "cluster/messages"},
}
"""Packages that a program works with beside its own: the newsroom publishes messages and speaks and draws previews, the manager
reads in pool.yaml how the cluster is built and whose messages wait."""


def catalogue():
    """Image name, version and package of every program that a manifest names and whose code exists."""
    systems = [CHECK, ANCHOR, INIT_STORY, PUBLISH, TRIAGE, REFUSE, REPORT, *TRAINING]
    for profile in PROFILES.values():
        systems += [*profile.voice, profile.alignment, profile.phonemes, profile.landmarks]
        systems += [profile.motion, profile.generator, profile.composition]
    services = [service for profile in PROFILES.values() for service in profile.services]
    steps = [(system.image, system.name) for system in systems] + [(service.image, service.arguments[0]) for service in services]
    packages = {(image, f"steps/{step.replace('-', '_')}") for image, step in steps} | set(PROGRAMS.items())
    for image, package in sorted(packages):
        name, version = image.split(":")
        if (ROOT / package).is_dir():
            yield name, version, package


def packages_of(system):
    return {package for name, _, package in catalogue() if name == system}


def entries(system):
    """The files that an image's programs begin with."""
    for package in map(PurePosixPath, packages_of(system)):
        names = ("step.py", "program.py") if package.parts[0] == "steps" else ("__main__.py",)
        yield next(package / name for name in names if (ROOT / package / name).is_file())
    if any(package.startswith("steps/") for package in packages_of(system)):
        yield PurePosixPath("steps/__main__.py")


def dockerfile(system):
    return (IMAGES / system / "Dockerfile").read_text()


def copied(system):
    """Sources of the COPY lines that take from the repository."""
    found = re.findall(r"^COPY (?!--from)(\S+) \S+$", dockerfile(system), re.MULTILINE)
    return [source for source in found if not source.startswith("images/")]


def ignored(path):
    """Whether .dockerignore keeps a path out of the build: the last pattern that matches it, or a folder above it, decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#") and matches(path, line.removeprefix("!")):
            verdict = not line.startswith("!")
    return verdict


def matches(path, pattern):
    if pattern.startswith("**/"):
        return any(part.match(pattern[3:]) for part in (path, *path.parents))
    return any(len(part.parts) == pattern.count("/") + 1 and part.match(pattern) for part in (path, *path.parents))


@cache
def content(system):
    """Files of the repository that the image carries."""
    sources = [found for source in copied(system) for found in ROOT.glob(source)]
    files = [path for found in sources for path in ([found] if found.is_file() else found.rglob("*")) if path.is_file()]
    carried = [PurePosixPath(path.relative_to(ROOT).as_posix()) for path in files]
    return [path for path in carried if not ignored(path)]


@cache
def imports(path):
    """Every module that a file may import when it runs, at its top or later; `a.b` for `from a import b` as well as `a`."""
    tree, names = ast.parse((ROOT / path).read_text()), set()
    for block in [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]:
        block.body = []
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


def reached(system):
    """Files of ours that the image's programs may import, those they import, and so on; of a step's package all."""
    own = {package for package in packages_of(system) if package.startswith("steps/")}
    left = [path for path in content(system) if path.suffix == ".py" and str(PurePosixPath(*path.parts[:2])) in own]
    left += entries(system)
    files = set()
    while left:
        path = left.pop()
        if path not in files:
            files.add(path)
            left += [file for name in imports(path) if name.partition(".")[0] in OURS and (file := file_of(name))]
    return files


def requirements(name):
    """Locked versions by project name."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (IMAGES / name).read_text(), re.MULTILINE))


def roots(system):
    """The projects an image is asked to have, without their extras: `PyJWT[crypto]` is PyJWT."""
    return [Requirement(line).name for line in (IMAGES / system / "requirements.in").read_text().splitlines()]


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


def test_every_image_of_the_catalogue_can_be_built_and_carries_the_programs_it_is_named_for():
    assert {name for name, _, _ in catalogue()} == set(SYSTEMS)
    for name, version, package in catalogue():
        assert version == PYPROJECT["version"], name
        carried = {str(PurePosixPath(*path.parts[:2])) for path in content(name) if len(path.parts) > 2}
        assert package in carried, f"images/{name}/Dockerfile: COPY {package} is missing"


def test_every_image_that_an_emitted_manifest_names_is_one_of_ours():
    whole, named = read_settings(ROOT / "tests/workflows/whole/settings.yaml"), set()
    for profile in PROFILES.values():
        for text in manifests(profile, replace(whole, image_prefix="PREFIX")).values():
            named |= set(re.findall(r"image: PREFIX/(\S+)", text))
    assert named == {f"{name}:{version}" for name, version, _ in catalogue()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_image_carries_no_other_systems_step_and_nothing_of_argo_or_of_this_machine(system):
    packages = {str(PurePosixPath(*path.parts[:2])) for path in content(system) if len(path.parts) > 2}
    rooms = {package.partition("/")[0] for package in packages_of(system)} | ({"steps"} if system in AT_STORAGE else set())
    needed = packages_of(system) | BESIDE.get(system, set()) | ({"newsreel/presenters"} if "steps" in rooms else set())
    assert packages - {"newsreel/brands"} == needed
    assert not [path for path in content(system) if path.parts[0] not in {*rooms, "pyproject.toml"}]
    assert not [path for path in content(system) if "__pycache__" in path.parts or "drawing" in path.parts]


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_image_has_every_module_its_steps_import_and_no_library_they_do_not(system):
    files = reached(system)
    assert files <= set(content(system)), "the image lacks files of ours"
    libraries = {*modules_of(requirements(f"{system}/requirements.txt")), *sys.stdlib_module_names}
    tops = {name.partition(".")[0] for path in files for name in imports(path)} - OURS
    assert tops <= libraries, f"images/{system}/requirements.in lacks what is imported"
    # A library may also be named in a string, to find a file in it.
    text = "".join((ROOT / path).read_text() for path in files)
    for root in roots(system):
        assert any(module in tops or f'"{module}"' in text for module in modules_of([root])), f"nothing uses {root}"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_steps_of_an_image_are_imported_with_all_other_systems_libraries_hidden(system, tmp_path):
    for path in content(system):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    modules = [".".join(path.with_suffix("").parts) for path in entries(system)]
    own = modules_of(requirements(f"{system}/requirements.txt")) | OURS
    others = modules_of(installed()) - own
    command = [sys.executable, "-I", "-c", IMPORT_ALONE, str(tmp_path), ",".join(others), ",".join(modules)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_image_is_built_of_the_given_base_alone_and_runs_as_nobody(system):
    lines = [line for line in dockerfile(system).splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line.startswith("FROM")] == ["FROM ${TOOLS} AS libraries", "FROM ${BASE}"]
    assert {"ARG BASE=python:3.11-slim", "ARG TOOLS=python:3.11-slim", "USER 65532:65532"} <= set(lines)
    installed = next(number for number, line in enumerate(lines) if "pip install" in line)
    assert {"--no-cache-dir", "--require-hashes", "--only-binary", "--no-deps"} <= set(lines[installed].split())
    code = [number for number, line in enumerate(lines) if line.startswith(tuple(f"COPY {room}" for room in OURS))]
    assert min(code) > installed, "code before libraries"


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_libraries_of_an_image_are_locked_to_what_pyproject_declares(system):
    declared = {}
    for text in chain(PYPROJECT["dependencies"], *PYPROJECT["optional-dependencies"].values()):
        requirement = Requirement(text)
        declared[canonicalize_name(requirement.name)] = requirement.specifier
    locked, everywhere = requirements(f"{system}/requirements.txt"), requirements("constraints.txt")
    for root in map(canonicalize_name, roots(system)):
        assert root in declared, f"pyproject.toml does not declare {root}"
        assert locked[root] in declared[root], f"{root}=={locked[root]}: run `make requirements`"
    assert locked.items() <= everywhere.items(), "images differ in a version: run `make requirements`"
    blocks = (IMAGES / system / "requirements.txt").read_text().replace("\\\n", "").splitlines()
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def test_a_video_made_in_an_image_tells_the_release_that_made_it(monkeypatch):
    def not_installed(name):
        raise importlib.metadata.PackageNotFoundError(name)

    assert PurePosixPath("pyproject.toml") in content("core")
    monkeypatch.setattr(newsreel.fingerprints, "version", not_installed)
    assert newsreel.fingerprints.release() == PYPROJECT["version"]
