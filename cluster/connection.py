"""How programs of ours find their cluster, and what they say in one line where there is none, or where it refuses."""

import yaml
from kubernetes import client, config

__all__ = ["NoCluster", "connected", "reason", "refusal"]

LONGEST = 300


class NoCluster(Exception):
    """One line on why, and what to set."""


def connected() -> client.ApiClient:
    """Inside a cluster by the pod's own account, outside by KUBECONFIG or ~/.kube/config. Raises NoCluster."""
    try:
        config.load_incluster_config()
    except config.ConfigException:
        try:
            config.load_kube_config()
        except (config.ConfigException, OSError, yaml.YAMLError) as fault:
            raise NoCluster(f"no cluster to talk to: {reason(fault)}; set KUBECONFIG") from fault
    return client.ApiClient()


def reason(fault: Exception) -> str:
    """The library's own, as a part of our sentence."""
    said = " ".join(str(fault).split()).removeprefix("Invalid kube-config file. ").rstrip(". ")
    return said[:1].lower() + said[1:]


def refusal(fault: Exception) -> str:
    """What the API server said, without the headers it said it with; else what the connection or our own code did."""
    told = f"{fault.status} {fault.reason} {fault.body or ''}" if isinstance(fault, client.ApiException) else str(fault)
    return " ".join(told.split())[:LONGEST]
