"""What buys story nodes and gives them back, in the cluster: `cluster.controllers.manager` as a Deployment or as a CronJob.

In mode `cluster` it must be outside, since it takes the cluster itself away: README, "Elastic to zero", tells how.
"""

from hashlib import sha256
from typing import Any

from cluster.manifests.accounts import account, binding, role, rule
from cluster.manifests.network import DNS, google, to_addresses
from newsreel.config.model import Manager
from newsreel.config.names import MANAGER_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.deployment import Deployed

MANAGER_IMAGE = "manager"
NAME, PORT, MONITOR = "manager", 8080, 8222
POOL, MOUNT = "manager-pool", "/etc/newsreel"
EVERY_MINUTES, MOST_SECONDS = 2, 600
MANAGER = [rule("argoproj.io", "workflows", "get", "list"), rule("", "pods", "list")]
"""Stories under way and ended, and which node each is on."""
NODES = [rule("", "nodes", "list", "patch")]
"""A node is closed to new stories before it is given back."""


def manager(settings: Settings, chosen: Manager) -> list[dict[str, Any]]:
    """Two at a time do no harm: the lease lies in the bucket, so that a manager outside and one inside know of each other. Raises
    BadInput where there is no message trigger: with nothing to count, nothing would ever be given back."""
    if settings.events is None:
        raise BadInput("manager: it counts messages and events, and there are none; say `events` too")
    everywhere = f"{settings.namespace}-manager"
    deployed = program(settings)
    runs = [cron_job(deployed, settings)] if chosen.runs == "cronjob" else running(deployed, settings)
    return [
        account(MANAGER_ACCOUNT, settings, google=chosen.google_account),
        role(MANAGER_ACCOUNT, settings.namespace, MANAGER),
        binding(MANAGER_ACCOUNT, settings.namespace, settings),
        role(everywhere, None, NODES),
        binding(everywhere, None, settings, account=MANAGER_ACCOUNT),
        network_policy(deployed, settings),
        pool(settings),
        *runs,
    ]


def program(settings: Settings) -> Deployed:
    return Deployed(
        name=NAME,
        image=MANAGER_IMAGE,
        command=("python", "-m", "cluster.controllers.manager"),
        arguments=("--config", f"{MOUNT}/newsreel.yaml", "--health-port", str(PORT)),
        port=PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="512Mi",
        account=MANAGER_ACCOUNT,
        token=True,
    )


def running(deployed: Deployed, settings: Settings) -> list[dict[str, Any]]:
    deployment, *rest = deployed.build(settings)
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = template["metadata"].get("annotations", {}) | told_by(settings)
    with_pool(template["spec"])
    return [deployment, *rest]


def cron_job(deployed: Deployed, settings: Settings) -> dict[str, Any]:
    """One round at a time. What goes wrong is seen by the next."""
    pod = deployed.pod(settings)
    with_pool(pod)
    [container] = pod["containers"]
    for of_what_stays_up in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "ports"):
        del container[of_what_stays_up]
    container["args"] = ["--once", "--config", f"{MOUNT}/newsreel.yaml"]
    template = {"metadata": {"labels": deployed.labels(), "annotations": told_by(settings)}, "spec": pod}
    job = {"backoffLimit": 0, "activeDeadlineSeconds": MOST_SECONDS, "template": template}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": deployed.metadata(settings),
        "spec": {
            "schedule": f"*/{EVERY_MINUTES} * * * *",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 60 * EVERY_MINUTES,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        },
    }


def told_by(settings: Settings) -> dict[str, str]:
    """A changed newsreel.yaml begins the program anew, which reads it once."""
    return {"newsreel/pool-digest": sha256(settings.config.encode()).hexdigest()[:16]}


def with_pool(pod: dict[str, Any]) -> None:
    [container] = pod["containers"]
    pod["volumes"].append({"name": "pool", "configMap": {"name": POOL}})
    container["volumeMounts"].append({"name": "pool", "mountPath": MOUNT, "readOnly": True})


def pool(settings: Settings) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "newsreel", "app.kubernetes.io/name": NAME}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": POOL, "namespace": settings.namespace, "labels": labels},
        "data": {"newsreel.yaml": settings.config},
    }


def network_policy(deployed: Deployed, settings: Settings) -> dict[str, Any]:
    """Out to the API server, to Google's (Container, Compute, Monitoring, Pub/Sub, Storage: the same private addresses), and to
    the EventBus's monitoring port; nobody comes in, but for Prometheus where there is one (`monitoring`)."""
    eventbus = {"podSelector": {"matchLabels": {"newsreel/service": "eventbus"}}}
    to_the_bus = {"to": [eventbus], "ports": [{"protocol": "TCP", "port": MONITOR}]}
    to_api_server = to_addresses(settings.api_servers, 443, 6443)
    return deployed.network_policy(settings, callers=[], egress=[DNS, to_api_server, *google(settings), to_the_bus])
