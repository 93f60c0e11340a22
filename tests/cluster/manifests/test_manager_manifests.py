"""The manager on a cluster: exact permissions, as a Deployment or a CronJob, with its newsreel.yaml."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import kubernetes_validate
import pytest
import yaml
from kubernetes import client

from cli.main import main
from cluster.controllers.manager import kube_queries as inside
from cluster.controllers.manager.usage_ledger import Ledger, update_ledger
from cluster.manifests.controllers import EVERY_MINUTES, manager
from cluster.manifests.emit import manifests
from newsreel.config.file import DEFAULT, read_config, read_gke_config
from newsreel.config.model import Events, Manager, Monitoring
from newsreel.config.names import MANAGER_ACCOUNT
from newsreel.config.settings import Settings, config_text, settings_of
from newsreel.errors import BadInput
from tests.cluster.api_server import serving
from workflows.lint import lint
from workflows.profiles import EMBEDDED

CHOSEN, CRON_JOB = Manager(), Manager(runs="cronjob")
EXAMPLE = DEFAULT.read_text()
PARAMETERS = read_gke_config()
SETTINGS = Settings(events=Events(), config=config_text(PARAMETERS))


def emitted(chosen=CHOSEN, settings=None):
    documents = manager(settings or SETTINGS, chosen)
    return {document["kind"]: document for document in documents}


@pytest.fixture
def server():
    with serving() as server:
        server.obey(manager(SETTINGS, CHOSEN))
        yield server


def test_the_manager_is_optional():
    assert "52-manager.yaml" not in manifests(EMBEDDED, Settings())


@pytest.mark.parametrize("document", manager(SETTINGS, CRON_JOB), ids=lambda one: one["kind"])
def test_every_document_is_sound_as_a_cron_job_too(document):
    assert lint(document) == []
    kubernetes_validate.validate(document, "1.34", strict=True)


def test_the_cron_job_runs_one_round_often_enough():
    job = emitted(CRON_JOB)["CronJob"]["spec"]
    [container] = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][0] == "--once" and job["concurrencyPolicy"] == "Forbid"
    assert job["schedule"] == f"*/{EVERY_MINUTES} * * * *"
    assert PARAMETERS.policy.away_minutes >= 2 * EVERY_MINUTES
    assert container["securityContext"] == emitted()["Deployment"]["spec"]["template"]["spec"]["containers"][0]["securityContext"]


def test_a_cron_jobs_pod_is_held_to_what_every_pod_promises():
    job = emitted(CRON_JOB)["CronJob"]
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container["securityContext"]["readOnlyRootFilesystem"] = False
    assert "container_is_confined" in {fault.rule for fault in lint(job)}


def test_without_messages_to_count_there_is_no_manager():
    with pytest.raises(BadInput, match="events"):
        manager(Settings(), CHOSEN)


def test_a_changed_pool_begins_the_program_anew():
    def notes(settings):
        return emitted(settings=settings)["Deployment"]["spec"]["template"]["metadata"]["annotations"]

    assert notes(SETTINGS) == notes(SETTINGS) != notes(replace(SETTINGS, config=SETTINGS.config + "# more\n"))


def test_no_ingress_but_prometheus():
    spec = emitted()["NetworkPolicy"]["spec"]
    assert "Ingress" in spec["policyTypes"] and "ingress" not in spec
    notes = emitted(settings=replace(SETTINGS, monitoring=Monitoring(kind="annotations")))["Deployment"]["spec"]["template"][
        "metadata"
    ]
    assert {"prometheus.io/path": "/metrics", "prometheus.io/port": "8080"}.items() <= notes["annotations"].items()
    assert "newsreel/pool-digest" in notes["annotations"]


def test_its_rights_are_those_it_uses(server, monkeypatch):
    """A round, with all that it may have to ask of the API server; the EventBus is asked itself."""
    configuration = client.Configuration(host=f"http://127.0.0.1:{server.port}")
    configuration.api_key = {"authorization": f"Bearer {MANAGER_ACCOUNT}"}
    api = client.ApiClient(configuration)
    ours = {"app.kubernetes.io/part-of": "newsreel"}
    server.put("nodes", "gpu-1", namespace="", metadata={"labels": {inside.POOL: "l4-a"}}, spec={})
    pod = {"metadata": {"labels": {"newsreel/role": "anchor", "workflows.argoproj.io/workflow": "a-r1"}}}
    server.put(
        "pods", "a-anchor", **pod, spec={"nodeName": "gpu-1", "containers": [{"name": "main"}]}, status={"phase": "Running"}
    )
    server.put("workflows", "a-r1", metadata={"labels": ours})
    over = {"labels": {**ours, "workflows.argoproj.io/completed": "true"}, "uid": "b"}
    server.put("workflows", "no-story-r1", metadata=over | {"uid": "c"}, status={"phase": "Failed", "nodes": ["?"]})
    server.put("workflows", "b-r1", metadata=over, status={"phase": "Failed", "finishedAt": "2026-05-03T12:00:00Z"})

    assert inside.nodes_by_pool(api)["l4-a"][0].name == "gpu-1"
    assert inside.stories_by_node(api, "newsreel", {"gpu-1"}) == {"gpu-1": 1}
    assert inside.count_unfinished(api, "newsreel") == 1
    with pytest.raises(Exception, match="no pod"):
        inside.pending_events(api, "newsreel", partial(inside.read_from_pod))
    inside.cordon(api, "gpu-1", closed=True)
    ledger = update_ledger(Ledger(), api, (), PARAMETERS, datetime(2026, 5, 4, tzinfo=UTC))
    assert ledger.counted == ("b",)
    assert server.used == server.rights[MANAGER_ACCOUNT]


def settings_in(tmp_path, old="", new="", more=""):
    """Of an installation whose file is the example but for some text."""
    assert old in EXAMPLE
    path = tmp_path / "newsreel.yaml"
    path.write_text(EXAMPLE.replace(old, new, 1) + more)
    return settings_of(read_config(path))


def test_the_pools_size_and_prices_are_said_once(tmp_path):
    settings = settings_in(tmp_path)
    assert settings.manager == Manager(google_account="newsreel-manager@my-project.iam.gserviceaccount.com")
    nodes = sum(offer.most for offer in PARAMETERS.node_pools)
    assert nodes < settings.stories_at_once == PARAMETERS.stories_at_once < 2 * nodes
    assert settings.prices == "USD l4-spot-a=0.36 l4-spot-b=0.36 l4-a=0.92"
    assert settings_in(tmp_path, "\nstory:", "\nstory:\n  at_once: 3").stories_at_once == 3
    quota = yaml.load_all(manifests(EMBEDDED, settings)["00-namespace.yaml"], yaml.CSafeLoader)
    [hard] = [one["spec"]["hard"] for one in quota if one["kind"] == "ResourceQuota"]
    assert int(hard["requests.nvidia.com/gpu"]) == settings.stories_at_once


@pytest.mark.parametrize(
    ("old", "new", "more", "told"),
    [
        ("aim: 0.5", "aim: 2", "", "policy.aim"),
        ("mode: pool", "mode: cluster", "manager: {}\n", "run it outside"),
        ("", "", "manager: {runs: sometimes}\n", "manager.runs"),
    ],
)
def test_a_manager_that_cannot_be_is_refused_before_emit(tmp_path, old, new, more, told):
    with pytest.raises(BadInput, match=told):
        settings_in(tmp_path, old, new, more)


def test_a_manager_without_gke_is_refused(tmp_path):
    path = tmp_path / "newsreel.yaml"
    path.write_text("manager: {}\nevents: {}\n")
    with pytest.raises(BadInput, match=r"newsreel\.yaml:1: manager: buys node pools of GKE"):
        read_config(path)


def test_emit_writes_it_with_the_configuration_it_reads(tmp_path, monkeypatch):
    settings_in(tmp_path)
    monkeypatch.setattr("sys.argv", ["newsreel", "emit", "--config", str(tmp_path / "newsreel.yaml"), "--into", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    text = (tmp_path / "embedded" / "52-manager.yaml").read_text()
    [read] = [one["data"]["newsreel.yaml"] for one in yaml.load_all(text, yaml.CSafeLoader) if one["kind"] == "ConfigMap"]
    (tmp_path / "newsreel.yaml").write_text(read)
    assert read_gke_config(tmp_path / "newsreel.yaml") == PARAMETERS
