"""What `make` and the images install is locked: one version of each project everywhere, every file by its hash."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from images import contents
from requirements import lock

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IMAGES = contents.images()
LOCKS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("requirements/*.txt"), *ROOT.glob("images/*/requirements.txt"))
    if path.name != "excluded.txt"
)


def lines(name):
    """One line for each requirement, with its hashes."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def locked(name):
    return {canonicalize_name(line.partition("==")[0]): re.split(r"[ ;]", line.partition("==")[2])[0] for line in lines(name)}


def of_extras(*extras):
    return [Requirement(text) for extra in extras for text in lock.of_extra(PROJECT, extra)]


def assert_holds(name, requirements):
    versions = locked(name)
    for requirement in requirements:
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{name} lacks {requirement.name}: run `make lock`"
        assert version in requirement.specifier, f"{name}: {requirement.name}=={version}: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_index(name):
    assert lines(name)
    for line in lines(name):
        assert re.match(r"[a-z0-9._-]+==\S+ ", line) and "--hash=sha256:" in line, line[:80]
    assert not re.search(r"://|^--|\bfile:", (ROOT / name).read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in LOCKS if name != "requirements/sdists.txt"])
def test_every_lock_has_the_versions_that_the_tests_ran_with(name):
    assert len(lines("requirements/dev.txt")) == len(locked("requirements/dev.txt")), "a project has two versions"
    assert locked(name).items() <= locked("requirements/dev.txt").items(), "run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_excluded_is_in_no_lock(name):
    excluded = [line for line in (ROOT / "requirements/excluded.txt").read_text().splitlines() if not line.startswith("#")]
    assert not locked(name).keys() & set(map(canonicalize_name, excluded))


def test_the_locks_of_make_hold_what_pyproject_declares():
    base = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    assert_holds("requirements/embedded.txt", base + of_extras("embedded"))
    assert_holds("requirements/newsroom.txt", base + of_extras("embedded", "newsroom"))
    assert_holds("requirements/gke.txt", base + of_extras("gke"))
    assert_holds("requirements/dev.txt", base + of_extras(*PROJECT["project"]["optional-dependencies"]))
    for group in ("build", "sdists"):
        assert_holds(f"requirements/{group}.txt", map(Requirement, PROJECT["dependency-groups"][group]))
    assert_holds("requirements/build.txt", map(Requirement, PROJECT["build-system"]["requires"]))


@pytest.mark.parametrize("image", sorted(IMAGES))
def test_the_lock_of_an_image_holds_what_pyproject_declares(image):
    declared = {}
    for text in chain(PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()):
        requirement = Requirement(text)
        declared[canonicalize_name(requirement.name)] = requirement.specifier
    roots = [Requirement(text) for text in lock.libraries(PROJECT, IMAGES[image])]
    assert roots and all(root.specifier == declared[canonicalize_name(root.name)] for root in roots)
    assert_holds(f"images/{image}/requirements.txt", roots)


def test_every_image_is_locked_and_no_other():
    assert {f"images/{image}/requirements.txt" for image in IMAGES} == {name for name in LOCKS if name.startswith("images/")}
