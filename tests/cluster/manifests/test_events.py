"""The message trigger: valid by Kubernetes' schemas and by observations of Argo Events 1.9."""

import json
import re

import kubernetes_validate
import pytest
import yaml

from cluster.manifests.emit import manifests
from cluster.manifests.message_trigger import message_trigger
from newsreel.config.model import Events, NodeSelection
from newsreel.config.names import STEP_ACCOUNT
from newsreel.config.settings import Settings
from workflows.lint import lint
from workflows.profiles import STUDIO

TEXTS = {name: text for name, text in manifests(STUDIO, Settings(events=Events())).items() if "60" <= name < "70"}
OBJECTS = [document for text in TEXTS.values() for document in yaml.load_all(text, yaml.CSafeLoader)]
OF_ARGO = {"EventBus", "EventSource", "Sensor"}


def one(kind, name=None):
    [found] = [document for document in OBJECTS if document["kind"] == kind and name in (None, document["metadata"]["name"])]
    return found


SENSOR, SOURCE, BUS = one("Sensor"), one("EventSource"), one("EventBus")
TRIGGERS = {trigger["template"]["name"]: trigger for trigger in SENSOR["spec"]["triggers"]}
EVERY_TRIGGER = [*TRIGGERS.values(), *(trigger["dlqTrigger"] for trigger in TRIGGERS.values() if "dlqTrigger" in trigger)]


@pytest.mark.parametrize("document", OBJECTS, ids=lambda document: f"{document['kind']}-{document['metadata']['name']}")
def test_every_document_is_sound(document):
    assert lint(document) == []
    assert document["metadata"]["namespace"] == "newsreel"
    if document["kind"] not in OF_ARGO:
        kubernetes_validate.validate(document, "1.34", strict=True)


def test_files_come_in_the_order_in_which_no_message_is_lost():
    where = {document["kind"]: name for name, text in TEXTS.items() for document in yaml.load_all(text, yaml.CSafeLoader)}
    assert where["EventBus"] < where["Sensor"] < where["EventSource"]
    assert list(TEXTS) == sorted(TEXTS)


def test_the_bus_survives_a_lost_replica_and_keeps_unread():
    spec = BUS["spec"]["jetstream"]
    stream = yaml.load(spec["streamConfig"], yaml.CSafeLoader)
    assert (spec["replicas"], stream["replicas"], stream["discard"]) == (3, 3, 1)
    assert spec["persistence"]["volumeSize"] == "10Gi"
    assert one("PodDisruptionBudget", "eventbus")["spec"]["maxUnavailable"] == 1


def test_the_event_source_accepts_any_message():
    [source] = SOURCE["spec"]["pubSub"].values()
    assert source == {"projectID": "newsreel", "subscriptionID": "argo", "jsonBody": False, "deleteSubscriptionOnFinish": False}


def test_every_message_goes_one_of_two_ways():
    first, second = SENSOR["spec"]["dependencies"]
    assert first["transform"] == second["transform"]
    patterns = [[rule["value"] for rule in way["filters"]["data"]] for way in (first, second)]
    assert patterns == [[["^ours$"]], [["^not-ours$"]]]
    assert {(way["eventSourceName"], way["eventName"]) for way in (first, second)} == {("pubsub", "story")}
    assert (SOURCE["metadata"]["name"], list(SOURCE["spec"]["pubSub"])) == ("pubsub", ["story"])
    assert {trigger["template"]["conditions"] for trigger in TRIGGERS.values()} == {"ours", "not-ours"}


def test_names_of_the_stream_position_never_change():
    assert SENSOR["metadata"]["name"] == "stories"
    assert [way["name"] for way in SENSOR["spec"]["dependencies"]] == ["ours", "not-ours"]
    assert list(TRIGGERS) == ["submit", "bury"]


@pytest.mark.parametrize("trigger", EVERY_TRIGGER, ids=lambda trigger: trigger["template"]["name"])
def test_a_trigger_tries_again_and_acknowledges_afterwards(trigger):
    assert trigger["atLeastOnce"] is True, "without it neither retryStrategy nor dlqTrigger ever acts"
    assert trigger["retryStrategy"]["steps"] >= 5
    # Numbers, not text: of "2" Argo Events says "invalid factor" when it is to try again, and does nothing at all.
    assert trigger["retryStrategy"]["factor"] == 2 and 0 < trigger["retryStrategy"]["jitter"] < 1
    assert 200 in trigger["policy"]["status"]["allow"]


def test_a_conflict_counts_as_submitted():
    assert TRIGGERS["submit"]["policy"]["status"]["allow"] == [200, 201, 409]


def test_a_valid_message_is_never_a_dead_letter():
    urls = {trigger["template"]["name"]: trigger["template"]["http"]["url"] for trigger in EVERY_TRIGGER}
    assert urls["held"].endswith("/held") and urls["bury"].endswith("/not-ours")
    assert TRIGGERS["bury"]["template"]["conditions"] == "not-ours"


def test_the_workflow_gets_addresses_and_a_word_only():
    program = SENSOR["spec"]["dependencies"][0]["transform"]["jq"]
    [listed] = re.findall(r"parameters: \[(.*?)\]", program)
    assert re.findall(r'"([a-z]+)=', listed) == ["story", "finals", "priority"]
    template = yaml.load(manifests(STUDIO, Settings())["story.yaml"], yaml.CSafeLoader)
    assert {"story", "finals", "priority"} <= {one["name"] for one in template["spec"]["arguments"]["parameters"]}
    assert "{{" not in json.dumps([SENSOR, SOURCE, BUS])


def test_named_secrets_and_accounts_exist():
    accounts = {document["metadata"]["name"] for document in OBJECTS if document["kind"] == "ServiceAccount"}
    pods = [SENSOR["spec"]["template"], SOURCE["spec"]["template"]]
    pods += [document["spec"]["template"]["spec"] for document in OBJECTS if document["kind"] == "Deployment"]
    assert {pod["serviceAccountName"] for pod in pods} == accounts
    [header] = TRIGGERS["submit"]["template"]["http"]["secureHeaders"]
    assert header["name"] == "Authorization"
    assert one("Secret")["metadata"]["name"] == f"{SENSOR['spec']['template']['serviceAccountName']}.service-account-token"


def test_pods_of_the_trigger_are_confined():
    containers = [BUS["spec"]["jetstream"][name] for name in ("containerTemplate", "reloaderContainerTemplate")]
    containers += [document["spec"]["template"]["container"] for document in (SENSOR, SOURCE)]
    for container in containers:
        security = container["securityContext"]
        assert security["runAsNonRoot"] and security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_each_pod_has_only_the_egress_it_needs():
    policies = {document["metadata"]["name"]: document["spec"] for document in OBJECTS if document["kind"] == "NetworkPolicy"}
    assert set(policies) == {"eventbus", "eventsource", "sensor", "letters", "watch"}
    assert not any("ingress" in policies[name] for name in ("eventsource", "sensor", "watch"))
    assert "0.0.0.0/0" not in json.dumps(policies)
    assert all(peer.get("to") for spec in policies.values() for peer in spec["egress"])


def test_another_installation_has_its_own_names_for_things():
    settings = Settings(
        namespace="elsewhere",
        argo_namespace="flows",
        system_pool=NodeSelection(selector=("pool", "system")),
        stories="gs://in",
        finals="gs://out",
    )
    chosen = Events(
        project="news",
        subscription="mine",
        argo_server="https://argo.flows.svc:2746",
        storage_class="ssd",
    )
    text = json.dumps(message_trigger(settings, chosen))
    assert "newsreel-stories" not in text and "newsreel-finals" not in text and "gke-nodepool" not in text
    for wanted in ("gs://in", "gs://out", "argo.flows.svc:2746/api/v1/workflows/elsewhere/submit", '"storageClassName": "ssd"'):
        assert wanted in text.replace("\\\\", "\\")


def test_without_being_asked_for_there_is_no_trigger():
    assert not [name for name in manifests(STUDIO, Settings()) if "60" <= name < "70"]


def test_only_the_manager_reads_the_bus_monitor():
    """Its manager counts what is taken and not yet submitted, as a pod beside it or from outside through the API server."""
    policies = {one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == "NetworkPolicy"}
    [way] = [way for way in policies["eventbus"]["ingress"] if [port["port"] for port in way["ports"]] == [8222]]
    pods = [peer["podSelector"]["matchLabels"] for peer in way["from"] if set(peer) == {"podSelector"}]
    assert pods == [{"newsreel/role": "service", "newsreel/service": "manager"}]
    assert {"ipBlock": {"cidr": Settings().api_servers[0]}} in way["from"]


def test_no_pod_of_the_bus_has_a_token():
    assert BUS["spec"]["jetstream"]["serviceAccountName"] == STEP_ACCOUNT
