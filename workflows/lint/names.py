"""Rules about names: what Kubernetes, Argo and YAML make of them."""

import re
from collections.abc import Iterator

from workflows.lint.document import Document, Node, parameters, tasks
from workflows.lint.rule import Findings, rule

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
LONGEST = 63
YAML_CONSTANTS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"))


@rule
def name_is_a_dns_label(document: Document) -> Findings:
    """Names of objects, templates, tasks, parameters, containers and volumes end up in pod names, labels and host names: use
    lower-case letters, digits and inner hyphens. A Secret's may have dots: Argo looks for the executor's under such a name."""
    for named in all_named(document):
        labels = named.name.split(".") if document.root.at("kind").text == "Secret" else [named.name]
        if not all(map(DNS_LABEL.fullmatch, labels)):
            yield named.at("name"), f"{named.name!r} is not a DNS label"


@rule
def name_fits_a_label(document: Document) -> Findings:
    """Kubernetes refuses labels and host names of over 63 characters, at run time: shorten the name."""
    for named in all_named(document):
        if len(named.name) > LONGEST:
            yield named.at("name"), f"{len(named.name)} characters; at most {LONGEST}"


@rule
def name_is_not_a_yaml_constant(document: Document) -> Findings:
    """YAML 1.1 reads `n`, `y`, `on` and the like as booleans where a tool writes them without quotes: choose another name."""
    for named in all_named(document):
        value = named.at("name").value
        if isinstance(value, bool) or (isinstance(value, str) and value.lower() in YAML_CONSTANTS):
            yield named.at("name"), f"{value!r} reads as a constant"


def all_named(document: Document) -> Iterator[Node]:
    yield document.root.at("metadata")
    yield from parameters(document.root.at("spec", "arguments"))
    for template in document.templates:
        yield template
        yield from tasks(template)
        yield from parameters(template.at("inputs"))
        yield from parameters(template.at("outputs"))
        yield from template.at("volumes").entries
    pod = document.root.at("spec", "template", "spec")
    yield from pod.at("containers").entries
    yield from pod.at("volumes").entries
