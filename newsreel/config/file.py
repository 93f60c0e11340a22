"""Reads and checks newsreel.yaml: every fault is reported at once, with its line, in our own words."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from newsreel.config.model import Config, GkeConfig
from newsreel.config.settings import Settings, settings_of
from newsreel.config.values import ImagePrefix, Project
from newsreel.errors import BadInput, translate_os_errors
from newsreel.step import HARDWARE_MEASURED
from newsreel.storage.address import Address, AllowList
from newsreel.validation import bad_input, format_validation_error, validation_faults
from newsreel.yaml_source import Fault, SourceTree, ValuePath, read_tree

DEFAULT: Final = Path(__file__).parents[2] / "cluster" / "newsreel.yaml"
AnyConfig = TypeVar("AnyConfig", bound=Config)
Disagreement = tuple[ValuePath, str]
"""The place that is to be changed, and why."""
HOME: Final = {
    name: group for group, kind in Config.model_fields.items() for name in getattr(kind.annotation, "model_fields", ())
}
"""The group of each field, for the message about one that stands in another group."""
OAUTH_CLIENT: Final = ".apps.googleusercontent.com"
FORMER: Final = {each.name for each in fields(Settings)} - set(Config.model_fields) | {"offers"}
"""Top-level keys of settings.yaml and pool.yaml, the two files of earlier releases."""


def read_config(path: Path) -> Config:
    """Raises BadInput with a line for each fault."""
    return parse_config(read_bytes(path), str(path))


def read_gke_config(path: Path = DEFAULT) -> GkeConfig:
    """The same where an installation on GKE is needed: it is a fault that `site` is missing."""
    return cast(GkeConfig, parse_config(read_bytes(path), str(path), GkeConfig))


def read_bytes(path: Path) -> bytes:
    with translate_os_errors(path):
        return path.read_bytes()


def former_keys(document: object) -> list[str]:
    """Keys of a document that are of settings.yaml or pool.yaml, the files of earlier releases."""
    return sorted(FORMER & document.keys()) if isinstance(document, dict) else []


def parse_config(content: bytes, name: str, model: type[Config] = Config) -> Config:
    """`name` is the content's name in messages. A document with `site` is read as a GkeConfig. Raises BadInput."""
    tree = read_tree(content)
    if tree.faults == [Fault(1, (), "is empty")]:
        tree = SourceTree(value={})
    if tree.faults:
        raise bad_input(name, tree.faults)
    if former := former_keys(tree.value):
        raise BadInput(
            f"{name}: {former[0]!r} is of settings.yaml or pool.yaml: newsreel config migrate makes a newsreel.yaml of them"
        )
    given = GkeConfig if isinstance(tree.value, dict) and tree.value.get("site") is not None else model
    return validate(tree, name, given)


def validate(tree: SourceTree, name: str, model: type[AnyConfig]) -> AnyConfig:
    """Validate a document. Messages about values that come from no file (`name` is empty) have no lines."""
    try:
        config = model.model_validate(tree.value)
    except ValidationError as error:
        faults = [explain_unknown(fault) for fault in validation_faults(error, model, tree)]
    else:
        faults = [Fault(tree.line(path), path, message) for path, message in disagreements(config)]
        if not faults:
            return config
    if name:
        raise bad_input(name, faults)
    raise BadInput("\n".join(str(fault).partition(": ")[2] for fault in faults))


def explain_unknown(fault: Fault) -> Fault:
    """Name the right group of a field that stands in another."""
    home = HOME.get(str(fault.path[-1])) if fault.path else None
    if not home or not fault.message.startswith("is unknown"):
        return fault
    return Fault(fault.line, fault.path, f"is unknown here; it belongs to `{home}`")


def changed(config: AnyConfig, **groups: Any) -> AnyConfig:
    """The same but for some values: `policy={"aim": 0.3}`. Raises BadInput for what the file itself could not say."""
    document = config.model_dump(mode="json", exclude_unset=True)
    for group, values in groups.items():
        document[group] = (document.get(group) or {}) | values if isinstance(values, dict) else values
    return validate(SourceTree(value=document), "", type(config))


def with_options(config: Config, images: str | None, project: str | None) -> Config:
    """Apply the options --images and --project of `newsreel emit`. Raises BadInput."""
    if images:
        config = changed(config, cluster={"image_prefix": option("--images", ImagePrefix, images)})
    if project:
        config = changed(config, events={"project": option("--project", Project, project)})
    return config


def option(name: str, kind: Any, text: str) -> str:
    try:
        value: str = TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        raise BadInput(f"{name}: {format_validation_error(error.errors()[0], Config)}") from error
    return value


def disagreements(config: Config) -> Iterator[Disagreement]:
    """Values that are valid each, and do not work together."""
    if isinstance(config, GkeConfig):
        yield from times(config)
        yield from node_pools(config)
        yield from quotas(config)
        yield from places(config)
        yield from editors(config)
    else:
        yield from of_gke_alone(config)
    yield from sign_in(config)
    settings = settings_of(config)
    yield from addresses(settings)
    for name in ("webhook", "webhook_receivers"):
        if getattr(settings, name) and not settings.webhook_addresses:
            yield ("notifications", name), "is not let through: webhook_addresses must say at which address blocks it is"


def times(config: GkeConfig) -> Iterator[Disagreement]:
    policy = config.policy
    if policy.backoff_most_minutes < policy.backoff_minutes:
        yield ("policy", "backoff_most_minutes"), f"must be at least backoff_minutes, {policy.backoff_minutes:g}"
    if policy.away_minutes * 60 < 2 * policy.round_seconds:
        yield ("policy", "away_minutes"), "must be at least two rounds, or nothing would ever be seen to be idle"


def node_pools(config: GkeConfig) -> Iterator[Disagreement]:
    options, warm = config.node_pools, config.policy.warm_nodes
    if not options:
        yield ("node_pools",), "must have at least one kind of node"
        return
    for index, option in enumerate(options):
        if option.pool in [other.pool for other in options[:index]]:
            yield ("node_pools", index, "pool"), f"two have the same pool, {option.pool}"
        known = dict.fromkeys([*HARDWARE_MEASURED, *config.work.speeds])
        if option.speed not in known:
            yield ("node_pools", index, "speed"), f"no speed {option.speed!r}; known: {', '.join(known)}; work.speeds can add one"
        if option.accelerator and option.accelerator not in config.zones.get(option.zone, ()):
            has = [zone for zone, kinds in config.zones.items() if option.accelerator in kinds]
            advice = f"; it is in {', '.join(has)}" if has else ""
            yield ("node_pools", index, "accelerator"), f"{option.pool}: zone {option.zone} has no {option.accelerator}{advice}"
    if warm > options[0].most:
        yield ("policy", "warm_nodes"), f"{warm} is more than the {options[0].most} nodes of {options[0].pool}"


def quotas(config: GkeConfig) -> Iterator[Disagreement]:
    known = sorted({option.quota for option in config.node_pools if option.quota})
    for name in config.market.quotas:
        if name not in known:
            yield ("market", "quotas", name), f"no node pool counts against it; they do against {', '.join(known) or 'none'}"


def places(config: GkeConfig) -> Iterator[Disagreement]:
    location, region, site = config.cluster.location, config.cluster.region, config.site
    zones: dict[ValuePath, str] = {("site", "system", "zones", index): zone for index, zone in enumerate(site.system.zones)}
    zones |= {("node_pools", index, "zone"): option.zone for index, option in enumerate(config.node_pools)}
    for path, zone in zones.items():
        if zone[:-2] != region:
            yield path, f"{zone} is not in {region}, where the cluster is"
    if location != region and set(site.system.zones) != {location}:
        yield ("site", "system", "zones"), f"a cluster in the one zone {location} has its machines there"
    machines = site.system.most + sum(option.most for option in config.node_pools)
    if machines > site.network.machines:
        yield ("site", "network"), f"has addresses for {site.network.machines} machines, node_pools and system want {machines}"


def editors(config: GkeConfig) -> Iterator[Disagreement]:
    for index, group in enumerate(config.cluster.editors):
        if not all(group.partition("@")):
            yield ("cluster", "editors", index), f"{group!r} must be the e-mail address of a Google group"
    if len(domains := sorted({group.partition("@")[2] for group in config.cluster.editors})) > 1:
        yield ("cluster", "editors"), f"GKE knows the groups of one domain, not of {' and '.join(domains)}"


def of_gke_alone(config: Config) -> Iterator[Disagreement]:
    if config.manager:
        yield ("manager",), "buys node pools of GKE: `site` and `node_pools` must be there"
    if config.node_pools:
        yield ("node_pools",), "are GKE's: `site` must be there"
    for name in ("project", "location", "name"):
        if getattr(config.cluster, name):
            yield ("cluster", name), "is of a cluster on GKE: `site` must be there"


def sign_in(config: Config) -> Iterator[Disagreement]:
    """What a newsroom page must be given, and where a manager cannot be."""
    if newsroom := config.newsroom:
        needed = (["client", "admits"] if not newsroom.proxy_namespace else []) if isinstance(config, GkeConfig) else ["topic"]
        yield from ((("newsroom", name), "is missing") for name in needed if name not in newsroom.model_fields_set)
        if needed != ["topic"] and "client" in newsroom.model_fields_set and not newsroom.client.endswith(OAUTH_CLIENT):
            yield ("newsroom", "client"), f"must be an OAuth client's ID, such as 123-abc{OAUTH_CLIENT}"
    if config.manager and config.cluster.mode == "cluster":
        yield ("manager",), "in mode `cluster` the manager takes the cluster away it would run in: run it outside"


def addresses(settings: Settings) -> Iterator[Disagreement]:
    """Buckets are compared as the steps compare them."""
    allowed = AllowList(prefixes=tuple(map(Address.parse, settings.addresses)))
    used = {"finals": settings.finals} | ({"stories": settings.stories} if settings.events or settings.newsroom else {})
    for name, text in used.items():
        try:
            allowed.require(Address.parse(text))
        except BadInput as fault:
            yield ("storage", name), str(fault)
    if settings.units:
        units = Address.parse(settings.units)
        if allowed.allows(units) or any(map(AllowList(prefixes=(units,)).allows, allowed.prefixes)):
            message = f"{units}: must be apart from the addresses, which a story's sender may name: a bucket of its own"
            yield ("storage", "units"), message
