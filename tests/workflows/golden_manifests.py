"""Golden manifests: one installation in full, the others as differences. `make golden` rewrites them.

`golden/whole/` holds every file of the whole installation (profile studio, `golden/newsreel.yaml`) in a form with a third fewer
lines, from which `expanded` makes the emitted bytes. `golden/studio.diff` is what the default settings make of it, and
`golden/embedded.diff` what the embedded profile makes of that.
"""

from collections.abc import Mapping
from difflib import unified_diff
from functools import cache
from pathlib import Path

import yaml

from cluster.manifests.emit import manifests
from newsreel.config.file import read_config
from newsreel.config.settings import Settings, settings_of
from workflows.profiles import EMBEDDED, STUDIO

GOLDEN = Path(__file__).parent / "golden"
WHOLE_SETTINGS = settings_of(read_config(GOLDEN / "newsreel.yaml"))
VARIANTS = {"whole": (STUDIO, WHOLE_SETTINGS), "studio": (STUDIO, Settings()), "embedded": (EMBEDDED, Settings())}
DIFFERENCES = {"studio": "whole", "embedded": "studio"}
"""Variant, and the one that its file says the difference to."""


class Dumper(yaml.CSafeDumper):
    """Strings of several lines are literal blocks, whatever other libraries have registered."""


Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
)


@cache
def emitted(variant: str) -> Mapping[str, str]:
    """What `newsreel emit` writes, by file name; the golden tests hold it to what is written down."""
    profile, settings = VARIANTS[variant]
    return manifests(profile, settings)


def write_manifests(variant: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, text in emitted(variant).items():
        (folder / name).write_text(text)
    return folder


def compact(text: str) -> str:
    """The same documents, each innermost list and mapping in one line."""
    return dumped(text, flow=None)


def expanded(text: str) -> str:
    """The inverse of `compact`, each entry in a line of its own."""
    return dumped(text, flow=False)


def dumped(text: str, flow: bool | None) -> str:
    header, newline, _ = text.partition("\n")
    documents = yaml.load_all(text, yaml.CSafeLoader)
    layout = {"sort_keys": False, "width": 10**9, "allow_unicode": True, "default_flow_style": flow}
    return header + newline + yaml.dump_all(documents, Dumper=Dumper, **layout)


def difference(variant: str) -> str:
    """Unified differences of all files to those of the variant before it."""
    base = DIFFERENCES[variant]
    before, after = emitted(base), emitted(variant)
    lines: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            lines.append(f"Only in {base}: {name}\n")
            continue
        old, new = (compact(side[name]).splitlines(keepends=True) if name in side else [] for side in (before, after))
        lines += unified_diff(old, new, f"{base}/{name}", f"{variant}/{name}", n=1)
    return "".join(lines)


def written_down() -> dict[str, str]:
    """The emitted bytes of the whole installation, as the golden files have them."""
    return {file.name: expanded(file.read_text()) for file in (GOLDEN / "whole").iterdir()}


def rewrite() -> None:
    folder = GOLDEN / "whole"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, text in emitted("whole").items():
        (folder / name).write_text(compact(text))
    for variant in DIFFERENCES:
        (GOLDEN / f"{variant}.diff").write_text(difference(variant))


if __name__ == "__main__":
    rewrite()
