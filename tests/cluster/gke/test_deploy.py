"""`make deploy`: Argo, Argo Events and ours in an order in which each finds what it needs; changes are shown, and asked about."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509

from cluster.gke import argo as certificate
from cluster.gke.deploy import Deployment
from cluster.gke.programs import Programs
from newsreel.config.settings import settings_of
from newsreel.errors import BadInput, Unavailable
from tests.cluster.gke.stub_release import EVENTS, FILES, events_release, release

pytestmark = pytest.mark.slow

PREFIX = "europe-west4-docker.pkg.dev/my-project/newsreel"
IMAGES = (
    "animate", "compose", "core", "dlib", "g2p", "gentle", "hibari", "manager", "messages", "newsroom", "pix2pixhd", "presenter",
    "reconciler", "tacotron2", "waveglow",
)  # fmt: skip
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def there(programs, tmp_path):
    """Our images pushed, Argo's files fetched, a cluster that has nothing yet."""
    listed = [{"package": f"{PREFIX}/{name}", "tags": ["0.1.0"]} for name in IMAGES]
    programs.answer("artifacts docker images list", json.dumps(listed))
    objects = [one for one in FILES.items() if "kustomization" not in one[0]]
    programs.answer("kubectl kustomize", "\n---\n".join(content for _, content in objects))
    programs.answer("kubectl .* diff --server-side", errors='error: namespaces "argo" not found\n', status=2)
    programs.answer("get secret newsreel-submitter", "dG9rZW4=")
    for home, files in (("argo-workflows-v4.0.5", FILES), ("argo-events-v1.9.9", {"install.yaml": EVENTS})):
        for path, content in files.items():
            file = tmp_path / "gke" / "releases" / home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return programs


@pytest.fixture
def deploy(tmp_path):
    def run(parameters, *, yes=True, dry_run=False):
        argo = (release(), events_release())
        return Deployment(parameters, Programs(dry_run), tmp_path / "gke", argo=argo).run(yes=yes)

    return run


def applied(programs):
    """The files' names, in the order in which they were applied."""
    return [call.rpartition("/")[2] for call in programs.asked(" apply --server-side ") if not call.endswith(" -")]


def test_each_comes_when_what_it_needs_is_there(there, deploy, parameters):
    assert deploy(parameters) == 0
    order = applied(there)
    for earlier, later in (
        ("05-argo-namespaces.yaml", "40-controller.yaml"),
        ("40-controller.yaml", "42-argo-workflows.yaml"),
        ("42-argo-workflows.yaml", "story.yaml"),
        ("44-argo-events.yaml", "60-eventbus.yaml"),
        ("62-sensor.yaml", "63-eventsource.yaml"),
    ):
        assert order.index(earlier) < order.index(later)
    ready = there.place("rollout status deployment/workflow-controller")
    assert ready < max(number for number, call in enumerate(there.calls) if call.endswith("story.yaml"))
    assert all("--context gke_my-project_europe-west4_newsreel" in call for call in there.asked("kubectl --"))


def test_changes_are_shown_and_nothing_is_done_before_a_yes(there, deploy, parameters, answers, capsys):
    answers("no")
    there.answer(" diff --server-side .*story.yaml", "-  old\n+  new\n", status=1)
    with pytest.raises(BadInput, match="nothing was changed"):
        deploy(parameters, yes=False)
    said = capsys.readouterr().out
    assert "+  new" in said and "new: 42-argo-workflows.yaml" in said and applied(there) == []


def test_a_cluster_that_is_as_it_should_be_is_asked_nothing(there, deploy, parameters, capsys):
    there.answer("kubectl .* diff --server-side")
    assert deploy(parameters, yes=False) == 0
    assert "The cluster is as it should be." in capsys.readouterr().out


def test_an_unknown_difference_stops_it(there, deploy, parameters):
    there.answer(" diff --server-side .*50-reconciler", errors="error: the server is on fire\n", status=2)
    with pytest.raises(Unavailable, match=r"50-reconciler\.yaml cannot be compared"):
        deploy(parameters)
    assert applied(there) == []


def test_a_dry_run_says_each_step_and_does_none(there, deploy, parameters, capsys):
    assert deploy(parameters, dry_run=True) == 0
    said = capsys.readouterr().out
    assert "63-eventsource.yaml" in said and applied(there) == [] and not there.asked("get-credentials")


def test_a_dry_run_needs_no_cluster_and_no_secret(there, deploy, with_newsroom, capsys):
    there.answer("kubectl --context", errors='error: context "gke" does not exist\n', status=1)
    there.answer("secrets versions access", errors="ERROR: NOT_FOUND: no version\n", status=1)
    assert deploy(with_newsroom, dry_run=True) == 0
    said = capsys.readouterr().out
    assert "kubectl does not know the cluster" in said and "the newsroom's sign-in has no secret yet" in said
    assert "apply --server-side --force-conflicts --filename - < ..." in said and "63-eventsource.yaml" in said


def test_missing_images_are_named_before_anything_is_done(there, deploy, parameters):
    there.answer("artifacts docker images list", json.dumps([{"package": f"{PREFIX}/core", "tags": "0.1.0, newest"}]))
    with pytest.raises(BadInput, match=rf"pix2pixhd:0\.1\.0.*configure-docker .*make images push IMAGES={PREFIX}") as refused:
        deploy(parameters)
    assert "core:0.1.0" not in str(refused.value) and applied(there) == []


def test_a_dry_run_goes_on_without_them(there, deploy, parameters, capsys):
    there.answer("artifacts docker images list", errors="NOT_FOUND: no such repository\n", status=1)
    assert deploy(parameters, dry_run=True) == 0
    assert "no such repository" in capsys.readouterr().out


def secrets_given(programs):
    content = json.loads(programs.given("--force-conflicts --filename -"))
    return {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in content["items"]}


def test_the_sensor_trusts_the_argo_servers_certificate(there, deploy, parameters):
    deploy(parameters)
    given = secrets_given(there)
    server, known = given["argo", "argo-server-tls"], given["newsreel", "argo-server-tls"]
    assert known["data"] == {"ca.crt": server["data"]["tls.crt"]}
    made = x509.load_pem_x509_certificate(b64decode(server["data"]["tls.crt"]))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert settings_of(parameters).events.argo_server.partition("//")[2].partition(":")[0] in names
    server_comes = max(number for number, call in enumerate(there.calls) if call.endswith("42-argo-workflows.yaml"))
    assert there.place("apply --server-side --force-conflicts --filename -") < server_comes
    assert "PRIVATE KEY" not in " ".join(there.calls)


@pytest.mark.parametrize(("days", "renewed"), [(400, False), (30, True)])
def test_a_certificate_is_kept_until_it_is_old(there, deploy, parameters, days, renewed):
    born = datetime.now(UTC) + timedelta(days=days) - certificate.LIFE
    theirs, ours = certificate.secrets("argo-server-tls", "argo-server", "argo", "newsreel", born)
    there.answer("get secret/argo-server-tls --namespace argo ", json.dumps(theirs))
    there.answer("get secret/argo-server-tls --namespace newsreel ", json.dumps(ours))
    there.answer("get deployment/argo-server", json.dumps({"kind": "Deployment"}))
    deploy(parameters)
    assert bool(there.asked("apply --server-side --force-conflicts --filename -")) == renewed
    assert bool(there.asked("rollout restart deployment/argo-server")) == renewed, "it reads its certificate when it starts"


def test_a_secret_that_is_no_certificate_is_replaced():
    assert certificate.good_until("bm8=") is None and certificate.good_until("%") is None


def test_the_sign_in_secret_is_never_an_argument(there, deploy, with_newsroom, capsys):
    there.answer("secrets versions access", "open sesame\n")
    there.answer("backend-services list", "77\n")
    deploy(with_newsroom)
    [secret] = json.loads(there.given("newsroom-iap"))["items"]
    assert secret["stringData"] == {"key": "open sesame"} and "open sesame" not in " ".join(there.calls)
    manifest = next(file for file in (there.folder.parent / "gke" / "manifests").glob("*newsroom*"))
    assert "/projects/123456789/global/backendServices/77" in manifest.read_text()
    assert "run `make deploy` again" not in capsys.readouterr().out


def test_a_pending_load_balancer_is_reported(there, deploy, with_newsroom, capsys):
    there.answer("secrets versions access", "open sesame\n")
    deploy(with_newsroom)
    assert "run `make deploy` again in 10 minutes" in capsys.readouterr().out


def test_a_sign_in_without_a_secret_says_how_to_put_it_there(there, deploy, with_newsroom):
    there.answer("secrets versions access", errors="NOT_FOUND: Secret Version\n", status=1)
    with pytest.raises(BadInput, match="gcloud secrets versions add newsreel-newsroom"):
        deploy(with_newsroom)


def test_half_done_it_goes_on_where_it_stopped(there, deploy, parameters):
    there.answer("apply .*story.yaml", errors="Error from server: etcd is slow\n", status=1)
    with pytest.raises(Unavailable):
        deploy(parameters)
    there.answer("apply .*story.yaml")
    assert deploy(parameters) == 0 and "63-eventsource.yaml" in applied(there)


def test_what_is_applied_is_what_newsreel_yaml_says(there, deploy, parameters):
    deploy(parameters)
    folder = there.folder.parent / "gke" / "manifests"
    pods = [
        document["spec"]["template"]["spec"]
        for file in folder.glob("*.yaml")
        for document in yaml.load_all(file.read_text(), yaml.CSafeLoader)
        if document and document["kind"] == "Deployment"
    ]
    assert len(pods) > 5 and all(pod["nodeSelector"]["newsreel/pool"] == "system" for pod in pods)
