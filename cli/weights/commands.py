"""The subcommands of `newsreel weights`."""

import argparse
from pathlib import Path


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands, each with its `command`."""
    commands = parser.add_subparsers(required=True, metavar="WHAT")

    inspect = commands.add_parser("inspect", help="identify a file without running any code in it")
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--json", action="store_true", help="as JSON")
    inspect.set_defaults(command=run_inspect)

    convert = commands.add_parser("convert", help="convert a file to safetensors with a model card")
    convert.add_argument("file", type=Path)
    convert.add_argument("--to", type=Path, metavar="FILE.safetensors", help="the card is FILE.md (FILE with another ending)")
    convert.add_argument("--half", action="store_true", help="round to half precision: half the size")
    convert.add_argument("--name", help="what to call it (the file's name)")
    convert.add_argument("--source", metavar="URL", help="where it came from")
    convert.add_argument("--licence", metavar="NAME", help="such as CC-BY-4.0")
    convert.set_defaults(command=run_convert)

    fetch = commands.add_parser("fetch", help="fetch a file from the catalogue, verify it, print its path")
    fetch.add_argument("name")
    fetch.set_defaults(command=run_fetch)

    listing = commands.add_parser("list", help="list the catalogue at NEWSREEL_WEIGHTS")
    listing.set_defaults(command=run_list)


def run_inspect(options: argparse.Namespace) -> int:
    from cli.weights.files import inspect_weights

    findings = inspect_weights(options.file)
    print(findings.model_dump_json(indent=2) if options.json else findings)
    return 0


def run_convert(options: argparse.Namespace) -> int:
    from cli.weights.files import CardEntries, convert_weights, net_title

    target = options.to or options.file.with_suffix(".safetensors")
    stated = CardEntries(name=options.name, source=options.source, licence=options.licence)
    card = convert_weights(options.file, target, stated, half=options.half)
    print(f"{target}: {net_title(card.system, card.described)}; {card.parameters:,} parameters, {card.precision}")
    print(f"{target.with_suffix('.md')}: its card; licence {card.licence or 'not stated, give it with --licence'}")
    return 0


def run_fetch(options: argparse.Namespace) -> int:
    from newsreel.storage.store import Storage
    from newsreel.weights.cache import WeightsCache
    from newsreel.weights.catalogue import Catalogue

    storage = Storage.from_environment()
    print(Catalogue.from_environment(storage).fetch(options.name, storage, WeightsCache.from_environment()))
    return 0


def run_list(options: argparse.Namespace) -> int:
    from newsreel.storage.store import Storage
    from newsreel.weights.catalogue import Catalogue

    for name, entry in sorted(Catalogue.from_environment(Storage.from_environment()).entries.items()):
        print(f"{name}\n  {entry.address}\n  sha256 {entry.sha256}\n  licence {entry.licence}")
        if entry.source:
            print(f"  source {entry.source}")
    return 0
