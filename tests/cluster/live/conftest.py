"""One installation for all tests; each test has stories of names of its own and leaves none behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from kubernetes import client, config

from tests.cluster.live.bucket import Bucket, storage
from tests.cluster.live.cluster import Cluster
from tests.cluster.live.faults import with_fault
from tests.cluster.live.machines import NAMESPACE, Lab, directories, inspector, repaired
from tests.cluster.live.place import Place
from tests.cluster.live.waiting import await_truth

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def pytest_collection_modifyitems(config, items):
    """A cluster is touched only by who asks for it: with KUBECONFIG, and this folder on the command line."""
    asked = any(HERE in (path := Path(argument.split("::")[0]).resolve()).parents or path == HERE for argument in config.args)
    if not asked:
        reason = "stories on a real cluster: `make test-cluster`, with KUBECONFIG set"
    elif not os.environ.get("KUBECONFIG"):
        reason = "set KUBECONFIG to a cluster with Argo Workflows, see tests/cluster/live/__init__.py"
    else:
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def place() -> Place:
    return Place()


@pytest.fixture(scope="session")
def bare_cluster(place) -> Cluster:
    """The cluster as it is found."""
    config.load_kube_config()
    return Cluster(client.ApiClient(), place)


@pytest.fixture(scope="session")
def cluster(bare_cluster) -> Cluster:
    """With the emitted installation, and gentle ready."""
    for document in bare_cluster.place.documents():
        bare_cluster.apply(document)
    bare_cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    bare_cluster.apply(inspector(bare_cluster))
    apps = client.AppsV1Api(bare_cluster.api)
    await_truth(lambda: apps.read_namespaced_deployment("gentle", bare_cluster.namespace).status.ready_replicas == 1, 180)
    await_truth(lambda: len(directories(bare_cluster)) == len(bare_cluster.story_nodes()), 60)
    return bare_cluster


@pytest.fixture(scope="session")
def bucket(place) -> Iterator[Bucket]:
    with storage(place.storage) as opened:
        yield opened


@pytest.fixture
def name(request, cluster) -> Iterator[str]:
    """A name for a story, new each time; its workflows are removed in the end."""
    words = request.node.originalname.removeprefix("test_").replace("_", "-")
    told = f"{words[:24].strip('-')}-{int(time.time()) % 100000}"
    yield told
    cluster.cordon(*cluster.story_nodes(), closed=False)
    for record in cluster.records():
        if record.name.startswith(told) and not (record.over and cluster.place.told("KEEP", "")):
            with suppress(client.ApiException):
                cluster.remove(record.name)


@pytest.fixture
def story(name, bucket) -> dict[str, str]:
    """A short story's parameters."""
    return bucket.put(name)


@pytest.fixture
def faulty(cluster, name) -> Iterator[Callable[..., str]]:
    """`faulty(step, fault, **changed)`: the name of a template whose step meets the fault, and has these fields."""

    def template(step: str, fault: str, **changed: object) -> str:
        broken = with_fault(cluster.place.template(), name, step, fault)
        next(part for part in broken["spec"]["templates"] if part["name"] == step).update(changed)
        cluster.apply(broken)
        # Argo's controller knows templates from a watch, and takes for a workflow what it has seen of them.
        time.sleep(2)
        return name

    yield template
    with suppress(client.ApiException):
        cluster.objects.delete_namespaced_custom_object("argoproj.io", "v1alpha1", cluster.namespace, "workflowtemplates", name)


@pytest.fixture
def lab(cluster, place) -> Iterator[Lab]:
    """What kills machines; all are up again in the end."""
    if place.lab is None:
        pytest.skip("set NEWSREEL_LIVE_LAB to a program that kills nodes, see tests/cluster/live/__init__.py")
    machines = Lab(place.lab)
    yield machines
    await_truth(lambda: repaired(cluster, machines), 180)
    await_truth(lambda: len(directories(cluster)) == len(cluster.story_nodes()), 120)


@pytest.fixture
def reconciler(cluster, tmp_path) -> Iterator[Path]:
    """The reconciler at work; the file holds what it says."""
    said = tmp_path / "reconciler.jsonl"
    command = [sys.executable, "-m", "cluster.controllers.reconciler", "--namespace", cluster.namespace, "--every", "2"]
    with said.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT) as process:
        yield said
        process.terminate()
    print(said.read_text())
