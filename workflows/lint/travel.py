"""Rules about what may travel as a parameter. Argo substitutes a value again wherever it lands: text in one is code."""

import re
from collections.abc import Iterator

from workflows.lint.document import Document, Node, parameters, references, tasks
from workflows.lint.rule import Findings, rule

TRAVELLERS = {
    "story": "an address",
    "finals": "an address prefix",
    "footage": "an address prefix",
    "bundles": "an address prefix",
    "steps": "a number",
    "minutes": "a number",
    "shards": "a number, or a list of K/N",
    "shard": "K/N",
    "node": "a node's name",
    "dir": "a directory",
    "state": "one word",
    "priority": "one word",
    "step-seconds": "a number",
    "attempt-seconds": "a number",
    "refusal": "a step's name, exit status and message in base64url",
}
PLAIN = re.compile(r"[A-Za-z0-9:/._-]*")
SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "eval", "env", "xargs"))


@rule
def parameter_is_not_text(document: Document) -> Findings:
    """A story's words must never be a parameter: template injection, and a ceiling of 128 KB. Pass an address or an id and let
    the step read the file; a new harmless parameter is added to `TRAVELLERS` in workflows/lint/travel.py."""
    for parameter in every_parameter(document):
        if parameter.name not in TRAVELLERS:
            yield parameter, f"{parameter.name!r} is none of {', '.join(TRAVELLERS)}"


@rule
def value_is_plain(document: Document) -> Findings:
    """What is given as a parameter is a reference or made of letters, digits and `:/._-`: nothing that another layer might read
    as code."""
    for parameter in every_parameter(document):
        for key in ("value", "default"):
            value = parameter.at(key)
            rest = re.sub(r"\{\{.*?\}\}", "", value.text)
            if not PLAIN.fullmatch(rest):
                yield value, f"{rest!r} is more than an address, a number or a name"


@rule
def no_expression_is_evaluated(document: Document) -> Findings:
    """`{{= ...}}` runs an expression over values that came from outside: let a step work it out. The label of a workflow's metric
    alone may be one, since it goes to nobody but Prometheus."""
    spec = document.root.at("spec")
    rest = [spec.at(key) for key in spec.keys if document.is_workflow and key not in ("templates", "metrics")]
    for part in (*document.templates, *rest):
        for text in part.strings():
            if any(reference.startswith("=") for reference in references(text.text)):
                yield text, "evaluates an expression"


@rule
def no_shell_meets_a_parameter(document: Document) -> Findings:
    """A shell, or `-c`, reads a parameter's value as code: run the program itself, each argument an entry of `args`."""
    for container in document.containers:
        words = [*container.at("command").entries, *container.at("args").entries]
        spoken_to = any(word.text.rpartition("/")[2] in SHELLS or word.text == "-c" for word in words)
        for word in words:
            if spoken_to and references(word.text):
                yield word, "is read by a shell"


@rule
def value_from_is_a_bare_reference(document: Document) -> Findings:
    """`valueFrom.parameter` with anything around the reference passes Argo's lint and fails when the story is under way: give
    the reference alone."""
    for parameter in every_parameter(document):
        source = parameter.at("valueFrom", "parameter")
        if source.text and not re.fullmatch(r"\{\{[^{}]*\}\}", source.text):
            yield source, f"{source.text!r} is more than one reference"


def every_parameter(document: Document) -> Iterator[Node]:
    if document.is_workflow:
        yield from parameters(document.root.at("spec", "arguments"))
    for template in document.templates:
        yield from parameters(template.at("inputs"))
        yield from parameters(template.at("outputs"))
        for task in tasks(template):
            yield from parameters(task.at("arguments"))


@rule
def metric_has_few_series(document: Document) -> Findings:
    """Prometheus keeps a series for each value a label has had: give it a word of ours or a status, and what was submitted only
    through an expression that ends in `: 'other'`."""
    for part in (document.root.at("spec"), *document.templates):
        for metric in part.at("metrics", "prometheus").entries:
            for label in metric.at("labels").entries:
                for name in references(label.at("value").text):
                    if name not in ("status", "workflow.status") and not name.endswith(": 'other'"):
                        yield label.at("value"), f"{{{{{name}}}}} may be anything"
