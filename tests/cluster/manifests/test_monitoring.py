"""Monitoring: Prometheus finds and reaches every metrics endpoint that exists."""

import json
from dataclasses import replace

import kubernetes_validate
import pytest
import yaml

from cluster.manifests.alerts import ALERTS
from cluster.manifests.emit import manifests
from cluster.manifests.message_trigger import METRICS_PORT
from cluster.manifests.monitoring import monitoring
from newsreel.config.model import Monitoring
from newsreel.config.settings import Settings
from tests.workflows.golden_manifests import WHOLE_SETTINGS as SETTINGS
from tests.workflows.test_whole_installation import name_of
from workflows.lint import lint
from workflows.metrics import workflow_histogram
from workflows.profiles import STUDIO

KINDS = ("google", "operator", "annotations")
OBJECTS = {kind: monitoring(SETTINGS, Monitoring(kind=kind, namespace="prometheus")) for kind in KINDS}
PODS_OF_EVENTS = ("Sensor", "EventSource")


def documents(kind):
    texts = manifests(STUDIO, replace(SETTINGS, monitoring=Monitoring(kind=kind, namespace="prometheus")))
    return [document for text in texts.values() for document in yaml.load_all(text, yaml.CSafeLoader)]


def of_kind(kind, objects):
    return [document for document in objects if document["kind"] == kind]


def pods(objects):
    """Labels and annotations of all that stays up, and the name and number of the port at which it is asked."""
    for deployment in of_kind("Deployment", objects):
        template = deployment["spec"]["template"]
        [port] = template["spec"]["containers"][0]["ports"]
        yield template["metadata"], (port["name"], port["containerPort"])
    for kind in PODS_OF_EVENTS:
        for document in of_kind(kind, objects):
            yield document["spec"]["template"]["metadata"], ("metrics", METRICS_PORT)
    for document in of_kind("EventBus", objects):
        yield document["spec"]["jetstream"]["metadata"], ("metrics", METRICS_PORT)


@pytest.mark.parametrize("document", [one for objects in OBJECTS.values() for one in objects], ids=name_of)
def test_every_document_is_sound(document):
    assert lint(document) == []
    if "monitoring" not in document["apiVersion"]:
        kubernetes_validate.validate(document, "1.34", strict=True)


@pytest.mark.parametrize(("kind", "scraper", "endpoints"), [
    ("google", "PodMonitoring", "endpoints"),
    ("operator", "PodMonitor", "podMetricsEndpoints"),
])  # fmt: skip
def test_all_that_stays_up_is_asked_at_a_port_it_has(kind, scraper, endpoints):
    [ours] = [one["spec"] for one in of_kind(scraper, OBJECTS[kind]) if one["metadata"]["name"] == "newsreel"]
    asked = {endpoint["port"] for endpoint in ours[endpoints]}
    for metadata, (port, _) in pods(documents(kind)):
        assert ours["selector"]["matchLabels"].items() <= metadata["labels"].items()
        assert port in asked
        assert "prometheus.io/scrape" not in metadata.get("annotations", {})


@pytest.mark.parametrize("kind", ["google", "operator"])
def test_argos_controller_is_asked_where_it_is_and_as_it_answers(kind):
    """Its certificate is its own work (argo-workflows 4.0, `metricsConfig.secure`, true by default)."""
    [argo] = [one for one in OBJECTS[kind] if one["metadata"]["name"] == "newsreel-argo"]
    where = {argo["metadata"]["namespace"], *argo["spec"].get("namespaceSelector", {}).get("matchNames", [])}
    assert SETTINGS.argo_namespace in where
    [endpoint] = argo["spec"].get("endpoints") or argo["spec"]["podMetricsEndpoints"]
    assert endpoint["scheme"] == "https" and (endpoint.get("tls") or endpoint["tlsConfig"]) == {"insecureSkipVerify": True}
    assert argo["spec"]["selector"] == {"matchLabels": {"app": "workflow-controller"}}


def test_annotations_are_on_every_scraped_pod():
    for metadata, (_, number) in pods(documents("annotations")):
        assert metadata["annotations"]["prometheus.io/scrape"] == "true"
        assert metadata["annotations"]["prometheus.io/port"] == str(number)


@pytest.mark.parametrize("kind", KINDS)
def test_only_prometheus_may_ask(kind):
    [policy] = of_kind("NetworkPolicy", OBJECTS[kind])
    [way] = policy["spec"]["ingress"]
    assert way["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "prometheus"}}}]
    assert {port["port"] for port in way["ports"]} == {"http", "metrics"}
    assert not [one for one in manifests(STUDIO, Settings()) if "monitoring" in one], "and where there is none, nobody"


def test_alerts_are_the_same_whoever_evaluates_them():
    google, operator, plain = (OBJECTS[kind] for kind in KINDS)
    [of_the_cluster], [of_the_namespace] = of_kind("ClusterRules", google), of_kind("PrometheusRule", operator)
    [file] = [one["data"]["newsreel.yaml"] for one in plain if one["metadata"]["name"] == "newsreel-rules"]
    assert of_the_cluster["spec"] == of_the_namespace["spec"] == yaml.load(file, yaml.CSafeLoader)
    assert len(of_the_cluster["spec"]["groups"][0]["rules"]) == len(ALERTS), "this installation has all there is"


@pytest.mark.parametrize("kind", KINDS)
def test_grafanas_sidecar_finds_the_dashboard(kind):
    [shown] = [one for one in of_kind("ConfigMap", OBJECTS[kind]) if one["metadata"]["labels"].get("grafana_dashboard") == "1"]
    assert json.loads(shown["data"]["newsreel.json"])["uid"] == "newsreel"


def test_a_label_has_few_values_whatever_is_submitted():
    """A priority that somebody made up must not become a series of its own, nor a story's name ever."""
    labels = {label.key: label.value for label in workflow_histogram("story", "studio").labels}
    assert labels["priority"].endswith("? workflow.parameters.priority : 'other'}}")
    texts = manifests(STUDIO, SETTINGS)
    templates = [yaml.load(texts[name], yaml.CSafeLoader)["spec"] for name in ("story.yaml", "train-presenter.yaml")]
    metrics = [one["metrics"]["prometheus"] for spec in templates for one in (spec, *spec["templates"]) if "metrics" in one]
    told = {label["value"] for of_one in metrics for metric in of_one for label in metric["labels"]}
    assert {value for value in told if "{{" in value} == {labels["priority"], "{{workflow.status}}", "{{status}}"}


def test_every_step_but_the_anchor_is_timed():
    spec = yaml.load(manifests(STUDIO, SETTINGS)["story.yaml"], yaml.CSafeLoader)["spec"]
    untimed = {one["name"] for one in spec["templates"] if "container" in one and "metrics" not in one}
    assert untimed == {"anchor"}
