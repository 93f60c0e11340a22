"""The whole installation, with every optional part: equal to its golden files, valid, every reference resolved."""

import kubernetes_validate
import pytest
import yaml

from tests.workflows.golden_manifests import emitted, written_down
from workflows.lint import lint

TEXTS = emitted("whole")
OBJECTS = [document for text in TEXTS.values() for document in yaml.load_all(text, yaml.CSafeLoader)]
OF_OTHERS = ("argoproj.io/", "gateway.networking.k8s.io/", "networking.gke.io/", "monitoring.googleapis.com/")
"""Kinds that Kubernetes itself does not know."""


def of_kind(kind):
    return {document["metadata"]["name"]: document for document in OBJECTS if document["kind"] == kind}


def name_of(document):
    return f"{document['kind']}-{document['metadata']['name']}"


def test_whole_installation_matches_its_golden_files():
    assert written_down() == TEXTS, "changed on purpose? `make golden`, and read the difference"


@pytest.mark.parametrize("document", OBJECTS, ids=name_of)
def test_every_document_is_sound(document):
    assert lint(document) == []
    if not document["apiVersion"].startswith(OF_OTHERS):
        kubernetes_validate.validate(document, "1.34", strict=True)


def test_applying_it_again_changes_nothing():
    """Seen on Kubernetes 1.34 with `kubectl diff`: an empty list of rules is forgotten, and is a change each time."""
    forgotten = [name for name, one in of_kind("NetworkPolicy").items() if [] in one["spec"].values()]
    assert forgotten == []


def test_no_two_documents_are_one_object():
    names = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in OBJECTS]
    assert len(names) == len(set(names))


def test_every_pod_has_an_account_and_every_account_a_pod():
    pods = [one["spec"]["template"]["spec"] for one in of_kind("Deployment").values()]
    pods += [one["spec"]["jetstream"] for one in of_kind("EventBus").values()]
    pods += [one["spec"]["template"] for kind in ("Sensor", "EventSource") for one in of_kind(kind).values()]
    named = {pod["serviceAccountName"] for pod in pods}
    for workflow in of_kind("WorkflowTemplate").values():
        spec = workflow["spec"]
        named |= {spec["serviceAccountName"], spec["executor"]["serviceAccountName"]}
        named |= {template["serviceAccountName"] for template in spec["templates"] if "serviceAccountName" in template}
    assert named == set(of_kind("ServiceAccount"))


def test_every_deployment_has_a_budget_and_a_network_policy():
    policies = of_kind("NetworkPolicy").values()
    chosen = [one["spec"]["podSelector"].get("matchLabels", {}) for one in policies]
    for name, deployment in of_kind("Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert name in of_kind("PodDisruptionBudget")
        assert any(selector and selector.items() <= labels.items() for selector in chosen), f"no NetworkPolicy selects {name}"


def test_a_service_leads_to_pods_that_have_its_port():
    for name, service in of_kind("Service").items():
        pod = of_kind("Deployment")[name]["spec"]["template"]
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        [port] = service["spec"]["ports"]
        assert port["targetPort"] in [one["name"] for one in pod["spec"]["containers"][0]["ports"]]
