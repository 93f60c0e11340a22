"""The cluster that mode `cluster` makes, as GKE's own message: private, a small system pool, a pool for each offer at zero.

What lasts (network, buckets, accounts) is made once by a person; a cluster that comes and goes holds nothing that must stay.
"""

from google.cloud.container_v1 import (
    AcceleratorConfig,
    Cluster,
    EphemeralStorageLocalSsdConfig,
    GcfsConfig,
    GPUDriverInstallationConfig,
    IPAllocationPolicy,
    NodeConfig,
    NodeManagement,
    NodePool,
    NodePoolAutoscaling,
    NodeTaint,
    PrivateClusterConfig,
    ReleaseChannel,
    ShieldedInstanceConfig,
    WorkloadIdentityConfig,
    WorkloadMetadataConfig,
)

from cluster.manager.parameters import Offer, Parameters

__all__ = ["STORIES", "shape_of"]

STORIES = {"newsreel/pool": "stories"}
"""Label of every story node, whichever pool it is of: what an anchor asks for."""
SYSTEM_MACHINE, SYSTEM_NODES = "e2-standard-4", 1
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
CONTROL_PLANE = "172.16.0.0/28"


def shape_of(parameters: Parameters) -> Cluster:
    cluster = parameters.cluster
    return Cluster(
        name=cluster.name,
        node_pools=[system_pool(parameters), *(story_pool(offer) for offer in parameters.offers)],
        ip_allocation_policy=IPAllocationPolicy(use_ip_aliases=True),
        private_cluster_config=PrivateClusterConfig(enable_private_nodes=True, master_ipv4_cidr_block=CONTROL_PLANE),
        workload_identity_config=WorkloadIdentityConfig(workload_pool=f"{cluster.project}.svc.id.goog"),
        release_channel=ReleaseChannel(channel=ReleaseChannel.Channel.REGULAR),
        resource_labels={"newsreel": "manager"},
    )


def system_pool(parameters: Parameters) -> NodePool:
    zone = parameters.offers[0].zone
    return NodePool(
        name="system",
        initial_node_count=SYSTEM_NODES,
        locations=[zone],
        config=node(SYSTEM_MACHINE, {"newsreel/pool": "system"}),
        management=NodeManagement(auto_repair=True, auto_upgrade=True),
    )


def story_pool(offer: Offer) -> NodePool:
    """At zero, and closed: the policy opens it."""
    config = node(offer.machine, STORIES)
    config.spot = offer.spot
    config.gcfs_config = GcfsConfig(enabled=True)
    config.ephemeral_storage_local_ssd_config = EphemeralStorageLocalSsdConfig(local_ssd_count=1)
    if offer.accelerator:
        driver = GPUDriverInstallationConfig(gpu_driver_version=GPUDriverInstallationConfig.GPUDriverVersion.DEFAULT)
        config.accelerators = [
            AcceleratorConfig(accelerator_count=1, accelerator_type=offer.accelerator, gpu_driver_installation_config=driver)
        ]
        config.taints = [NodeTaint(key="nvidia.com/gpu", value="present", effect=NodeTaint.Effect.NO_SCHEDULE)]
    return NodePool(
        name=offer.pool,
        initial_node_count=0,
        locations=[offer.zone],
        config=config,
        autoscaling=NodePoolAutoscaling(enabled=False),
        management=NodeManagement(auto_repair=True, auto_upgrade=True),
    )


def node(machine: str, labels: dict[str, str]) -> NodeConfig:
    return NodeConfig(
        machine_type=machine,
        labels=labels,
        oauth_scopes=SCOPES,
        workload_metadata_config=WorkloadMetadataConfig(mode=WorkloadMetadataConfig.Mode.GKE_METADATA),
        shielded_instance_config=ShieldedInstanceConfig(enable_secure_boot=True, enable_integrity_monitoring=True),
    )
