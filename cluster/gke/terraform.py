"""Terraform on cluster/terraform for `up` and `down`: variables from newsreel.yaml, state in a bucket of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.gke.programs import Programs
from newsreel.config.model import GkeConfig
from newsreel.config.names import (
    EVENTS_ACCOUNT,
    GPU_TAINT,
    MANAGER_ACCOUNT,
    NEWSROOM_ACCOUNT,
    POOL_LABEL,
    STORAGE_ACCOUNT,
    STORY_TAINT,
    WATCH_ACCOUNT,
    Account,
    Bucket,
)
from newsreel.config.settings import settings_of
from newsreel.files import write_atomically
from newsreel.submission.topics import DEAD, DONE, HEARD, PULLED, STORIES, SUBSCRIPTIONS, Subscription


def as_json(parameters: GkeConfig) -> str:
    """The text of a tfvars.json."""
    return json.dumps(variables(parameters), indent=2) + "\n"


def variables(parameters: GkeConfig) -> dict[str, Any]:
    cluster, site, newsroom, who = parameters.cluster, parameters.site, parameters.newsroom, identities(parameters)
    return {
        "project": cluster.project,
        "region": cluster.region,
        "location": cluster.location,
        "name": cluster.name,
        "made": cluster.mode == "pool",
        "manager_makes": cluster.mode == "cluster",
        "release_channel": site.release_channel,
        "maintenance": site.maintenance.window,
        "network": site.network.model_dump(mode="json"),
        "pool_label": POOL_LABEL,
        "system_pool": site.system.model_dump(mode="json", exclude={"an_hour"}) | {"disk_gb": site.disk_gb},
        "story_pools": {
            offer.pool: offer.model_dump(mode="json", include={"zone", "machine", "accelerator", "spot", "ssds", "most"})
            | {"disk_gb": site.disk_gb}
            for offer in parameters.node_pools
        },
        "story_taints": {"all": taint(*STORY_TAINT), "gpu": taint(*GPU_TAINT)},
        "buckets": {which.value: bucket(which, parameters) for which in Bucket},
        "topics": {"stories": STORIES, "dead": DEAD, "done": DONE},
        "subscriptions": {one.name: subscription(one) for one in SUBSCRIPTIONS},
        "subscribers": {Account.EVENTS.value: PULLED, Account.MANAGER.value: HEARD},
        "accounts": {which.value: {"id": cluster.names.account_id(which), "kubernetes": who.get(which)} for which in Account},
        "editors": list(cluster.editors),
        "security_group": security_group(cluster.editors),
        "newsroom": newsroom.model_dump(mode="json", include={"host", "admits"}) if newsroom else None,
    }


def taint(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def bucket(which: Bucket, parameters: GkeConfig) -> dict[str, Any]:
    kept = parameters.site.retention
    days = {Bucket.PREVIEWS: kept.previews_days, Bucket.UNITS: kept.units_days}
    return {
        "name": parameters.cluster.names.bucket(which),
        "days": days.get(which),
        "replaced_days": kept.replaced_days,
    }


def subscription(one: Subscription) -> dict[str, Any]:
    """Times in seconds."""
    return {
        "topic": one.topic,
        "ordered": one.ordered,
        "answer": one.seconds_to_answer,
        "kept": int(one.kept_for.total_seconds()),
        "shortest_wait": int(one.shortest_wait.total_seconds()),
        "longest_wait": int(one.longest_wait.total_seconds()),
        "dead_letters": one.dead_letters,
        "most_attempts": one.most_attempts,
    }


def identities(parameters: GkeConfig) -> dict[Account, str]:
    """Service accounts of the cluster that act as Google service accounts: namespace/name."""
    settings = settings_of(parameters)
    ours = {Account.STORAGE: STORAGE_ACCOUNT}
    if settings.events:
        ours |= {Account.EVENTS: EVENTS_ACCOUNT, Account.WATCH: WATCH_ACCOUNT}
    if settings.newsroom:
        ours |= {Account.NEWSROOM: NEWSROOM_ACCOUNT}
    if settings.manager:
        ours |= {Account.MANAGER: MANAGER_ACCOUNT}
    named = {which: f"{settings.namespace}/{name}" for which, name in ours.items()}
    return named | {Account.ARGO: f"{settings.argo_namespace}/{ARGO_SERVER}"}


ARGO_SERVER = "argo-server"
"""The account of Argo's server, which shows previews (argo-workflows, manifests/base/argo-server/argo-server-sa.yaml)."""


def security_group(editors: tuple[str, ...]) -> str | None:
    """The security group of the editors' domain, under the one name that GKE knows."""
    return f"gke-security-groups@{editors[0].partition('@')[2]}" if editors else None


CONFIGURATION = Path(__file__).parents[1] / "terraform"


@dataclass(frozen=True)
class Terraform:
    parameters: GkeConfig
    programs: Programs
    folder: Path
    """Where the variables are written."""

    @property
    def variables(self) -> Path:
        return self.folder / f"{self.parameters.cluster.name}.tfvars.json"

    def begin(self) -> None:
        """Create the bucket of the state, which Terraform cannot make itself, and initialise."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.variables, as_json(self.parameters))
        bucket = f"gs://{self.parameters.cluster.names.state}"
        project = f"--project={self.parameters.cluster.project}"
        if self.programs.status("gcloud", "storage", "buckets", "describe", bucket, project, "--format=value(name)")[0]:
            closed = ("--uniform-bucket-level-access", "--public-access-prevention")
            where = f"--location={self.parameters.cluster.region}"
            self.programs.do("gcloud", "storage", "buckets", "create", bucket, project, where, *closed)
            self.programs.do("gcloud", "storage", "buckets", "update", bucket, "--versioning")
        state = (f"-backend-config=bucket={self.parameters.cluster.names.state}", "-backend-config=prefix=newsreel")
        self.programs.do(*self.words("init"), "-input=false", "-reconfigure", *state)

    def apply(self, *changes: str, yes: bool) -> None:
        """Run `terraform apply`, which shows the plan and asks unless `yes`; `changes` are further variables, as `made=false`."""
        self.programs.do(*self.words("apply"), *self.variable_arguments(changes), *(("-auto-approve",) if yes else ()))

    def destroy(self, *, yes: bool) -> None:
        self.programs.do(
            *self.words("destroy"), *self.variable_arguments(("protected=false",)), *(("-auto-approve",) if yes else ())
        )

    def words(self, command: str) -> tuple[str, ...]:
        return ("terraform", f"-chdir={CONFIGURATION}", command)

    def variable_arguments(self, changes: tuple[str, ...]) -> tuple[str, ...]:
        return (f"-var-file={self.variables.resolve()}", *(f"-var={change}" for change in changes))
