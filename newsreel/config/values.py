"""The value types of the configuration, each with the sentence a person reads whose value is wrong.

Sources: Kubernetes, "Object Names and IDs", "Labels and Selectors", "Resource Management"; Google Cloud, "Creating and managing
projects", "Bucket naming guidelines", "Pub/Sub: resource names"; the OCI's distribution specification for the names of images.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema

from newsreel.errors import BadInput
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.storage.address import Address
from newsreel.validation import Matches, StrictModel


class Group(StrictModel):
    """A group of newsreel.yaml; the docstring below a field is its description in the JSON Schema."""

    model_config = ConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Like(Matches):
    """Text that must match as a whole; a fault repeats the value: `'Bad Name' must be ` and the message."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"pattern": f"^(?:{self.pattern})$"}

    def check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"{text[:80]!a} must be {self.message}")
        return text


def accepted_by(parse: Callable[[str], object], prefix: str = "") -> AfterValidator:
    """Text that `parse` accepts; `prefix` is left out of what its BadInput says."""

    def check(text: str) -> str:
        try:
            parse(text)
        except BadInput as fault:
            raise ValueError(str(fault).removeprefix(prefix)) from fault
        return text

    return AfterValidator(check)


def check_address_block(text: str) -> None:
    try:
        valid = "/" in text and ip_network(text, strict=False)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"{text[:80]!a} must be a block of IP addresses, such as 172.16.0.0/28")


def parse_network(value: object) -> IPv4Network:
    try:
        return value if isinstance(value, IPv4Network) else IPv4Network(value if isinstance(value, str) else "")
    except ValueError as fault:
        raise ValueError(f"{str(value)[:80]!a} must be a whole block of IPv4 addresses, such as 10.0.0.0/20") from fault


def not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("must name one at least")
    return values


def without_closing_slash(text: object) -> object:
    return text.removesuffix("/") if isinstance(text, str) else text


PROJECT = r"([a-z0-9.-]+:)?[a-z]([a-z0-9-]{0,28}[a-z0-9])?"
PUB_SUB = r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}"
TOPIC_NAME = rf"projects/{PROJECT}/topics/{PUB_SUB}"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
SERVER = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
COMPONENT = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
MAILBOX = r"[A-Za-z0-9._%+-]{1,64}"

Positive = Annotated[float, Field(gt=0, le=1e6)]
NonNegative = Annotated[float, Field(ge=0, le=1e6)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Days = Annotated[int, Field(ge=1, le=3650)]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]

Name = Annotated[
    str, Like(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "at most 63 lower-case letters, digits and '-', such as newsreel")
]
"""Of a Kubernetes namespace, account or Secret."""
PoolName = Annotated[
    str, Like(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", "at most 40 lower-case letters, digits and '-', such as l4-spot-a")
]
"""Of a GKE node pool or an accelerator type."""
ClusterName = Annotated[
    str, Like(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", "at most 20 lower-case letters, digits and '-', such as newsreel")
]
"""Short, since accounts and buckets are named after it."""
MachineType = Annotated[str, Like(r"[a-z0-9]+(-[a-z0-9]+)+", "a machine type of Compute Engine, such as g2-standard-8")]
Zone = Annotated[str, Like(r"[a-z]+-[a-z]+[0-9]+-[a-z]", "a zone of Compute Engine, such as europe-west4-a")]
Location = Annotated[
    str, Like(r"[a-z]+-[a-z]+[0-9]+(-[a-z])?", "a region or zone of Compute Engine, such as europe-west4 or europe-west4-a")
]
Date = Annotated[str, Like(r"\d{4}-\d\d-\d\d", "a date, such as 2026-11-22")]
Currency = Annotated[str, Like(r"[A-Z]{3}", "a currency of three letters, such as USD")]
TimeOfDay = Annotated[str, Like(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day, such as 01:00")]
Rate = Annotated[
    str, Like(r"[1-9][0-9]{0,6}/([1-9][0-9]{0,5})?(s|min|h|day)", "a number of stories by time, such as 100/day or 40/12h")
]
Token = Annotated[str, Like(r"[^\s,]{1,500}", "a text without blanks and commas")]
"""Text whose meaning only another system knows."""
Disk = Annotated[str, Like(r"[1-9][0-9]{0,8}(\.[0-9]{1,3})?[KMGTP]i", "a number with Ki, Mi, Gi, Ti or Pi, such as 40Gi")]
Directory = Annotated[str, Like(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", "a directory from the root, such as /mnt/disks/newsreel")]
LabelKey = Annotated[str, Like(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{LABEL}", "a label's key, such as newsreel/pool")]
"""Of a taint as well."""
LabelValue = Annotated[str, Like(rf"({LABEL})?", "a label's value: letters, digits, '-', '_' and '.'")]
ImagePrefix = Annotated[
    str,
    BeforeValidator(without_closing_slash),
    Like(rf"{COMPONENT}(:[0-9]{{1,5}})?(/{COMPONENT})*", "a registry and folder in lower case, such as registry.example/news"),
]
Place = Annotated[str, accepted_by(Address.parse)]
Places = Annotated[tuple[Place, ...], AfterValidator(not_empty)]
BucketName = Annotated[str, Like(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", "a bucket's name alone, such as newsreel-previews")]
Project = Annotated[str, Like(PROJECT, "the ID of a Google Cloud project, in lower case, such as news-123456")]
"""Google's have 6 characters at least, those of its emulators need not."""
GkeProject = Annotated[str, Like(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "the ID of a Google Cloud project, such as news-123456")]
GoogleAccount = Annotated[
    str, Like(r"[a-z0-9-]{1,63}@[a-z0-9.-]+\.gserviceaccount\.com", "like NAME@PROJECT.iam.gserviceaccount.com, in lower case")
]
PubSubName = Annotated[str, Like(PUB_SUB, "a subscription's name alone, such as argo")]
Topic = Annotated[str, Like(TOPIC_NAME, "like projects/news-123456/topics/stories-done")]
AddressBlock = Annotated[str, accepted_by(check_address_block)]
AddressBlocks = Annotated[tuple[AddressBlock, ...], AfterValidator(not_empty)]
"""At least one: a NetworkPolicy without any allows all addresses."""
Ipv4Block = Annotated[IPv4Network, BeforeValidator(parse_network), WithJsonSchema({"type": "string", "format": "ipv4network"})]
Domain = Annotated[str, Like(DOMAIN, "a host's name, such as newsroom.example.org")]
Server = Annotated[str, Like(SERVER, "a host's name or IP address")]
SecureServer = Annotated[
    str, Like(rf"https://{SERVER}(:[0-9]{{1,5}})?", "like https://argo-server.argo.svc:2746, without a path")
]
WebPage = Annotated[
    str, Like(r"https?://[A-Za-z0-9][^\s\"'<>{}\\]{1,500}", "a page's address, such as https://newsroom.example.org")
]
Webhook = Annotated[str, accepted_by(lambda text: WebhookAllowList(prefixes=(text,)).require(text), "webhook: ")]
Person = Annotated[str, Like(rf"({MAILBOX})?@{DOMAIN}", "an e-mail address, or all of a domain, such as @example.org")]
Member = Annotated[
    str,
    Like(
        rf"((user|group):{MAILBOX}@|domain:)[a-z0-9.-]+\.[a-z]{{2,63}}",
        "as Google's IAM names people, such as user:anna@example.org, group:desk@example.org or domain:example.org",
    ),
]


class Range(Group):
    """A time that varies: a triangular distribution."""

    least: NonNegative
    """The shortest."""
    usual: NonNegative
    """The most frequent."""
    most: NonNegative
    """The longest."""

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if not self.least <= self.usual <= self.most:
            raise ValueError("must hold least <= usual <= most")
        return self

    @property
    def mean(self) -> float:
        return (self.least + self.usual + self.most) / 3
