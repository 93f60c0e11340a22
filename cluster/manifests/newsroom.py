"""The newsroom page: Deployment, permissions, and a Gateway with the Identity-Aware Proxy (IAP).

Google recommends the Gateway API over Ingress for IAP since GKE 1.24 ("Enabling IAP for GKE"); timeouts and health checks of the
backend are policy objects instead of annotations. The newsroom verifies the proxy's signature itself, so that a request that
reaches the pod in another way is not authenticated.
"""

from typing import Any

from cluster.manifests.network import DNS, to_addresses, to_google
from cluster.manifests.rbac import account, binding, role, rule
from newsreel.config.model import Newsroom
from newsreel.config.names import NEWSROOM_ACCOUNT
from newsreel.config.settings import Settings
from workflows.deployment import Deployed

NEWSROOM_IMAGE = "newsroom"
NAME, PORT = "newsroom", 8090
NEWSROOM = [rule("argoproj.io", "workflows", "get", "create", "patch")]
"""It reads a story's workflow, submits it again, and cancels it."""
FRONT_ENDS = ("35.191.0.0/16", "130.211.0.0/22")
"""Source addresses of Google's load balancers and health checks (Google Cloud, "Health checks overview", firewall rules)."""
LONGEST_STREAM = 3600
"""Seconds after which an event stream to the page is closed and reopened; the load balancer's default is 30."""


def newsroom(settings: Settings, chosen: Newsroom, voice_system: str) -> list[dict[str, Any]]:
    """`voice_system` is the profile's voice: the page offers its voices."""
    deployed = newsroom_deployment(settings, chosen, voice_system)
    return [
        account(NEWSROOM_ACCOUNT, settings, google=chosen.google_account),
        role(NEWSROOM_ACCOUNT, settings.namespace, NEWSROOM),
        binding(NEWSROOM_ACCOUNT, settings.namespace, settings),
        *deployed.build(settings),
        deployed.service(settings, 80),
        newsroom_network_policy(deployed, settings, chosen),
        *([] if chosen.proxy_namespace else gateway(settings, chosen)),
    ]


def newsroom_deployment(settings: Settings, chosen: Newsroom, voice_system: str) -> Deployed:
    """Replicas are interchangeable: all data is in the bucket, and their disks have only copies."""
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
        drain_seconds=30,
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


def newsroom_network_policy(deployed: Deployed, settings: Settings, chosen: Newsroom) -> dict[str, Any]:
    """Ingress from the proxy that authenticates people; egress to the API server and Google: storage, Pub/Sub and IAP's keys, all
    at the same private addresses (www.gstatic.com, too: Google Cloud, "Configure Private Google Access")."""
    proxy = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chosen.proxy_namespace}}}
    callers = [proxy] if chosen.proxy_namespace else [{"ipBlock": {"cidr": block}} for block in FRONT_ENDS]
    to_api_server = to_addresses(settings.api_servers, 443, 6443)
    egress = [DNS, to_api_server, *to_google(settings), *to_mixpanel(chosen)]
    return deployed.network_policy(settings, callers=callers, egress=egress)


def to_mixpanel(chosen: Newsroom) -> list[dict[str, Any]]:
    named = chosen.product_events == "mixpanel" and chosen.mixpanel_addresses
    return [to_addresses(chosen.mixpanel_addresses, 443)] if named else []


def gateway(settings: Settings, chosen: Newsroom) -> list[dict[str, Any]]:
    """A load balancer for this host, https only, with IAP.

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
        gateway_object("gateway.networking.k8s.io/v1", "Gateway", gateway, settings, certificates),
        gateway_object("gateway.networking.k8s.io/v1", "HTTPRoute", route, settings),
        gateway_object("networking.gke.io/v1", "GCPBackendPolicy", {"default": backend, "targetRef": of_the_service}, settings),
        gateway_object("networking.gke.io/v1", "HealthCheckPolicy", {"default": check, "targetRef": of_the_service}, settings),
    ]


def gateway_object(
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
