"""The newsroom page on a cluster: `cluster.newsroom`, what it may do, and how people reach it.

On GKE people come through a Gateway and the Identity-Aware Proxy. Google's documents lead from Ingress to the Gateway API for
IAP on any GKE since 1.24 ("Enabling IAP for GKE"), and what the page needs of a backend (how long a stream may last, how it is
asked whether it is well) are policies beside it rather than annotations. The proxy's word is not enough: the newsroom checks its
signature itself, so that who reaches the pod in another way is nobody.
"""

from typing import Any

from cluster.manifests.accounts import account, binding, role, rule
from cluster.manifests.network import DNS, google, to_addresses
from newsreel.config.model import Newsroom
from newsreel.config.names import NEWSROOM_ACCOUNT
from newsreel.config.settings import Settings
from workflows.deployment import Deployed

NEWSROOM_IMAGE = "newsroom"
NAME, PORT = "newsroom", 8090
NEWSROOM = [rule("argoproj.io", "workflows", "get", "create", "patch")]
"""It looks at a story's workflow, begins one anew for a person, and ends one."""
FRONT_ENDS = ("35.191.0.0/16", "130.211.0.0/22")
"""Where Google's load balancers and their health checks call from (Google Cloud, "Health checks overview", firewall rules)."""
LONGEST_STREAM = 3600
"""Seconds after which a page that watches a story has to ask again; the load balancer's own 30 would end every one of them."""


def newsroom(settings: Settings, chosen: Newsroom, voice_system: str) -> list[dict[str, Any]]:
    """`voice_system` is what speaks where the stories are made, and so what may be chosen on the page."""
    deployed = program(settings, chosen, voice_system)
    return [
        account(NEWSROOM_ACCOUNT, settings, google=chosen.google_account),
        role(NEWSROOM_ACCOUNT, settings.namespace, NEWSROOM),
        binding(NEWSROOM_ACCOUNT, settings.namespace, settings),
        *deployed.build(settings),
        deployed.service(settings, 80),
        network_policy(deployed, settings, chosen),
        *([] if chosen.proxy_namespace else way_in(settings, chosen)),
    ]


def program(settings: Settings, chosen: Newsroom, voice_system: str) -> Deployed:
    """Any of several may answer any request: what they keep lies in the bucket, and on their own disks only copies of it."""
    buckets = ("--stories", settings.stories, "--finals", settings.finals)
    where = (*buckets, "--topic", chosen.topic, "--namespace", settings.namespace)
    return Deployed(
        name=NAME,
        image=NEWSROOM_IMAGE,
        command=("python", "-m", "cluster.newsroom"),
        arguments=("--port", str(PORT), "--hosts", chosen.host, "--voice-system", voice_system, *where),
        port=PORT,
        alive="/healthz",
        ready="/healthz",
        replicas=settings.service_replicas,
        cpu="500m",
        memory="2Gi",
        account=NEWSROOM_ACCOUNT,
        token=True,
        environment=(
            ("NEWSREEL_ADDRESSES", f"{settings.stories},{settings.finals}"),
            ("NEWSROOM_WRITERS", ",".join(chosen.writers)),
            ("NEWSROOM_PUBLISHERS", ",".join(chosen.publishers)),
            *((("NEWSREEL_RECEIVERS", ",".join(settings.webhook_receivers)),) if settings.webhook_receivers else ()),
            *signed_in_by(chosen),
            *events_of(chosen),
        ),
        secrets=secrets_of(chosen),
        scratch=10,
        farewell=30,
    )


def signed_in_by(chosen: Newsroom) -> tuple[tuple[str, str], ...]:
    if chosen.proxy_namespace:
        return (("NEWSROOM_SIGN_IN", "proxy"),)
    return ("NEWSROOM_SIGN_IN", "iap"), ("NEWSROOM_AUDIENCE", chosen.audience)


def events_of(chosen: Newsroom) -> tuple[tuple[str, str], ...]:
    where = (("NEWSROOM_EVENTS", chosen.product_events),) if chosen.product_events != "none" else ()
    return (*where, ("NEWSROOM_MIXPANEL_HOST", chosen.mixpanel_host)) if chosen.product_events == "mixpanel" else where


def secrets_of(chosen: Newsroom) -> tuple[tuple[str, str, str], ...]:
    return (
        *((("NEWSROOM_PROXY_SECRET", "newsroom-proxy", "secret"),) if chosen.proxy_namespace else ()),
        *((("NEWSROOM_MIXPANEL_TOKEN", "newsroom-mixpanel", "token"),) if chosen.product_events == "mixpanel" else ()),
    )


def network_policy(deployed: Deployed, settings: Settings, chosen: Newsroom) -> dict[str, Any]:
    """In from who signs people in; out to the API server and to Google: storage, Pub/Sub and the keys of IAP's signature, all at
    the same private addresses (www.gstatic.com too, where DNS says so: Google Cloud, "Configure Private Google Access")."""
    proxy = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chosen.proxy_namespace}}}
    callers = [proxy] if chosen.proxy_namespace else [{"ipBlock": {"cidr": block}} for block in FRONT_ENDS]
    to_api_server = to_addresses(settings.api_servers, 443, 6443)
    egress = [DNS, to_api_server, *google(settings), *to_mixpanel(chosen)]
    return deployed.network_policy(settings, callers=callers, egress=egress)


def to_mixpanel(chosen: Newsroom) -> list[dict[str, Any]]:
    named = chosen.product_events == "mixpanel" and chosen.mixpanel_addresses
    return [to_addresses(chosen.mixpanel_addresses, 443)] if named else []


def way_in(settings: Settings, chosen: Newsroom) -> list[dict[str, Any]]:
    """A load balancer for this host alone, https alone, that asks IAP about everybody.

    Source: Gateway API v1; gke-gateway-api, config/crd, for GCPBackendPolicy and HealthCheckPolicy.
    """
    address = {"addresses": [{"type": "NamedAddress", "value": chosen.address}]} if chosen.address else {}
    gateway = {
        "gatewayClassName": "gke-l7-global-external-managed",
        "listeners": [{"name": "https", "protocol": "HTTPS", "port": 443, "allowedRoutes": {"namespaces": {"from": "Same"}}}],
        **address,
    }
    route = {
        "parentRefs": [{"name": NAME}],
        "hostnames": [chosen.host],
        "rules": [{"backendRefs": [{"name": NAME, "port": 80}]}],
    }
    backend = {
        "timeoutSec": LONGEST_STREAM,
        "connectionDraining": {"drainingTimeoutSec": 30},
        "logging": {"enabled": True},
        "iap": {"enabled": True, "clientID": chosen.client, "oauth2ClientSecret": {"name": "newsroom-iap"}},
    }
    check = {"config": {"type": "HTTP", "httpHealthCheck": {"requestPath": "/healthz"}}}
    of_the_service = {"group": "", "kind": "Service", "name": NAME}
    certificates = {"networking.gke.io/certmap": chosen.certificates}
    return [
        one("gateway.networking.k8s.io/v1", "Gateway", gateway, settings, certificates),
        one("gateway.networking.k8s.io/v1", "HTTPRoute", route, settings),
        one("networking.gke.io/v1", "GCPBackendPolicy", {"default": backend, "targetRef": of_the_service}, settings),
        one("networking.gke.io/v1", "HealthCheckPolicy", {"default": check, "targetRef": of_the_service}, settings),
    ]


def one(
    version: str, kind: str, spec: dict[str, Any], settings: Settings, annotations: dict[str, str] | None = None
) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "newsreel", "app.kubernetes.io/name": NAME}
    metadata = {"name": NAME, "namespace": settings.namespace, "labels": labels}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata | ({"annotations": annotations} if annotations else {}),
        "spec": spec,
    }
