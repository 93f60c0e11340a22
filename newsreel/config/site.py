"""How the cluster is built: the group `site` of pool.yaml. What follows from it is in `names`; nothing is said twice."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from newsreel.config.fields import ConfigModel, Email, Host, Some, Zone

Days = Annotated[int, Field(ge=1, le=3650)]
Person = Annotated[str, Field(pattern=r"^([A-Za-z0-9._%+-]{1,64})?@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
"""An address, or everybody of a domain: `@example.org`."""
Member = Annotated[str, Field(pattern=r"^((user|group):[A-Za-z0-9._%+-]{1,64}@|domain:)[a-z0-9.-]+\.[a-z]{2,63}$")]
"""As Google's IAM names people."""
FIRST_DAY, RFC_3339 = datetime(2026, 1, 1, tzinfo=UTC), "%Y-%m-%dT%H:%M:%SZ"
LEAST_HOURS = 48
"""A window must leave so many hours in 32 days, in stretches of at least 4 (GKE, "Maintenance windows and exclusions")."""


class Maintenance(ConfigModel):
    """When GKE may change control plane and machines, in UTC. What is pinned to a story's node keeps it for an hour more."""

    begins: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    hours: Annotated[int, Field(ge=4, le=23)]
    days: Annotated[tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def enough(self) -> Self:
        if len(set(self.days)) < len(self.days):
            raise ValueError("days: one is named twice")
        if 4 * len(self.days) * self.hours < LEAST_HOURS:
            raise ValueError(f"must leave GKE {LEAST_HOURS} hours in 32 days: more days, or more hours")
        return self

    @property
    def window(self) -> dict[str, str]:
        """The first window's start_time and end_time (RFC 3339), and its recurrence (RFC 5545), as GKE has them."""
        hours, minutes = map(int, self.begins.split(":"))
        begins = FIRST_DAY.replace(hour=hours, minute=minutes)
        return {
            "start_time": begins.strftime(RFC_3339),
            "end_time": (begins + timedelta(hours=self.hours)).strftime(RFC_3339),
            "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(self.days)}",
        }


class Network(ConfigModel):
    """Address blocks, as `10.0.0.0/20`."""

    nodes: IPv4Network
    pods: IPv4Network
    """Each machine takes a /24 of it."""
    services: IPv4Network
    control_plane: IPv4Network
    """Where the Kubernetes API answers; GKE wants a /28."""

    @model_validator(mode="after")
    def apart(self) -> Self:
        blocks = {name: getattr(self, name) for name in ("nodes", "pods", "services", "control_plane")}
        for name, block in blocks.items():
            if not block.is_private:
                raise ValueError(f"{name}: {block} is not a private block")
            for other, beside in blocks.items():
                if name < other and block.overlaps(beside):
                    raise ValueError(f"{name} and {other} overlap: {block} and {beside}")
        if self.control_plane.prefixlen != 28:
            raise ValueError(f"control_plane must be a /28, not a /{self.control_plane.prefixlen}")
        return self

    @property
    def machines(self) -> int:
        """How many there are addresses for: one of `nodes` and a /24 of `pods` each; Google keeps four of a block."""
        of_pods: int = 2 ** max(0, 24 - self.pods.prefixlen)
        return min(self.nodes.num_addresses - 4, of_pods)


class System(ConfigModel):
    """The machines that are always there. Three at least: the EventBus keeps its three apart, and works while two are up."""

    machine: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=4)]
    least: Annotated[int, Field(ge=3, le=100)]
    most: Annotated[int, Field(ge=3, le=100)]
    an_hour: Some

    @model_validator(mode="after")
    def sound(self) -> Self:
        if self.most < self.least:
            raise ValueError("must hold least <= most")
        if len(set(self.zones)) < len(self.zones):
            raise ValueError("zones: one is named twice")
        return self


class Kept(ConfigModel):
    """How long what nobody needs any more is kept. A story's and a video's newest version is never removed."""

    previews_days: Days
    units_days: Days
    """Finished work for a story's next revision, which is made as a whole afterwards."""
    replaced_days: Days
    """Versions that were overwritten or removed."""


class Newsroom(ConfigModel):
    """The page on which stories are written, behind Google's Identity-Aware Proxy."""

    host: Host
    client: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.apps\.googleusercontent\.com$")]
    """OAuth client by which the proxy signs people in: made by a person, Google offers no other way."""
    admits: Annotated[tuple[Member, ...], Field(min_length=1)]
    """Whom the proxy lets in."""
    writers: tuple[Person, ...] = ()
    publishers: tuple[Person, ...] = ()


class Site(ConfigModel):
    profile: Literal["studio", "embedded"]
    """Which systems make a story: `workflows/profiles.py`."""
    expected: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/([1-9][0-9]{0,5})?(s|min|h|day)$")]
    """Stories, such as 100/day: what `cluster/up` tells the price of."""
    release_channel: Literal["RAPID", "REGULAR", "STABLE", "EXTENDED"]
    maintenance: Maintenance
    network: Network
    system: System
    disk_gb: Annotated[int, Field(ge=50, le=2000)]
    """Boot disk of each machine, for images; stories are made on local SSDs."""
    kept: Kept
    editors: tuple[Email, ...] = ()
    """Google groups whose people may use `newsreel submit`, below gke-security-groups@ (GKE, "Google Groups for RBAC")."""
    newsroom: Newsroom | None = None

    @model_validator(mode="after")
    def one_domain(self) -> Self:
        if len(domains := sorted({group.partition("@")[2] for group in self.editors})) > 1:
            raise ValueError(f"editors: GKE knows the groups of one domain, not of {' and '.join(domains)}")
        return self
