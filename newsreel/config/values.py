"""The kinds of value that an installation's settings may have, each with what a person is told whose value is none.

They hold where a settings file or an option is read (`newsreel.config.settings_file`). Sources: Kubernetes, "Object Names and
IDs",
"Labels and Selectors", "Resource Management"; Google Cloud, "Creating and managing projects", "Bucket naming guidelines",
"Pub/Sub: resource names"; the OCI's distribution specification for the names of images.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from newsreel.errors import BadInput
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.runtime.usage import PRICES_VARIABLE, Prices
from newsreel.storage.address import Address


def like(pattern: str, wanted: str) -> AfterValidator:
    """The whole text must match; `wanted` goes on after `must be`."""
    known = re.compile(pattern)

    def matching(text: str) -> str:
        if not known.fullmatch(text):
            raise ValueError(f"{text[:80]!a} must be {wanted}")
        return text

    return AfterValidator(matching)


def accepted_by(parse: Callable[[str], object], leading: str = "") -> AfterValidator:
    """Whatever `parse` does not refuse with BadInput or ValueError; `leading` is left out of what it says."""

    def parsed(text: str) -> str:
        try:
            parse(text)
        except BadInput as fault:
            raise ValueError(str(fault).removeprefix(leading)) from fault
        return text

    return AfterValidator(parsed)


def address_block(text: str) -> None:
    try:
        sound = "/" in text and ip_network(text, strict=False)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"{text[:80]!a} must be a block of IP addresses, such as 172.16.0.0/28")


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

Name = Annotated[
    str, like(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "at most 63 lower-case letters, digits and '-', such as newsreel")
]
"""Of a namespace, an account, a Secret."""
Token = Annotated[str, like(r"[^\s,]{1,500}", "a text without blanks and commas")]
"""What only somebody else can tell whether it is right."""
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
Disk = Annotated[str, like(r"[1-9][0-9]{0,8}(\.[0-9]{1,3})?[KMGTP]i", "a number with Ki, Mi, Gi, Ti or Pi, such as 40Gi")]
FileName = Annotated[str, like(r"[^\x00]+", "the name of a file")]
Directory = Annotated[str, like(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", "a directory from the root, such as /mnt/disks/newsreel")]
LabelKey = Annotated[str, like(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{LABEL}", "a label's key, such as newsreel/pool")]
"""Of a taint as well."""
LabelValue = Annotated[str, like(rf"({LABEL})?", "a label's value: letters, digits, '-', '_' and '.'")]
Version = Annotated[str, like(r"[0-9]+(\.[0-9]+){1,2}[A-Za-z0-9.-]*", "a version, such as 2.10.10")]
ImagePrefix = Annotated[
    str,
    BeforeValidator(without_closing_slash),
    like(rf"{COMPONENT}(:[0-9]{{1,5}})?(/{COMPONENT})*", "a registry and folder in lower case, such as registry.example/news"),
]
Place = Annotated[str, accepted_by(Address.parse)]
Places = Annotated[tuple[Place, ...], AfterValidator(not_empty)]
Bucket = Annotated[str, like(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", "a bucket's name alone, such as newsreel-previews")]
Project = Annotated[str, like(PROJECT, "the ID of a Google Cloud project, in lower case, such as news-123456")]
"""Google's have 6 characters at least, those of its emulators need not."""
GoogleAccount = Annotated[
    str, like(r"[a-z0-9-]{1,63}@[a-z0-9.-]+\.gserviceaccount\.com", "like NAME@PROJECT.iam.gserviceaccount.com, in lower case")
]
PubSubName = Annotated[str, like(PUB_SUB, "a subscription's name alone, such as argo")]
Topic = Annotated[str, like(TOPIC_NAME, "like projects/news-123456/topics/stories-done")]
AddressBlock = Annotated[str, accepted_by(address_block)]
AddressBlocks = Annotated[tuple[AddressBlock, ...], AfterValidator(not_empty)]
"""A network policy without any allows all there are."""
Domain = Annotated[str, like(DOMAIN, "a host's name, such as newsroom.example.org")]
Server = Annotated[str, like(SERVER, "a host's name or IP address")]
SecureServer = Annotated[
    str, like(rf"https://{SERVER}(:[0-9]{{1,5}})?", "like https://argo-server.argo.svc:2746, without a path")
]
WebPage = Annotated[
    str, like(r"https?://[A-Za-z0-9][^\s\"'<>{}\\]{1,500}", "a page's address, such as https://newsroom.example.org")
]
Webhook = Annotated[str, accepted_by(lambda text: WebhookAllowList(prefixes=(text,)).require(text), "webhook: ")]
Person = Annotated[
    str, like(rf"([A-Za-z0-9._%+-]{{1,64}})?@{DOMAIN}", "an e-mail address, or all of a domain, such as @example.org")
]
PriceList = Annotated[str, accepted_by(Prices.parse, f"{PRICES_VARIABLE}: ")]
