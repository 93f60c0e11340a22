"""`python -m cluster.gke up|down|status|deploy`: the cluster of newsreel.yaml. People call it as cluster/up, down, status."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cluster.gke.programs import Programs
from newsreel.config.file import DEFAULT, read_gke_config
from newsreel.config.model import GkeConfig
from newsreel.config.option import declare_config_option
from newsreel.errors import NewsreelError, translate_os_error

FOLDER = Path("dist/gke")
CALLED_FROM = "NEWSREEL_CALLED_FROM"
"""Where the person stands: cluster/up and the others go to the repository first."""


def main() -> int:
    options = parser().parse_args()
    try:
        return int(options.command(options, read_gke_config(Path(os.environ.get(CALLED_FROM, "")) / options.config)))
    except NewsreelError as fault:
        return refused(fault)
    except OSError as fault:
        return refused(translate_os_error(fault))
    except KeyboardInterrupt:
        print("interrupted: run it again, it goes on where it stopped", file=sys.stderr)
        return 130


def refused(fault: NewsreelError) -> int:
    print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
    return fault.exit_status


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="cluster", description="The cluster of cluster/newsreel.yaml on Google Cloud.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    up = command_in(commands, "up", "cluster/up", "tell what it costs, ask, make it, install what runs in it")
    up.add_argument("--stories", metavar="RATE", help="stories for the cost estimate, such as 3000/day (site.expected)")
    up.set_defaults(command=run_up)
    down = command_in(commands, "down", "cluster/down", "take the cluster away; what lasts stays")
    down.add_argument("--everything", action="store_true", help="also what lasts, but for buckets that hold something")
    down.add_argument("--anyway", action="store_true", help="also while stories run or have no video, or that is unknown")
    down.set_defaults(command=run_down)
    status = command_in(commands, "status", "cluster/status", "machines, queue, stories, what today has cost")
    status.set_defaults(command=run_status)
    deploy = command_in(
        commands, "deploy", "python -m cluster.gke deploy", "install Argo and our manifests, what changes shown first"
    )
    deploy.set_defaults(command=run_deploy)
    for command in (up, down, deploy):
        command.add_argument("--yes", action="store_true", help="ask nothing")
        command.add_argument("--dry-run", action="store_true", help="say what would be done; nothing is changed")
    for command in (up, down, status, deploy):
        declare_config_option(command, "--parameters", DEFAULT, "(cluster/newsreel.yaml)")
    return top


def command_in(commands: Any, name: str, called: str, does: str) -> argparse.ArgumentParser:
    """The command's name as a person typed it."""
    made: argparse.ArgumentParser = commands.add_parser(name, prog=called, help=does, description=f"{does[0].upper()}{does[1:]}.")
    return made


def run_up(options: argparse.Namespace, parameters: GkeConfig) -> int:
    from cluster.gke.up import up

    return up(parameters, Programs(options.dry_run), FOLDER, stories=options.stories, yes=options.yes)


def run_down(options: argparse.Namespace, parameters: GkeConfig) -> int:
    from cluster.gke.down import down

    choices = {"everything": options.everything, "anyway": options.anyway, "yes": options.yes}
    return down(parameters, Programs(options.dry_run), FOLDER, **choices)


def run_status(options: argparse.Namespace, parameters: GkeConfig) -> int:
    from cluster.gke.status import status

    return status(parameters, Programs(), datetime.now(UTC))


def run_deploy(options: argparse.Namespace, parameters: GkeConfig) -> int:
    from cluster.gke.deploy import Deployment

    programs = Programs(options.dry_run)
    return Deployment(parameters, programs, FOLDER).run(yes=options.yes)


if __name__ == "__main__":
    sys.exit(main())
