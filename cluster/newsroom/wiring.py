"""The objects that the routes work with: of one machine by a folder, of a cluster by arguments and environment variables.

NEWSROOM_SIGN_IN       iap | token | proxy
NEWSROOM_AUDIENCE      iap, token: the token's audience; of IAP /projects/NUMBER/global/backendServices/ID
NEWSROOM_ISSUER, NEWSROOM_KEYS, NEWSROOM_HEADER    token: issuer, https address of its keys (JWKS), header that carries it
NEWSROOM_PROXY_SECRET  proxy: the shared secret, in X-Newsroom-Proxy
NEWSROOM_WRITERS, NEWSROOM_PUBLISHERS    e-mail addresses and @domains, comma-separated
NEWSROOM_EVENTS        where product events go (`telemetry`)
NEWSREEL_RECEIVERS     allowed prefixes of a story's webhook (`newsreel.notifications.webhook_target`)
NEWSREEL_ADDRESSES     addresses that may be read and written (`newsreel.storage.address`)
"""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends, Request

from cluster.newsroom.guard import RateLimiter
from cluster.newsroom.identity import IAP, BehindProxy, Identity, Person, Roles, SignedIn, SingleUser
from cluster.newsroom.local_runs import LocalRuns
from cluster.newsroom.media import Media
from cluster.newsroom.runs import Runs
from cluster.newsroom.stories import Repository
from cluster.newsroom.telemetry import Audit, Metrics, ProductEvents, product_events_from
from newsreel.errors import BadInput
from newsreel.notifications.notifier import Notifier
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import RevisionStore


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    repository: Repository
    runs: Runs
    media: Media
    audit: Audit
    identity: Identity
    hosts: frozenset[str]
    receivers: WebhookAllowList = field(default_factory=WebhookAllowList)
    """Where a story's own webhook may lie."""
    voice_system: str = "hibari"
    """What speaks where the runs are."""
    metrics: Metrics = field(default_factory=Metrics)
    product: ProductEvents = field(default_factory=ProductEvents)
    voice_limit: RateLimiter = field(default_factory=lambda: RateLimiter(at_once=1, waiting=8, a_minute=40))
    preview_limit: RateLimiter = field(default_factory=lambda: RateLimiter(at_once=1, waiting=4, a_minute=20))
    picture_limit: RateLimiter = field(default_factory=lambda: RateLimiter(at_once=2, waiting=8, a_minute=60))
    stream_limit: RateLimiter = field(default_factory=lambda: RateLimiter(at_once=200, waiting=0, a_minute=120))
    poll_seconds: float = 0.5
    """Between two reads of a run, for each page that watches it."""


def local_newsroom(folder: Path, port: int, runs: Runs | None = None) -> Newsroom:
    """Everything below one folder, for one person, at 127.0.0.1 or localhost. Raises BadInput for wrong webhook settings."""
    home = Address.parse(f"file:{folder.resolve()}")
    storage = Storage(AllowList(prefixes=(home,)))
    names, metrics, receivers = ("127.0.0.1", "localhost"), Metrics(), WebhookAllowList.from_environment()
    Notifier.from_environment().require_configured(for_others=bool(receivers.prefixes))
    return Newsroom(
        repository=Repository(home.child("stories"), storage),
        runs=runs or LocalRuns(folder),
        media=Media(home.child("finals"), storage, folder / "cache"),
        audit=Audit(home.child("audit"), storage),
        identity=SingleUser(),
        receivers=receivers,
        metrics=metrics,
        product=product_events_from(os.environ, metrics),
        hosts=frozenset({*(f"{name}:{port}" for name in names), *(names if port == 80 else ())}),
    )


def newsroom_of(request: Request) -> Newsroom:
    newsroom: Newsroom = request.app.state.newsroom
    return newsroom


def person_of(request: Request) -> Person:
    person: Person = request.state.person
    return person


Services = Annotated[Newsroom, Depends(newsroom_of)]
Caller = Annotated[Person, Depends(person_of)]

KEY_CACHE_SECONDS = 3600
MIN_SECRET_CHARACTERS = 32
MEDIA_CACHE = Path("/tmp/newsroom")  # noqa: S108 - the pod's own, an emptyDir


def cluster_newsroom(options: argparse.Namespace, environment: Mapping[str, str]) -> Newsroom:
    """A newsroom whose stories run on a cluster. Raises BadInput that names what is missing."""
    from cluster.newsroom.kubernetes_runs import KubernetesRuns
    from newsreel.argo.client import Cluster, connect_api

    for name in ("stories", "finals", "topic", "hosts"):
        if not getattr(options, name):
            raise BadInput(f"--{name} is missing; or give --folder for one machine")
    stories, finals = Address.parse(options.stories), Address.parse(options.finals)
    cluster = Cluster(connect_api(), options.namespace, role="newsreel-newsroom")
    metrics = Metrics()
    storage = Storage(AllowList.from_environment(environment))
    return Newsroom(
        repository=Repository(stories, storage),
        runs=KubernetesRuns(cluster, Publisher.connect(options.topic).publish, RevisionStore(storage, stories, finals)),
        media=Media(finals, storage, MEDIA_CACHE),
        audit=Audit(stories.child("_audit"), storage),
        identity=identity_from(environment),
        receivers=WebhookAllowList.from_environment(environment),
        metrics=metrics,
        product=product_events_from(environment, metrics),
        hosts=frozenset(host.strip().lower() for host in options.hosts.split(",") if host.strip()),
        voice_system=options.voice_system,
        poll_seconds=2.0,
    )


def identity_from(environment: Mapping[str, str]) -> Identity:
    """Raises BadInput: a newsroom on a network never runs without sign-in."""
    roles = Roles.of(environment.get("NEWSROOM_WRITERS", ""), environment.get("NEWSROOM_PUBLISHERS", ""))
    match environment.get("NEWSROOM_SIGN_IN"):
        case "iap":
            return token_identity(IAP["header"], IAP["issuer"], required(environment, "NEWSROOM_AUDIENCE"), IAP["keys"], roles)
        case "token":
            header, issuer = required(environment, "NEWSROOM_HEADER").lower(), required(environment, "NEWSROOM_ISSUER")
            audience, keys = required(environment, "NEWSROOM_AUDIENCE"), required(environment, "NEWSROOM_KEYS")
            return token_identity(header, issuer, audience, keys, roles)
        case "proxy":
            secret = required(environment, "NEWSROOM_PROXY_SECRET")
            if len(secret) < MIN_SECRET_CHARACTERS:
                raise BadInput(f"NEWSROOM_PROXY_SECRET must have at least {MIN_SECRET_CHARACTERS} characters")
            return BehindProxy(secret=secret, roles=roles)
    raise BadInput("NEWSROOM_SIGN_IN must be iap, token or proxy")


def token_identity(header: str, issuer: str, audience: str, keys: str, roles: Roles) -> SignedIn:
    if not keys.startswith("https://"):
        raise BadInput("NEWSROOM_KEYS must be an https address")
    source = jwt.PyJWKClient(keys, lifespan=KEY_CACHE_SECONDS, timeout=10)
    return SignedIn(header=header, issuer=issuer, audience=audience, keys=source, roles=roles)


def required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise BadInput(f"{name} is missing; set it")
    return environment[name]
