"""What manifests are made from: a flat view of newsreel.yaml, with what follows from `site` where the file gives nothing."""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import yaml

from newsreel.config.model import (
    Config,
    Events,
    GkeConfig,
    Manager,
    Monitoring,
    Newsroom,
    NodeSelection,
)
from newsreel.config.names import GPU_TAINT, POOL_LABEL, STORY_TAINT, Account, Bucket
from newsreel.config.values import Group
from newsreel.submission.topics import DONE, PULLED, STORIES, topic_path

EMPTY = Config()


def value_of(group: str, name: str) -> Any:
    """A field that has the value of `group.name`, by default that of an empty newsreel.yaml."""
    return field(default=getattr(getattr(EMPTY, group), name), metadata={"group": group, "name": name})


# ruff: noqa: RUF009 - every default is an immutable value of a frozen model
@dataclass(frozen=True, kw_only=True)
class Settings:
    """The manifests of a profile are a function of these and of nothing else; each value is described in the model."""

    namespace: str = value_of("cluster", "namespace")
    argo_namespace: str = value_of("argo", "namespace")
    image_prefix: str = value_of("cluster", "image_prefix")
    ssd_root: str = value_of("placement", "ssd_root")
    story_pool: NodeSelection = value_of("placement", "story_pool")
    system_pool: NodeSelection = value_of("placement", "system_pool")
    story_disk: str = value_of("story", "disk")
    weights: str = value_of("storage", "weights")
    addresses: tuple[str, ...] = value_of("storage", "addresses")
    stories: str = value_of("storage", "stories")
    finals: str = value_of("storage", "finals")
    units: str | None = value_of("storage", "units")
    deadline_hours: int = value_of("story", "deadline_hours")
    stories_at_once: int = value_of("story", "at_once")
    service_replicas: int = value_of("cluster", "service_replicas")
    editors: tuple[str, ...] = value_of("cluster", "editors")
    google_account: str | None = value_of("storage", "google_account")
    api_servers: tuple[str, ...] = value_of("cluster", "api_servers")
    storage_addresses: tuple[str, ...] = value_of("storage", "address_blocks")
    storage_port: int = value_of("storage", "port")
    previews_bucket: str | None = value_of("storage", "previews_bucket")
    newsroom_url: str | None = value_of("argo", "newsroom_url")
    done_topic: str | None = value_of("notifications", "done_topic")
    webhook: str | None = value_of("notifications", "webhook")
    webhook_receivers: tuple[str, ...] = value_of("notifications", "webhook_receivers")
    webhook_secret: str = value_of("notifications", "webhook_secret")
    webhook_addresses: tuple[str, ...] = value_of("notifications", "webhook_addresses")
    archive_host: str | None = value_of("argo", "archive_host")
    prices: str | None = None
    """Price of a node of each pool an hour, as `newsreel.runtime.usage.Prices` reads it: `USD l4-spot-a=0.36 l4-a=0.92`."""
    events: Events | None = None
    newsroom: Newsroom | None = None
    manager: Manager | None = None
    monitoring: Monitoring | None = None
    config: str = ""
    """The text of newsreel.yaml, for the manager."""


def settings_of(config: Config, audience: str | None = None) -> Settings:
    """`audience` is that of the newsroom's sign-in, which is known once there is a load balancer."""
    complete = with_derived_values(config)
    if complete.newsroom and audience:
        complete = complete.model_copy(update={"newsroom": complete.newsroom.model_copy(update={"audience": audience})})
    values = {
        each.name: getattr(getattr(complete, each.metadata["group"]), each.metadata["name"])
        for each in fields(Settings)
        if each.metadata
    }
    return Settings(
        **values,
        prices=price_list(config),
        events=complete.events,
        newsroom=complete.newsroom,
        manager=complete.manager,
        monitoring=complete.monitoring,
        config=config_text(config),
    )


def with_derived_values(config: Config) -> Config:
    """On GKE: the names that Terraform makes and what else follows from project, cluster name and `site`, unless given."""
    if not isinstance(config, GkeConfig):
        return config
    cluster, names = config.cluster, config.cluster.names
    derived: dict[str, dict[str, Any]] = {
        "cluster": {
            "image_prefix": names.images(cluster.region),
            "api_servers": (str(config.site.network.control_plane),),
        },
        "placement": {
            "story_pool": NodeSelection(selector=(POOL_LABEL, "stories"), tolerates=(GPU_TAINT[0], STORY_TAINT[0])),
            "system_pool": NodeSelection(selector=(POOL_LABEL, "system")),
        },
        "story": {"at_once": config.stories_at_once},
        "storage": {
            "stories": names.address(Bucket.STORIES),
            "finals": names.address(Bucket.FINALS),
            "weights": f"{names.address(Bucket.WEIGHTS)}/weights.yaml",
            "units": names.address(Bucket.UNITS),
            "previews_bucket": names.bucket(Bucket.PREVIEWS),
            "addresses": tuple(f"{names.address(which)}/" for which in (Bucket.STORIES, Bucket.FINALS, Bucket.WEIGHTS)),
            "google_account": names.account(Account.STORAGE),
        },
        "notifications": {"done_topic": topic_path(cluster.project, DONE)},
        "events": {
            "project": cluster.project,
            "subscription": PULLED,
            "google_account": names.account(Account.EVENTS),
            "watch_google_account": names.account(Account.WATCH),
        },
        "newsroom": {
            "topic": topic_path(cluster.project, STORIES),
            "google_account": names.account(Account.NEWSROOM),
            "certificates": f"{cluster.name}-newsroom",
            "address": f"{cluster.name}-newsroom",
        },
        "monitoring": {},
        "manager": {"google_account": names.account(Account.MANAGER)},
    }
    # In mode `cluster` the manager is outside, since it takes away what it would run in.
    present: dict[str, Group] = {"events": Events(), "monitoring": Monitoring()}
    present |= {"manager": Manager()} if cluster.mode == "pool" else {}
    groups = {name: getattr(config, name) for name in derived}
    groups |= {name: group for name, group in present.items() if name not in config.model_fields_set}
    return config.model_copy(update={name: given_or(group, derived[name]) for name, group in groups.items() if group is not None})


def given_or(group: Group, derived: dict[str, Any]) -> Group:
    """The group, with derived values where the file gives none."""
    return group.model_copy(update={name: value for name, value in derived.items() if name not in group.model_fields_set})


def price_list(config: Config) -> str | None:
    by_pool = {option.pool: option.an_hour for option in config.node_pools}
    nodes = config.prices.nodes if "nodes" in config.prices.model_fields_set else by_pool
    return (
        " ".join([config.prices.currency, *(f"{pool}={Decimal(str(price)):f}" for pool, price in nodes.items())])
        if nodes
        else None
    )


def config_text(config: Config) -> str:
    """The given values as a newsreel.yaml, without the comments of the file they came from."""
    return yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True), sort_keys=False, width=120)
