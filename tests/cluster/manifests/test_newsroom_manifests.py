"""The newsroom on a cluster: who reaches it, its permissions, and that it starts with its arguments."""

import argparse

import pytest
from kubernetes import client

from cluster.manifests.emit import manifests
from cluster.manifests.newsroom import newsroom
from cluster.newsroom import __main__ as program
from cluster.newsroom.identity import BehindProxy, SignedIn
from cluster.newsroom.kubernetes_runs import KubernetesRuns
from cluster.newsroom.media import MAX_CACHE_BYTES
from cluster.newsroom.telemetry import Metrics, MixpanelSink, product_events_from
from cluster.newsroom.wiring import identity_from
from newsreel.argo.client import Cluster
from newsreel.config.model import Newsroom
from newsreel.config.names import NEWSROOM_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.revision_store import RevisionStore
from tests.cluster.api_server import serving
from workflows.profiles import EMBEDDED

CHOSEN = Newsroom(
    host="newsroom.example.org",
    topic="projects/news/topics/stories",
    writers=("@example.org",),
    publishers=("anna@example.org", "ben@example.org"),
    audience="/projects/1/global/backendServices/2",
)
OBJECTS = newsroom(Settings(), CHOSEN, "hibari")
BEHIND_A_PROXY = newsroom(Settings(), CHOSEN.model_copy(update={"proxy_namespace": "sign-in"}), "hibari")


def one(kind, documents=OBJECTS):
    [found] = [document for document in documents if document["kind"] == kind]
    return found


def container(documents=OBJECTS):
    [found] = one("Deployment", documents)["spec"]["template"]["spec"]["containers"]
    return found


def environment(documents=OBJECTS):
    return {
        entry["name"]: entry.get("value", "a-secret-of-thirty-two-characters-or-more") for entry in container(documents)["env"]
    }


def test_the_newsroom_accepts_its_arguments(monkeypatch):
    told = []
    monkeypatch.setattr("sys.argv", ["newsroom", *container()["args"]])
    monkeypatch.setattr(program, "cluster_newsroom", lambda options, _: told.append(options))
    monkeypatch.setattr(program, "application", lambda _: None)
    monkeypatch.setattr(program, "listen", lambda host, port: told.append((host, port)))
    monkeypatch.setattr(program.uvicorn.Server, "run", lambda server, sockets: setattr(server, "started", True))
    assert program.main() == 0
    served, options = told
    assert isinstance(options, argparse.Namespace)
    assert (options.hosts, options.topic, options.namespace) == (CHOSEN.host, CHOSEN.topic, "newsreel")
    assert served == ("0.0.0.0", container()["ports"][0]["containerPort"])  # noqa: S104
    allowed = AllowList.from_environment(environment())
    allowed.require(Address.parse(options.stories).child("budget/r1.json"))
    allowed.require(Address.parse(options.finals).child("budget/r1/manifest.json"))


def test_iap_identifies_people_with_the_configured_roles():
    identity = identity_from(environment())
    assert isinstance(identity, SignedIn) and identity.audience == CHOSEN.audience
    assert identity.roles.person("anna@example.org").may_publish
    assert identity.roles.person("carl@example.org").roles == {"writer"}
    assert not identity.roles.person("anna@elsewhere.org").roles


def test_without_an_audience_sign_in_is_refused():
    documents = newsroom(Settings(), Newsroom(host="a.example.org", topic="projects/a/topics/stories"), "hibari")
    identity = identity_from(environment(documents))
    assert isinstance(identity, SignedIn) and not identity.audience.startswith("/projects/")


def test_an_own_proxy_replaces_the_load_balancer():
    assert isinstance(identity_from(environment(BEHIND_A_PROXY)), BehindProxy)
    kinds = {document["kind"] for document in BEHIND_A_PROXY}
    assert {document["kind"] for document in OBJECTS} - kinds == {"Gateway", "HTTPRoute", "GCPBackendPolicy", "HealthCheckPolicy"}
    [way] = one("NetworkPolicy", BEHIND_A_PROXY)["spec"]["ingress"]
    assert way["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "sign-in"}}}]


def test_it_may_do_what_it_does_and_nothing_else():
    """Every call it makes of the API server, made under the role that is emitted: none is refused, and no right is idle."""
    with serving() as api:
        api.obey(OBJECTS)
        here = client.Configuration(host=f"http://127.0.0.1:{api.port}")
        here.api_key = {"authorization": f"Bearer {NEWSROOM_ACCOUNT}"}
        stories, finals = Address.parse(Settings().stories), Address.parse(Settings().finals)
        desk = RevisionStore(Storage(AllowList(prefixes=(stories, finals))), stories, finals)
        runs = KubernetesRuns(Cluster(client.ApiClient(here), "newsreel"), lambda _: None, desk)
        runs.submit("budget", 1, "normal")
        api.put("workflows", "budget-r1", apiVersion="argoproj.io/v1alpha1", spec={}, status={"phase": "Failed"})
        assert runs.status("budget", 1)
        runs.submit("budget", 1, "normal")
        runs.cancel("budget", 1)
        assert api.workflow("budget-r1-t2")["spec"]["shutdown"] == "Terminate"
        assert api.used == api.rights[NEWSROOM_ACCOUNT]


def test_ingress_and_egress_of_the_newsroom_are_limited():
    policy = one("NetworkPolicy")["spec"]
    [way_in] = policy["ingress"]
    assert {peer["ipBlock"]["cidr"] for peer in way_in["from"]} == {"35.191.0.0/16", "130.211.0.0/22"}
    blocks = {peer["ipBlock"]["cidr"] for way in policy["egress"] for peer in way["to"] if "ipBlock" in peer}
    metadata_and_names = {"169.254.169.254/32", "169.254.169.252/32", "169.254.20.10/32"}
    assert blocks == {*Settings().api_servers, *Settings().storage_addresses, *metadata_and_names}


def test_event_streams_outlast_the_default_timeout():
    assert one("GCPBackendPolicy")["spec"]["default"]["timeoutSec"] >= 600
    pod = one("Deployment")["spec"]["template"]["spec"]
    draining = one("GCPBackendPolicy")["spec"]["default"]["connectionDraining"]["drainingTimeoutSec"]
    assert container()["lifecycle"]["preStop"]["sleep"]["seconds"] >= draining < pod["terminationGracePeriodSeconds"]


def test_gateway_objects_name_the_same_service():
    name = one("Service")["metadata"]["name"]
    assert one("HTTPRoute")["spec"]["rules"][0]["backendRefs"] == [{"name": name, "port": 80}]
    for kind in ("GCPBackendPolicy", "HealthCheckPolicy"):
        assert one(kind)["spec"]["targetRef"] == {"group": "", "kind": "Service", "name": name}
    asked = one("HealthCheckPolicy")["spec"]["default"]["config"]["httpHealthCheck"]["requestPath"]
    assert asked == container()["readinessProbe"]["httpGet"]["path"]


def test_copies_of_videos_have_room():
    [scratch] = [volume for volume in one("Deployment")["spec"]["template"]["spec"]["volumes"] if volume["name"] == "tmp"]
    assert int(scratch["emptyDir"]["sizeLimit"].removesuffix("Gi")) * 2**30 > MAX_CACHE_BYTES


@pytest.mark.parametrize("sign_in", ["iap", "proxy"])
def test_no_secret_is_in_a_manifest(sign_in):
    documents = BEHIND_A_PROXY if sign_in == "proxy" else OBJECTS
    assert "Secret" not in {document["kind"] for document in documents}
    assert [entry for entry in container(documents)["env"] if "SECRET" in entry["name"] and "value" in entry] == []


def test_without_being_asked_for_there_is_no_newsroom():
    assert not [name for name in manifests(EMBEDDED, Settings()) if "newsroom" in name]


def test_product_events_go_to_the_configured_sink():
    assert "NEWSROOM_EVENTS" not in environment()
    product = {
        "product_events": "mixpanel",
        "mixpanel_host": "api-eu.mixpanel.com",
        "mixpanel_addresses": ("203.0.113.0/24",),
    }
    chosen = CHOSEN.model_copy(update=product)
    documents = newsroom(Settings(), chosen, "hibari")
    product = product_events_from(environment(documents), Metrics())
    assert isinstance(product.sink, MixpanelSink)
    assert one("NetworkPolicy", documents)["spec"]["egress"][-1]["to"] == [{"ipBlock": {"cidr": "203.0.113.0/24"}}]
    [secret] = [entry for entry in container(documents)["env"] if "valueFrom" in entry]
    assert secret["valueFrom"]["secretKeyRef"] == {"name": "newsroom-mixpanel", "key": "token"}
