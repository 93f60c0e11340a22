"""The option --config of every program; apart from the reader, so that a program's help imports nothing but argparse."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def declare_config_option(parser: argparse.ArgumentParser, former: str, default: Path | None, usage: str) -> None:
    """`--config FILE`; `former` is its name of earlier releases, which works for one more and says so."""
    parser.add_argument("--config", type=Path, default=default, metavar="FILE", help=usage)
    parser.add_argument(former, type=Path, dest="config", action=FormerName, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


class FormerName(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        options: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        print(f"{option_string} is now --config; the old name goes with the next release", file=sys.stderr)
        setattr(options, self.dest, values)
        options.former_option = option_string
