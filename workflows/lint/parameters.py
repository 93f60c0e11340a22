"""Rules about parameters. Argo substitutes a value again wherever it is used, so text in one is code."""

import re
from collections.abc import Iterator

from workflows.lint.document import Document, Findings, Node, parameters, references, rule, tasks

ALLOWED_PARAMETERS = {  # name: what its value is
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
    "digest": "64 hexadecimal digits",
    "step-seconds": "a number",
    "attempt-seconds": "a number",
    "refusal": "a step's name, exit status and message in base64url",
}
PLAIN = re.compile(r"[A-Za-z0-9:/._-]*")
SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "eval", "env", "xargs"))


@rule
def parameter_is_not_text(document: Document) -> Findings:
    """A story's text must never be a parameter, because of template injection and a limit of 128 KB: pass an address or an
    id and let the step read the file; add a new harmless parameter to `ALLOWED_PARAMETERS` in workflows/lint/parameters.py."""
    for parameter in all_parameters(document):
        if parameter.name not in ALLOWED_PARAMETERS:
            yield parameter, f"{parameter.name!r} is none of {', '.join(ALLOWED_PARAMETERS)}"


@rule
def value_is_plain(document: Document) -> Findings:
    """A parameter's value must hold nothing that another layer may run as code: use references, letters, digits and
    `:/._-`."""
    for parameter in all_parameters(document):
        for key in ("value", "default"):
            value = parameter.at(key)
            rest = re.sub(r"\{\{.*?\}\}", "", value.text)
            if not PLAIN.fullmatch(rest):
                yield value, f"{rest!r} is more than an address, a number or a name"


@rule
def no_expression_is_evaluated(document: Document) -> Findings:
    """`{{= ...}}` runs an expression over values that come from outside: let a step compute the value. Only the label of a
    workflow's metric may be an expression, since Prometheus alone reads it."""
    spec = document.root.at("spec")
    rest = [spec.at(key) for key in spec.keys if document.is_workflow and key not in ("templates", "metrics")]
    for part in (*document.templates, *rest):
        for text in part.strings():
            if any(reference.startswith("=") for reference in references(text.text)):
                yield text, "evaluates an expression"


@rule
def no_shell_meets_a_parameter(document: Document) -> Findings:
    """A shell, or `-c`, runs a parameter's value as code: run the program itself, each argument an entry of `args`."""
    for container in document.containers:
        words = [*container.at("command").entries, *container.at("args").entries]
        has_shell = any(word.text.rpartition("/")[2] in SHELLS or word.text == "-c" for word in words)
        for word in words:
            if has_shell and references(word.text):
                yield word, "is read by a shell"


@rule
def value_from_is_a_bare_reference(document: Document) -> Findings:
    """`valueFrom.parameter` with text around the reference passes Argo's lint and fails when the story runs: give the
    reference alone."""
    for parameter in all_parameters(document):
        source = parameter.at("valueFrom", "parameter")
        if source.text and not re.fullmatch(r"\{\{[^{}]*\}\}", source.text):
            yield source, f"{source.text!r} is more than one reference"


def all_parameters(document: Document) -> Iterator[Node]:
    if document.is_workflow:
        yield from parameters(document.root.at("spec", "arguments"))
    for template in document.templates:
        yield from parameters(template.at("inputs"))
        yield from parameters(template.at("outputs"))
        for task in tasks(template):
            yield from parameters(task.at("arguments"))


@rule
def metric_has_few_series(document: Document) -> Findings:
    """Prometheus keeps a time series for each value that a label has had: use a constant or a status, and a submitted value
    only through an expression that ends in `: 'other'`."""
    for part in (document.root.at("spec"), *document.templates):
        for metric in part.at("metrics", "prometheus").entries:
            for label in metric.at("labels").entries:
                for name in references(label.at("value").text):
                    if name not in ("status", "workflow.status") and not name.endswith(": 'other'"):
                        yield label.at("value"), f"{{{{{name}}}}} has an unlimited number of values"
