"""Deployments of `cluster.controllers`: reconciler, submitter (`watch` and `dead-letters`), manager (or as a CronJob).

In mode `cluster` the manager runs outside, since it deletes the cluster: README, "Elastic to zero".
"""

from hashlib import sha256
from typing import Any

from cluster.manifests.network import BUS_MONITOR_PORT, DEAD_LETTER_PORT, DNS, to_addresses, to_google
from cluster.manifests.rbac import account, binding, role, rule
from newsreel.config.model import Events, Manager
from newsreel.config.names import EVENTS_ACCOUNT, MANAGER_ACCOUNT, RECONCILER_ACCOUNT, WATCH_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.container import WEBHOOK_SECRET_VARIABLE, notification_variables, webhook_secret_key
from workflows.deployment import Deployed

RECONCILER_IMAGE = "reconciler"

SUBMITTER_IMAGE = "messages"
SUBMITTER_COMMAND = ("python", "-m", "cluster.controllers.submitter")
HEALTH_PORT = 8080
DEAD_LETTER_URL = f"http://letters:{DEAD_LETTER_PORT}"
SUBMITTER_RULES = [rule("argoproj.io", "workflows", "list", "get", "create"), rule("", "pods", "list")]

MANAGER_IMAGE = "manager"
MANAGER_NAME, MANAGER_PORT = "manager", 8080
POOL, MOUNT = "manager-pool", "/etc/newsreel"
EVERY_MINUTES, MOST_SECONDS = 2, 600
MANAGER_RULES = [rule("argoproj.io", "workflows", "get", "list"), rule("", "pods", "list")]
"""Running and completed stories, and the node of each."""
NODE_RULES = [rule("", "nodes", "list", "patch")]
"""A node is cordoned before it is removed."""


def reconciler(settings: Settings) -> list[dict[str, Any]]:
    """One replica is enough: it has no state, running stories do not need it, and a new one starts in seconds."""
    deployed = Deployed(
        name="reconciler",
        image=RECONCILER_IMAGE,
        command=("python", "-m", "cluster.controllers.reconciler"),
        arguments=("--namespace", settings.namespace, "--health-port", "8080"),
        port=8080,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="256Mi",
        account=RECONCILER_ACCOUNT,
        token=True,
    )
    return deployed.build(settings)


def submitter(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    return [*dead_letter_server(settings, chosen), *watch(settings, chosen)]


def dead_letter_server(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """The dead-letter server, named `letters`. While it is down the Sensor retries."""
    deployed = Deployed(
        name="letters",
        image=SUBMITTER_IMAGE,
        command=SUBMITTER_COMMAND,
        arguments=("dead-letters", "--project", chosen.project, "--port", str(DEAD_LETTER_PORT)),
        port=DEAD_LETTER_PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="20m",
        memory="256Mi",
        account=EVENTS_ACCOUNT,
    )
    own = account(EVENTS_ACCOUNT, settings, google=chosen.google_account)
    return [own, *deployed.build(settings), deployed.service(settings, DEAD_LETTER_PORT)]


def watch(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """The submitter's control loop, named `watch`. One replica is enough, two do no harm, and running stories do not need it."""
    name = WATCH_ACCOUNT
    buckets = ("--stories", settings.stories, "--finals", settings.finals)
    deployed = Deployed(
        name="watch",
        image=SUBMITTER_IMAGE,
        command=SUBMITTER_COMMAND,
        arguments=("watch", "--namespace", settings.namespace, *buckets, "--health-port", str(HEALTH_PORT)),
        port=HEALTH_PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="512Mi",
        account=name,
        token=True,
        environment=(("NEWSREEL_ADDRESSES", f"{settings.stories},{settings.finals}"), *notification_variables(settings).items()),
        secrets=((WEBHOOK_SECRET_VARIABLE, *secret),) if (secret := webhook_secret_key(settings)) else (),
    )
    return [
        account(name, settings, google=chosen.watch_google_account),
        role(name, settings.namespace, SUBMITTER_RULES),
        binding(name, settings.namespace, settings),
        *deployed.build(settings),
    ]


def manager(settings: Settings, chosen: Manager) -> list[dict[str, Any]]:
    """Two at a time do no harm, also one outside the cluster: the lease is in the bucket.

    Raises BadInput without a message trigger: the demand would always be unknown, and no node would ever be removed.
    """
    if settings.events is None:
        raise BadInput("manager: it counts messages and events; set `events`, too")
    everywhere = f"{settings.namespace}-manager"
    deployed = manager_deployment(settings)
    as_cron_job = chosen.runs == "cronjob"
    runs = [manager_as_cron_job(deployed, settings)] if as_cron_job else manager_as_deployment(deployed, settings)
    return [
        account(MANAGER_ACCOUNT, settings, google=chosen.google_account),
        role(MANAGER_ACCOUNT, settings.namespace, MANAGER_RULES),
        binding(MANAGER_ACCOUNT, settings.namespace, settings),
        role(everywhere, None, NODE_RULES),
        binding(everywhere, None, settings, account=MANAGER_ACCOUNT),
        manager_network_policy(deployed, settings),
        pool_config_map(settings),
        *runs,
    ]


def manager_deployment(settings: Settings) -> Deployed:
    return Deployed(
        name=MANAGER_NAME,
        image=MANAGER_IMAGE,
        command=("python", "-m", "cluster.controllers.manager"),
        arguments=("--config", f"{MOUNT}/newsreel.yaml", "--health-port", str(MANAGER_PORT)),
        port=MANAGER_PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="512Mi",
        account=MANAGER_ACCOUNT,
        token=True,
    )


def manager_as_deployment(deployed: Deployed, settings: Settings) -> list[dict[str, Any]]:
    deployment, *rest = deployed.build(settings)
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = template["metadata"].get("annotations", {}) | pool_digest(settings)
    mount_pool(template["spec"])
    return [deployment, *rest]


def manager_as_cron_job(deployed: Deployed, settings: Settings) -> dict[str, Any]:
    """One round a job. A failed job is not retried: the next one finds the same work."""
    pod = deployed.pod(settings)
    mount_pool(pod)
    [container] = pod["containers"]
    for only_for_deployments in ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "ports"):
        del container[only_for_deployments]
    container["args"] = ["--once", "--config", f"{MOUNT}/newsreel.yaml"]
    template = {"metadata": {"labels": deployed.labels(), "annotations": pool_digest(settings)}, "spec": pod}
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


def pool_digest(settings: Settings) -> dict[str, str]:
    """Annotation that restarts the program when newsreel.yaml changes: it reads the file once."""
    return {"newsreel/pool-digest": sha256(settings.config.encode()).hexdigest()[:16]}


def mount_pool(pod: dict[str, Any]) -> None:
    [container] = pod["containers"]
    pod["volumes"].append({"name": "pool", "configMap": {"name": POOL}})
    container["volumeMounts"].append({"name": "pool", "mountPath": MOUNT, "readOnly": True})


def pool_config_map(settings: Settings) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "newsreel", "app.kubernetes.io/name": MANAGER_NAME}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": POOL, "namespace": settings.namespace, "labels": labels},
        "data": {"newsreel.yaml": settings.config},
    }


def manager_network_policy(deployed: Deployed, settings: Settings) -> dict[str, Any]:
    """Egress to the API server, to Google APIs (Container, Compute, Monitoring, Pub/Sub, Storage: the same private addresses) and
    to the monitoring port of the EventBus. Ingress only from Prometheus, if there is one (`monitoring`)."""
    eventbus = {"podSelector": {"matchLabels": {"newsreel/service": "eventbus"}}}
    to_the_bus = {"to": [eventbus], "ports": [{"protocol": "TCP", "port": BUS_MONITOR_PORT}]}
    to_api_server = to_addresses(settings.api_servers, 443, 6443)
    return deployed.network_policy(settings, callers=[], egress=[DNS, to_api_server, *to_google(settings), to_the_bus])
