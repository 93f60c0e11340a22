"""README, docs/ and the other documents: they build strictly, load nothing from elsewhere, and name only what there is."""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import parser
from newsreel.errors import BadInput
from tests.bench import page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted(DOCS.rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`|^ {4}[^\n]*$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^(?:newsreel|steps|workflows|cluster|cli|images|tests|tools|examples|docs)/[\w./-]+\w$")
PLACEHOLDER = re.compile(r"\bdictionary\b|\bNAME\b")
"""What the worked example of docs/steps.md adds, and a name that the reader chooses."""


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def code(document: Path) -> Iterator[str]:
    """Code in lines, blocks and fences."""
    return (found.strip("`\n ") for found in CODE.findall(document.read_text()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    ended = subprocess.run(build, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return folder


@pytest.mark.slow
def test_site_builds_strictly_with_every_generated_part(site: Path) -> None:
    pages = {str(file.relative_to(site)): file.read_text() for file in site.rglob("*.html")}
    assert not [name for name, text in pages.items() if "&lt;!-- generated" in text or "<!-- generated" in text]
    assert "newsreel render" in pages["reference/cli.html"]
    assert "FOLDER/&lt;story id&gt;/" in pages["reference/cli.html"]
    assert "SUPPRESS" not in pages["reference/cli.html"]
    assert "NEWSREEL_STORIES" in pages["reference/environment.html"]
    assert "newsreel_manager_nodes" in pages["reference/metrics.html"]
    assert "newsreel_day_cost" in pages["reference/metrics.html"]
    assert "pix2pixhd" in pages["steps.html"]


@pytest.mark.slow
def test_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="?(https?:[^">\s]+)', file.read_text())
        assert not loaded, file
    assert (site / "assets/mermaid.js").stat().st_size > 1_000_000


def test_readme_has_at_most_160_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 160


def test_glossary_has_at_most_25_terms() -> None:
    rows = [line for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("| ")]
    assert 10 < len(rows) - 2 <= 25


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    pictures = re.findall(r'"(images/[^"]+)":', (DOCS / "hooks.py").read_text())
    links = [link for link, _ in LINK.findall(document.read_text()) if link not in pictures]
    assert not [link for link in links if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    removed = {"pictures"} if document.name == "CHANGELOG.md" else set()
    named = {
        target
        for text in code(document)
        for command in re.findall(r"(?:^|[\s(])make((?: [a-z][a-z-]*)+)", text)
        for target in command.split()
    }
    assert not named - targets - removed


def commands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    [found] = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)] or [None]
    return dict(found.choices) if found else {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_newsreel_command_and_option_exists(document: Path) -> None:
    known = commands(parser())
    lines = [line.partition(" # ")[0] for text in code(document) for line in text.splitlines()]
    for line in lines:
        for command, rest in re.findall(r"(?:^|[\s/])newsreel ([a-z]+)(?![\w.:])([^|&]*)", line):
            assert command in known, line
            options = {option for action in known[command]._actions for option in action.option_strings}
            nested = commands(known[command])
            for inner in nested.values():
                options |= {option for action in inner._actions for option in action.option_strings}
            assert not nested or rest.split()[:1] == [] or set(rest.split()[0].split("|")) <= nested.keys(), line
            assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= options, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_file_of_the_repository_that_is_named_exists(document: Path) -> None:
    files = {text for text in code(document) if FILE.match(text) and not PLACEHOLDER.search(text)}
    gone = {"cluster/pool.yaml"} if document.name == "CHANGELOG.md" else set()
    made = {"cluster/terraform/.terraform.lock.hcl"}
    assert not [file for file in files - gone - made if not (ROOT / file).exists()]


def test_no_docstring_refers_to_a_document_that_is_missing() -> None:
    named = re.compile(r"\b((?:docs/[a-z]+/[\w-]+|DESIGN|README|CONTRIBUTING|SECURITY|CHANGELOG)\.md)\b")
    for package in ("newsreel", "steps", "workflows", "cluster", "cli", "images", "tools"):
        for file in (ROOT / package).rglob("*.py"):
            missing = [found for found in named.findall(file.read_text()) if not (ROOT / found).exists()]
            assert not missing, file


def test_changelog_keeps_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", version) for version in versions[1:])
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= known


def test_a_section_of_the_measurements_is_replaced_alone(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n")
    page.write_section(file, "measured", "new")
    assert file.read_text() == "before\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\nafter\n"
    with pytest.raises(BadInput, match="simulated: begin"):
        page.write_section(file, "simulated", "new")


@pytest.mark.parametrize("section", ["measured", "simulated"])
def test_the_measurements_say_their_date_and_commit(section: str) -> None:
    text = page.PAGE.read_text().partition(f"<!-- {section}: begin -->")[2].partition(f"<!-- {section}: end -->")[0]
    assert re.search(r"\d{1,2} [A-Z][a-z]+ 20\d\d, commits? [0-9a-f]{7}", text)
