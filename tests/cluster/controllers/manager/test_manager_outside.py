"""How a manager outside reaches the API server of a private cluster."""

from base64 import b64encode

from google.cloud.container_v1 import Cluster, ControlPlaneEndpointsConfig, MasterAuth

from cluster.controllers.manager.google_cloud import GoogleClients
from cluster.controllers.manager.kube_queries import external_configuration

NOBODY = GoogleClients(clusters=None, metrics=None, session=None, calls={})
NAME = "gke-abc-123.europe-west4.gke.goog"


def found(allowed):
    by_name = ControlPlaneEndpointsConfig.DNSEndpointConfig(endpoint=NAME, allow_external_traffic=allowed)
    return Cluster(
        endpoint="172.16.0.2",
        master_auth=MasterAuth(cluster_ca_certificate=b64encode(b"-----BEGIN CERTIFICATE-----").decode()),
        control_plane_endpoints_config=ControlPlaneEndpointsConfig(dns_endpoint_config=by_name),
    )


def test_by_dns_name_with_a_public_certificate():
    settings = external_configuration(found(allowed=True), NOBODY)
    assert settings.host == f"https://{NAME}" and settings.ssl_ca_cert is None and settings.verify_ssl


def test_by_address_with_its_own_certificate_without_dns_access():
    settings = external_configuration(found(allowed=False), NOBODY)
    assert settings.host == "https://172.16.0.2" and settings.ssl_ca_cert
