"""What is installed of others is the very file that we know, and is fetched once."""

import shutil
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import yaml

from cluster.gke.argo import documents, fetched, installation, releases
from cluster.gke.programs import Programs
from newsreel.config.settings import settings_of
from newsreel.errors import BadInput, Unavailable
from tests.cluster.gke.stub_release import CONTROLLER, EVENTS, FILES, release


@pytest.fixture
def origin():
    """An HTTP server of a release's files; it counts what is asked for."""
    asked = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            content = FILES.get(self.path.removeprefix("/"))
            self.send_response(200 if content else 404)
            self.end_headers()
            self.wfile.write((content or "").encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()


def test_files_are_fetched_once_and_again_only_when_damaged(origin, tmp_path):
    address, asked = origin
    wanted = release(origin=address)
    home = fetched(wanted, tmp_path)
    assert sorted(asked) == sorted(f"/{path}" for path in FILES)
    fetched(wanted, tmp_path)
    assert len(asked) == len(FILES)
    (home / "base/controller.yaml").write_text("kind: Evil\n")
    fetched(wanted, tmp_path)
    assert len(asked) == len(FILES) + 1 and (home / "base/controller.yaml").read_text() == FILES["base/controller.yaml"]


def test_a_file_that_is_not_the_one_we_know_is_not_kept(origin, tmp_path):
    wanted = release(origin=origin[0])
    wanted = replace(wanted, files=wanted.files | {"base/controller.yaml": "0" * 64})
    with pytest.raises(BadInput, match=r"base/controller\.yaml: is not the file"):
        fetched(wanted, tmp_path)
    assert not (tmp_path / "argo-workflows-v4.0.5" / "base" / "controller.yaml").exists()


def test_an_unreachable_origin_is_reported(tmp_path):
    with pytest.raises(Unavailable, match="127"):
        fetched(release(origin="http://127.0.0.1:1/"), tmp_path)


def test_every_release_file_has_a_commit_and_a_checksum():
    for one in releases():
        assert one.origin.startswith("https://") and len(one.origin.rstrip("/").rpartition("/")[2]) == 40
        assert one.files and all(len(known) == 64 for known in one.files.values())
        assert one.build in one.files or any(path.startswith(f"{one.build}/") for path in one.files)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
def test_a_folder_is_built_as_its_authors_meant_it(origin, tmp_path):
    wanted = release(origin=origin[0])
    built = documents(wanted, fetched(wanted, tmp_path), Programs())
    assert {(one["kind"], one["metadata"].get("namespace")) for one in built} == {
        ("Deployment", "argo"),
        ("ServiceAccount", "argo"),
        ("ConfigMap", "argo"),
    }


def changed(name, parameters, given, of=None):
    objects = installation(of or release(), given, parameters, settings_of(parameters))
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}[name]


def test_images_have_versions_and_pods_stay_in_the_system_pool(parameters):
    made = changed(("Deployment", "workflow-controller"), parameters, [yaml.safe_load(CONTROLLER)])
    pod = made["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux", "newsreel/pool": "system"}
    [container] = pod["containers"]
    assert container["image"] == "example/workflow-controller:v4.0.5"
    assert container["resources"]["requests"]["memory"] == "512Mi" and container["resources"]["limits"]["memory"] == "2048Mi"
    assert {"name": "DEFAULT_REQUEUE_TIME", "value": "2s"} in container["env"]
    assert container["env"][0]["name"] == "LEADER_ELECTION_IDENTITY", "what it is told by its authors it is still told"


def test_an_image_that_has_a_version_keeps_it(parameters):
    made = changed(("Deployment", "controller-manager"), parameters, [yaml.safe_load(EVENTS)])
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "example/argo-events:v1.9.9" and container["imagePullPolicy"] == "IfNotPresent"


def test_the_controllers_settings_are_ours_alone(parameters):
    given = list(yaml.safe_load_all("\n---\n".join(FILES.values())))
    given = [one for one in given if "kind" in one and one["kind"] != "Kustomization"]
    names = [one["metadata"]["name"] for one in installation(release(), given, parameters, settings_of(parameters))]
    assert "workflow-controller-configmap" not in names and names[0] == "argo"


def test_the_argo_server_has_previews_and_a_certificate(parameters):
    given = [one for one in yaml.safe_load_all("\n---\n".join(FILES.values())) if one.get("kind") != "Kustomization"]
    account = changed(("ServiceAccount", "argo-server"), parameters, given)
    google = account["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]
    assert google == "newsreel-argo@my-project.iam.gserviceaccount.com"
    server = changed(("Deployment", "argo-server"), parameters, given)["spec"]["template"]["spec"]["containers"][0]
    assert server["args"] == ["server", "--tls-certificate-secret-name=argo-server-tls"]
