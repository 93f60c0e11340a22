"""A newsroom on a cluster, as its arguments and environment say.

NEWSROOM_SIGN_IN       iap | token | proxy
NEWSROOM_AUDIENCE      iap, token: what the token must be for; of IAP /projects/NUMBER/global/backendServices/ID
NEWSROOM_ISSUER, NEWSROOM_KEYS, NEWSROOM_HEADER    token: issuer, https address of its keys (JWKS), header that carries it
NEWSROOM_PROXY_SECRET  proxy: what the proxy proves itself by, in X-Newsroom-Proxy
NEWSROOM_WRITERS, NEWSROOM_PUBLISHERS    addresses and @domains, comma-separated
NEWSROOM_EVENTS        where product events go (`product`)
NEWSREEL_RECEIVERS     which addresses may be told how a story has ended (`newsreel.notifications.webhook_target`)
NEWSREEL_ADDRESSES     which addresses may be read and written (`newsreel.storage.address`)
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import jwt

from cluster.newsroom.audit import Audit
from cluster.newsroom.identity import IAP, BehindProxy, Identity, Roles, SignedIn
from cluster.newsroom.kubernetes_runs import KubernetesRuns
from cluster.newsroom.media import Media
from cluster.newsroom.metrics import Metrics
from cluster.newsroom.newsroom import Newsroom
from cluster.newsroom.product import product_from
from cluster.newsroom.stories import Repository
from newsreel.argo.client import NoCluster, connected
from newsreel.errors import BadInput
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import RevisionStore

__all__ = ["identity_from", "installed"]

SECONDS_KEYS_ARE_KEPT = 3600
LEAST_SECRET = 32
CACHE = Path("/tmp/newsroom")  # noqa: S108 - the pod's own, an emptyDir


def installed(options: argparse.Namespace, environment: Mapping[str, str]) -> Newsroom:
    """Raises BadInput that names what is missing."""
    for name in ("stories", "finals", "topic", "hosts"):
        if not getattr(options, name):
            raise BadInput(f"--{name} is missing; or give --folder for one machine")
    stories, finals = Address.parse(options.stories), Address.parse(options.finals)
    try:
        api = connected()
    except NoCluster as fault:
        raise BadInput(str(fault)) from fault
    metrics = Metrics()
    storage = Storage(AllowList.from_environment(environment))
    return Newsroom(
        repository=Repository(stories, storage),
        runs=KubernetesRuns(
            api, options.namespace, Publisher.connect(options.topic).publish, RevisionStore(storage, stories, finals)
        ),
        media=Media(finals, storage, CACHE),
        audit=Audit(stories.child("_audit"), storage),
        identity=identity_from(environment),
        receivers=WebhookAllowList.from_environment(environment),
        metrics=metrics,
        product=product_from(environment, metrics),
        hosts=frozenset(host.strip().lower() for host in options.hosts.split(",") if host.strip()),
        voice_system=options.voice_system,
        seconds_between_looks=2.0,
    )


def identity_from(environment: Mapping[str, str]) -> Identity:
    """Raises BadInput: a newsroom on a network never runs without sign-in."""
    roles = Roles.of(environment.get("NEWSROOM_WRITERS", ""), environment.get("NEWSROOM_PUBLISHERS", ""))
    match environment.get("NEWSROOM_SIGN_IN"):
        case "iap":
            return signed(IAP["header"], IAP["issuer"], needed(environment, "NEWSROOM_AUDIENCE"), IAP["keys"], roles)
        case "token":
            header, issuer = needed(environment, "NEWSROOM_HEADER").lower(), needed(environment, "NEWSROOM_ISSUER")
            audience, keys = needed(environment, "NEWSROOM_AUDIENCE"), needed(environment, "NEWSROOM_KEYS")
            return signed(header, issuer, audience, keys, roles)
        case "proxy":
            secret = needed(environment, "NEWSROOM_PROXY_SECRET")
            if len(secret) < LEAST_SECRET:
                raise BadInput(f"NEWSROOM_PROXY_SECRET must have at least {LEAST_SECRET} characters")
            return BehindProxy(secret=secret, roles=roles)
    raise BadInput("NEWSROOM_SIGN_IN must be iap, token or proxy")


def signed(header: str, issuer: str, audience: str, keys: str, roles: Roles) -> SignedIn:
    if not keys.startswith("https://"):
        raise BadInput("NEWSROOM_KEYS must be an https address")
    source = jwt.PyJWKClient(keys, lifespan=SECONDS_KEYS_ARE_KEPT, timeout=10)
    return SignedIn(header=header, issuer=issuer, audience=audience, keys=source, roles=roles)


def needed(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise BadInput(f"{name} is missing; set it")
    return environment[name]
