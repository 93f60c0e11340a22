"""`python -m cluster.observability --into dist/observability`: write the alerts and the dashboard."""

import argparse
import json
import sys
from pathlib import Path

import yaml

from cluster.observability.dashboard import dashboard
from cluster.observability.rules import prometheus_rule
from steps.errors import NewsreelError
from steps.workspace import write_atomically


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.observability", description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("dist/observability"), metavar="FOLDER", help="(dist/observability)")
    parser.add_argument("--namespace", default="newsreel", help="where the rules are kept (newsreel)")
    options = parser.parse_args()
    rules = yaml.safe_dump(prometheus_rule(options.namespace), sort_keys=False, width=10**9, allow_unicode=True)
    files = {"newsreel-rules.yaml": rules, "newsreel-dashboard.json": json.dumps(dashboard(), indent=2) + "\n"}
    try:
        for name, text in files.items():
            write_atomically(options.into / name, text)
            print(options.into / name)
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
