"""`newsreel`, the command line.

Every subcommand imports what it needs when it runs, so that `newsreel --help` and a wrong story answer at once.
Exit statuses: those of `newsreel.errors` (2 wrong input, 3 another revision, 4 missing program, 5 disk full, 6 weights, 75 try
again), 1 when lint found faults or plan no pool, 130 and 143 when interrupted.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from cli import submission
from cli.weights.commands import declare
from cluster.simulate.options import declare_plan, declare_simulate
from newsreel.config.option import declare_config_option
from newsreel.errors import NewsreelError, pluralize, translate_os_error

PROFILES = ("embedded", "studio")


def main() -> None:
    """Entry point of the `newsreel` script."""
    options = parser().parse_args()
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        with former_configuration(options):
            status = command(options)
        sys.stdout.flush()
        sys.exit(status)
    except BrokenPipeError:
        # The reader closed the pipe (`newsreel schema | head`); Python would report it again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except NewsreelError as fault:
        exit_with(fault)
    except OSError as fault:
        exit_with(translate_os_error(fault))


@contextmanager
def former_configuration(options: argparse.Namespace) -> Iterator[None]:
    """For one release a former option (`--settings`, `--parameters`) reads a former file, too."""
    if (option := getattr(options, "former_option", None)) is None:
        yield
        return
    from tempfile import TemporaryDirectory

    from cli.migrate import former_file

    with TemporaryDirectory(prefix="newsreel-") as folder:
        options.config = former_file(options.config, option, Path(folder))
        yield


def exit_with(fault: NewsreelError) -> NoReturn:
    print(fault, f"(exit {fault.exit_status})", file=sys.stderr)
    sys.exit(fault.exit_status)


class VersionAction(argparse.Action):
    """Unlike argparse's own, looks the version up only when it is needed."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"newsreel {version('newsreel')}")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="newsreel", description="A written news story becomes a finished video.")
    top.add_argument("--version", action=VersionAction, nargs=0, help="print the version")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    render = commands.add_parser("render", help="render a story on this machine, from the manifest that Argo would run")
    render.add_argument("story", type=Path, help="a story file, YAML or JSON")
    render.add_argument(
        "--to", type=Path, default=Path("out"), metavar="FOLDER", help="write the video to FOLDER/<story id>/ (out)"
    )
    render.add_argument("--profile", choices=PROFILES, default="embedded", help="studio speaks with a newsroom's own weights")
    render.add_argument("--work", type=Path, metavar="FOLDER", help="finished work, reused by the next run (<to>/.work)")
    render.set_defaults(command=run_render)

    check = commands.add_parser("check", help="list every fault of a story and its pictures, with path and line")
    check.add_argument("story", type=Path, help="a story file, YAML or JSON")
    check.add_argument("--profile", choices=PROFILES, default="embedded", help="profile whose voices the story may use")
    check.set_defaults(command=run_check)

    schema = commands.add_parser("schema", help="print the JSON Schema of a story, or of newsreel.yaml")
    schema.add_argument("--config", action="store_true", help="of newsreel.yaml, the configuration of an installation")
    schema.set_defaults(command=run_schema)

    emit = commands.add_parser("emit", help="write the manifests of a profile")
    emit.add_argument("--profile", choices=PROFILES, default="embedded")
    emit.add_argument(
        "--into", type=Path, default=Path("dist/manifests"), metavar="FOLDER", help="FOLDER/<profile>/ (dist/manifests)"
    )
    declare_config_option(emit, "--settings", None, "the installation's newsreel.yaml; by default one in which nothing is given")
    emit.add_argument("--images", metavar="PREFIX", help="prefix of the images' names (newsreel)")
    emit.add_argument("--project", metavar="NAME", help="add the message trigger, for the topics of this Google Cloud project")
    emit.set_defaults(command=run_emit)

    apply = commands.add_parser("apply", help="apply emitted manifests to a cluster, in order as they become ready")
    apply.add_argument("folder", type=Path, help="what `newsreel emit` wrote, such as dist/manifests/studio")
    apply.add_argument("--context", metavar="NAME", help="context of kubectl (the current one)")
    apply.add_argument("--dry-run", action="store_true", help="print each step without doing it")
    apply.set_defaults(command=run_apply)

    lint = commands.add_parser("lint", help="check manifests against the rules for a story's pods")
    lint.add_argument(
        "manifests", type=Path, nargs="*", default=[Path("dist/manifests")], help="files or folders (dist/manifests)"
    )
    declare_config_option(lint, "--settings", None, "the newsreel.yaml that the manifests were emitted with")
    lint.add_argument("--explain", action="store_true", help="list the rules, each with its remedy")
    lint.set_defaults(command=run_lint)

    config = commands.add_parser("config", help="check newsreel.yaml, or make it of the two files of earlier releases")
    config_commands = config.add_subparsers(required=True, metavar="COMMAND")
    config_check = config_commands.add_parser("check", help="list every fault of a newsreel.yaml, with path and line")
    config_check.add_argument("file", type=Path, help="a newsreel.yaml")
    config_check.set_defaults(command=run_config_check)
    migrate = config_commands.add_parser("migrate", help="make a newsreel.yaml of settings.yaml and pool.yaml")
    migrate.add_argument("--settings", type=Path, metavar="FILE", help="(settings.yaml, where there is one)")
    migrate.add_argument("--pool", type=Path, metavar="FILE", help="(`manager.pool`; without settings.yaml, cluster/pool.yaml)")
    migrate.add_argument("--to", type=Path, default=Path("newsreel.yaml"), metavar="FILE", help="(newsreel.yaml)")
    migrate.set_defaults(command=run_config_migrate)

    graph = commands.add_parser("graph", help="print the DAG of a manifest as a Mermaid flowchart")
    graph.add_argument("manifest", type=Path, help="a WorkflowTemplate, such as dist/manifests/embedded/story.yaml")
    graph.add_argument("--to", type=Path, metavar="FILE", help="write there instead of standard output")
    graph.set_defaults(command=run_graph)

    submission.declare(commands)

    declare_simulate(commands.add_parser("simulate", help="simulate a node pool: queueing, cost, idle time"))
    declare_plan(commands.add_parser("plan", help="find the node pool for a target, such as --stories 3000/day --wait 15min"))

    weights = commands.add_parser("weights", help="inspect or convert a weights file, or fetch one from the catalogue")
    declare(weights)

    train = commands.add_parser("train", help="train a presenter from footage, by the manifest that Argo would run")
    train.add_argument(
        "footage", type=Path, metavar="FOLDER", help="presenter.yaml and footage.mp4, in a folder of the presenter's name"
    )
    train.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="write the bundle to FOLDER/<presenter>/")
    train.add_argument("--steps", type=int, default=4000, metavar="N", help="maximum steps of the generator's training (4000)")
    train.add_argument("--minutes", type=float, default=120, metavar="M", help="maximum minutes of that training (120)")
    train.add_argument("--work", type=Path, metavar="FOLDER", help="finished work, reused by the next run (<to>/.work)")
    train.set_defaults(command=run_train)
    return top


def run_render(options: argparse.Namespace) -> int:
    from workflows.profiles import PROFILES as CATALOGUE
    from workflows.render import render

    return render(options.story, options.to, options.work or options.to / ".work", CATALOGUE[options.profile])


def run_check(options: argparse.Namespace) -> int:
    from newsreel.story_loader import validate_story
    from workflows.profiles import PROFILES as CATALOGUE

    story = validate_story(options.story, CATALOGUE[options.profile].voice.name)
    words = sum(len(scene.narration.split()) for scene in story.scenes)
    length = f"{pluralize(len(story.scenes), 'scene')}, {pluralize(words, 'word')}"
    print(f"{options.story}: {story.id} revision {story.revision}: {length}: no fault")
    return 0


def run_schema(options: argparse.Namespace) -> int:
    if options.config:
        from newsreel.config.model import Config

        schema = Config.model_json_schema()
    else:
        from newsreel.story.source import story_json_schema

        schema = story_json_schema()
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    return 0


def run_emit(options: argparse.Namespace) -> int:
    from cluster.manifests.emit import emit
    from newsreel.config.file import read_config, with_options
    from newsreel.config.model import Config
    from newsreel.config.settings import settings_of
    from workflows.profiles import PROFILES as CATALOGUE

    config = with_options(read_config(options.config) if options.config else Config(), options.images, options.project)
    for path in emit(CATALOGUE[options.profile], options.into / options.profile, settings_of(config)):
        print(path)
    return 0


def run_apply(options: argparse.Namespace) -> int:
    from cluster.manifests.apply import apply

    return apply(options.folder, options.context, options.dry_run)


def run_lint(options: argparse.Namespace) -> int:
    from newsreel.config.file import read_config
    from newsreel.config.settings import settings_of
    from workflows.lint import RULES, lint_files

    if options.explain:
        for rule in RULES:
            print(f"{rule.name}\n    {rule.advice}")
        return 0
    faults = list(lint_files(options.manifests, settings_of(read_config(options.config)) if options.config else None))
    for fault in faults:
        print(fault)
    looked = f"{pluralize(len(options.manifests), 'place')}, {pluralize(len(RULES), 'rule')}"
    print(f"{looked}, {pluralize(len(faults), 'fault')}", file=sys.stderr)
    return 1 if faults else 0


def run_config_check(options: argparse.Namespace) -> int:
    from newsreel.config.file import read_config

    read_config(options.file)
    print(f"{options.file}: no fault")
    return 0


def run_config_migrate(options: argparse.Namespace) -> int:
    from cli.migrate import migrate

    return migrate(options.settings, options.pool, options.to)


def run_graph(options: argparse.Namespace) -> int:
    from newsreel.argo.documents import read_documents
    from newsreel.files import write_atomically
    from workflows.graph import flowchart

    chart = flowchart(read_documents(options.manifest))
    if not options.to:
        print(chart, end="")
        return 0
    file: Path = options.to
    if file.suffix == ".svg":  # what earlier versions wrote; the name works for one release
        file = file.with_suffix(".mmd")
        print(f"{options.to}: SVG is no longer written; the Mermaid flowchart is in {file}", file=sys.stderr)
    write_atomically(file, chart)
    return 0


def run_train(options: argparse.Namespace) -> int:
    from workflows.train import train

    return train(options.footage, options.to, options.work or options.to / ".work", options.steps, options.minutes)
