"""Rules about what stands around the stories: what stays up, who may do what, and whom a pod may talk to."""

from workflows.lint.document import Document
from workflows.lint.rule import Findings, rule


@rule
def deployment_is_probed(document: Document) -> Findings:
    """What stays up is called before it is ready, and never started anew when it is stuck, unless it is asked: give the container
    startupProbe, readinessProbe and livenessProbe."""
    if document.root.at("kind").text == "Deployment":
        for container in document.containers:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if not container.at(probe):
                    yield container.at(probe), "is not set"


@rule
def budget_lets_machines_be_drained(document: Document) -> Findings:
    """A budget that keeps as many as there are keeps their machine from ever being drained: set maxUnavailable."""
    if document.root.at("kind").text == "PodDisruptionBudget":
        spec = document.root.at("spec")
        if spec.at("minAvailable").value is not None or not spec.at("maxUnavailable"):
            yield spec, "does not set maxUnavailable"


@rule
def role_names_what_it_allows(document: Document) -> Findings:
    """A `*` allows what nobody has thought of, and who reads secrets or runs programs in pods is whoever they like: name groups,
    resources and verbs, and none of those."""
    if document.root.at("kind").text in ("Role", "ClusterRole"):
        for allowed in document.root.at("rules").entries:
            for key in ("apiGroups", "resources", "verbs"):
                for word in allowed.at(key).entries:
                    if word.text == "*" or (
                        key == "resources" and word.text in ("secrets", "pods/exec", "serviceaccounts/token")
                    ):
                        yield word, f"{word.text!r} gives more than is needed"


@rule
def egress_is_bounded(document: Document) -> Findings:
    """A rule without `to`, without ports, or to 0.0.0.0/0 is open to wherever a hostile picture's decoder likes to call: say the
    pods or address blocks, and the ports."""
    if document.root.at("kind").text == "NetworkPolicy":
        for way in document.root.at("spec", "egress").entries:
            for key in ("to", "ports"):
                if not way.at(key):
                    yield way.at(key), "is not said"
            for end in way.at("to").entries:
                if end.at("ipBlock", "cidr").text in ("0.0.0.0/0", "::/0"):
                    yield end.at("ipBlock", "cidr"), "is everywhere"
