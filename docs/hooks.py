"""mkdocs hooks: reference pages from the code itself, at build, so that none can be stale.

A line `<!-- generated: NAME -->` in a page is replaced by what GENERATED[NAME] returns. Pictures outside of docs/ and the script
that draws Mermaid are added to the site, which loads nothing from elsewhere.
"""

import argparse
import ast
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the code that is described is the code beside this file

MARK = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)
PICTURES = {"images/result.jpg": "examples/result.jpg"}
"""Files of the site, and where they are in the repository."""
MERMAID = "assets/mermaid.js"
"""Without it mkdocs-material would load Mermaid from unpkg.com. It is in the package mermaidx, byte for byte npm's
mermaid/dist/mermaid.min.js; nothing else of that package is used."""
PROGRAMS = {
    "cli.main": "newsreel",
    "cluster.gke.__main__": "cluster/up, cluster/down, cluster/status, make deploy",
    "cluster.newsroom.__main__": "The newsroom",
    "cluster.controllers.manager.__main__": "The manager",
    "cluster.controllers.submitter.__main__": "The submitter",
    "cluster.controllers.reconciler.__main__": "The reconciler",
}
"""Modules of the programs that people and containers start, and their titles."""
PACKAGES = ("newsreel", "steps", "workflows", "cluster")
METRIC_NAME = re.compile(r"newsreel_[a-z_]+")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, source in PICTURES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, MERMAID, content=mermaid_script()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    return MARK.sub(lambda mark: GENERATED[mark[1]](), markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Only pages with a diagram load the script, which is 3.5 MB."""
    if 'class="mermaid"' not in html:
        return html
    return f'<script src="{get_relative_url(MERMAID, page.url)}"></script>\n{html}'


def mermaid_script() -> bytes:
    spec = find_spec("mermaidx")
    if not spec or not spec.origin:
        raise SystemExit("the package mermaidx is missing: run `make docs`")
    return (Path(spec.origin).parent / "assets/mermaid.js").read_bytes()


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *([table_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def table_cell(text: str) -> str:
    """In one line, and with nothing outside of code that a table or HTML would swallow."""
    parts = text.replace("\n", " ").split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;").replace("|", "&#124;") for index, part in enumerate(parts))


def code(names: Iterable[object]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# The command line


def command_line() -> str:
    return "\n".join(f"## {title}\n\n{program(parser_of(module))}" for module, title in PROGRAMS.items())


class Captured(Exception):
    """The parser of a program that was started only to obtain it."""


def parser_of(module: str) -> argparse.ArgumentParser:
    """A program's own parser: what its `parser()` returns, or what its `main()` is about to parse the arguments with."""
    program = importlib.import_module(module)
    if hasattr(program, "parser"):
        found: argparse.ArgumentParser = program.parser()
        return found

    def capture(parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        raise Captured(parser)

    with patch.object(argparse.ArgumentParser, "parse_args", capture):
        try:
            program.main()
        except Captured as captured:
            parser: argparse.ArgumentParser = captured.args[0]
            return parser
    raise LookupError(f"{module} parses no arguments")


def program(parser: argparse.ArgumentParser, summary: str = "") -> str:
    """A program, and each of its commands, with a table of its arguments."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    text = parser.description or summary
    parts = [f"{text[0].upper()}{text[1:].rstrip('.')}.\n" if text else ""]
    if not nested:
        parts.append(f"```text\n{' '.join(parser.format_usage().removeprefix('usage: ').split())}\n```\n")
    hidden = [*nested, *(action for action in parser._actions if action.dest == "help" or action.help == argparse.SUPPRESS)]
    if rows := [argument_row(action) for action in parser._actions if action not in hidden]:
        parts.append(table(["argument", "meaning"], rows))
    for action in nested:
        for choice in action._choices_actions:
            command = action.choices[choice.dest.partition(" ")[0]]
            parts.append(f"### `{command.prog}`\n\n{program(command, choice.help or '')}")
    return "\n".join(parts)


def argument_row(action: argparse.Action) -> tuple[str, str]:
    value = "" if action.nargs == 0 else f" {action.metavar or (choices(action) if action.choices else action.dest.upper())}"
    names = ", ".join(action.option_strings) + value if action.option_strings else str(action.metavar or action.dest)
    return f"`{names}`", f"{action.help or ''}{' (required)' if action.required and action.option_strings else ''}"


def choices(action: argparse.Action) -> str:
    return "{" + ",".join(str(choice) for choice in action.choices or ()) + "}"


# JSON Schemas: the story, the configuration


def story_format() -> str:
    from newsreel.story.source import story_json_schema

    return schema_tables(story_json_schema(), "The story")


def configuration() -> str:
    """The fields of newsreel.yaml, and its commented example."""
    from newsreel.config.model import Config

    example = ROOT / "cluster/newsreel.yaml"
    text = f"## The commented example\n\n`{example.relative_to(ROOT)}`:\n\n```yaml\n{example.read_text()}```\n"
    return f"{schema_tables(Config.model_json_schema(), 'newsreel.yaml')}\n{text}"


def schema_tables(schema: dict[str, Any], title: str) -> str:
    """A table for each object type of a JSON Schema, the outermost first, each after the one that names it first."""
    types = schema.get("$defs", {})
    parts, left = [object_table(title, schema, types)], referenced(schema["properties"])
    for name in left:
        if "properties" in types[name]:
            parts.append(object_table(name, types[name], types))
            left += [one for one in referenced(types[name]["properties"]) if one not in left]
    return "\n".join(parts)


def referenced(node: Any) -> list[str]:
    """Names of the types that a part of a schema refers to, each once."""
    return list(dict.fromkeys(re.findall(r'"#/\$defs/(\w+)"', json.dumps(node))))


def object_table(name: str, schema: dict[str, Any], types: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (f"`{field}`", value_type(one), "required" if field in required else default_of(one), meaning(one, types))
        for field, one in schema["properties"].items()
    ]
    text = schema.get("description", "").partition("\n\n")[0]
    return f"## {name}\n\n{text}\n\n{table(['field', 'value', 'default', 'meaning'], rows)}"


def meaning(schema: dict[str, Any], types: Mapping[str, Any]) -> str:
    """Of a field; for a group without one of its own, that of the group."""
    group = types.get(schema.get("$ref", "").rpartition("/")[2], {})
    return str(schema.get("description") or group.get("description", "").partition("\n\n")[0])


def value_type(schema: dict[str, Any]) -> str:
    """`text, 1 to 80 characters`; a link for another object of the page."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(value_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    kind = schema.get("type", "any")
    if kind == "array":
        items = schema.get("items") or {"type": "any"}
        return f"list of {value_type(items)}{bounds(schema, 'minItems', 'maxItems', '')}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"mapping of names to {value_type(values)}" if isinstance(values, dict) else "mapping"
    names = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}
    limits = bounds(schema, "minLength", "maxLength", " characters") + bounds(schema, "minimum", "maximum", "")
    return str(names.get(kind, kind)) + limits


def bounds(schema: dict[str, Any], least: str, most: str, unit: str) -> str:
    if most in schema:
        amount = number(schema[most])
        if least in schema and schema[least] != schema[most]:
            amount = f"{number(schema[least])} to {amount}"
        return f", {amount}{unit}" if least in schema else f", at most {amount}{unit}"
    return f", at least {number(schema[least])}{unit}" if schema.get(least) else ""


def number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def default_of(schema: dict[str, Any]) -> str:
    """Of a group its fields' own defaults count."""
    default = schema.get("default")
    return "" if default in (None, [], {}, "") or "$ref" in schema else f"`{json.dumps(default, ensure_ascii=False)}`"


# Steps, manifests, errors, metrics


def steps_table() -> str:
    rows = [(f"`{step.name}`", step.stage, step.purpose) for step in ordered_steps()]
    return table(["step", "stage", "purpose"], rows)


def step_files_table() -> str:
    rows = [(f"`{step.name}`", code(step.reads), code(step.writes)) for step in ordered_steps() if step.reads or step.writes]
    return table(["step", "reads", "writes"], rows)


def step_resources_table() -> str:
    rows = [
        (
            f"`{step.name}`",
            f"`{step.image}`",
            step.resources.cpu,
            step.resources.memory,
            str(step.resources.gpus or ""),
            step.progress_unit or "",
        )
        for step in ordered_steps()
    ]
    return table(["step", "image", "CPU", "memory", "GPUs", "progress counts"], rows)


def ordered_steps() -> list[Any]:
    """As they run: the story's in both profiles, the training's, and the others."""
    from steps import declared_steps
    from workflows.profiles import EMBEDDED, STUDIO

    names = [step.name for step in (*EMBEDDED.work, *STUDIO.work, *STUDIO.training)]
    declared = declared_steps()
    return [declared[name] for name in dict.fromkeys([*names, *declared])]


def emitted(profile: str) -> Any:
    """The documents of the story's WorkflowTemplate, as `newsreel emit` writes it."""
    from cli.main import parser
    from newsreel.argo.documents import read_documents

    with tempfile.TemporaryDirectory() as folder, patch("builtins.print"):
        options = parser().parse_args(["emit", "--profile", profile, "--into", folder])
        options.command(options)
        return read_documents(Path(folder) / profile / "story.yaml")


def dag(profile: str) -> str:
    from workflows.graph import flowchart

    return f"```mermaid\n{flowchart(emitted(profile))}```\n"


def exit_statuses() -> str:
    from newsreel.errors import NewsreelError

    rows = [(str(one.exit_status), f"`{one.__name__}`", (one.__doc__ or "")) for one in NewsreelError.__subclasses__()]
    return table(["status", "error", "meaning"], sorted(rows, key=lambda row: int(row[0])))


def program_metrics() -> str:
    """Every metric that is registered with prometheus_client, as its call in the code says."""
    rows = [metric for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")) for metric in metrics_in(file)]
    return table(["metric", "type", "meaning", "labels", "program"], rows)


def metrics_in(file: Path) -> Iterator[tuple[str, ...]]:
    """`Counter("name", "help", ["label"], registry=...)`, and collectors' tables: `{"name": (..., "help")}`."""
    program = file.parent.name.replace("_", " ")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and any(keyword.arg == "registry" for keyword in node.keywords):
            texts = constants(node.args)
            if isinstance(node.func, ast.Name) and len(texts) > 1:
                labels = [label for one in node.args if isinstance(one, ast.List) for label in constants(one.elts)]
                suffix = "_total" if node.func.id == "Counter" else ""
                yield f"`{texts[0]}{suffix}`", node.func.id.lower(), texts[1], code(labels), program
        elif isinstance(node, ast.Dict):
            for name, value in zip(node.keys, node.values, strict=True):
                metric = str(name.value) if isinstance(name, ast.Constant) else ""
                if METRIC_NAME.fullmatch(metric) and isinstance(value, ast.Tuple):
                    yield f"`{metric}`", "gauge", constants(value.elts)[-1], "`day`", program


def constants(nodes: Iterable[ast.AST]) -> list[str]:
    return [str(node.value) for node in nodes if isinstance(node, ast.Constant)]


def argo_metrics() -> str:
    """What the emitted WorkflowTemplate has Argo's controller count."""
    from workflows.metrics import PREFIX

    found = {metric["name"]: metric for document in emitted("studio") for metric in prometheus_metrics(document)}
    rows = [
        (f"`{PREFIX}{name}`", "histogram", metric["help"], code(label["key"] for label in metric["labels"]))
        for name, metric in found.items()
    ]
    return table(["metric", "type", "meaning", "labels"], rows)


def prometheus_metrics(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield from node.get("prometheus", ()) if "prometheus" in node else ()
        for value in node.values():
            yield from prometheus_metrics(value)
    elif isinstance(node, list):
        for value in node:
            yield from prometheus_metrics(value)


def alerts() -> str:
    from cluster.manifests.alerts import ALERTS

    rows = [(f"`{one.name}`", one.summary, one.action, "at once" if one.page else "in the morning") for one in ALERTS]
    return table(["alert", "meaning", "what to do first", "notify"], rows)


def environment_variables() -> str:
    from newsreel.environment import markdown_table

    return markdown_table()


def local_runner() -> str:
    from workflows.local import supported_table

    return supported_table()


GENERATED: Mapping[str, Callable[[], str]] = {
    "cli": command_line,
    "story-format": story_format,
    "configuration": configuration,
    "environment": environment_variables,
    "exit-statuses": exit_statuses,
    "program-metrics": program_metrics,
    "argo-metrics": argo_metrics,
    "alerts": alerts,
    "local-runner": local_runner,
    "steps": steps_table,
    "step-files": step_files_table,
    "step-resources": step_resources_table,
    "dag-studio": lambda: dag("studio"),
}
