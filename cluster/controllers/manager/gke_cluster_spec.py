"""GKE cluster specification for mode `cluster`: the same as cluster/terraform creates in mode `pool`, with empty story pools.

Network, buckets and accounts are Terraform's in both modes; the cluster itself holds nothing that must outlive it.
"""

from datetime import datetime
from math import ceil

from google.cloud.container_v1 import (
    AcceleratorConfig,
    Cluster,
    ClusterAutoscaling,
    ControlPlaneEndpointsConfig,
    DatapathProvider,
    EphemeralStorageLocalSsdConfig,
    GatewayAPIConfig,
    GcfsConfig,
    GPUDriverInstallationConfig,
    IPAllocationPolicy,
    MaintenancePolicy,
    MaintenanceWindow,
    NetworkConfig,
    NodeConfig,
    NodeKubeletConfig,
    NodeManagement,
    NodePool,
    NodePoolAutoscaling,
    NodeTaint,
    PrivateClusterConfig,
    RecurringTimeWindow,
    ReleaseChannel,
    ShieldedInstanceConfig,
    TimeWindow,
    WorkloadIdentityConfig,
    WorkloadMetadataConfig,
)

from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig
from newsreel.config.names import GPU_TAINT, POOL_LABEL, STORY_TAINT, Account

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
"""IAM roles restrict the account."""


def cluster_spec(parameters: GkeConfig) -> Cluster:
    cluster, site = parameters.cluster, parameters.site
    return Cluster(
        name=cluster.name,
        network=cluster.name,
        subnetwork=cluster.name,
        node_pools=[system_pool(parameters), *(story_pool(offer, parameters) for offer in parameters.node_pools)],
        ip_allocation_policy=IPAllocationPolicy(
            use_ip_aliases=True, cluster_secondary_range_name="pods", services_secondary_range_name="services"
        ),
        private_cluster_config=PrivateClusterConfig(
            enable_private_nodes=True, enable_private_endpoint=True, master_ipv4_cidr_block=str(site.network.control_plane)
        ),
        control_plane_endpoints_config=ControlPlaneEndpointsConfig(
            dns_endpoint_config=ControlPlaneEndpointsConfig.DNSEndpointConfig(allow_external_traffic=True)
        ),
        network_config=NetworkConfig(
            datapath_provider=DatapathProvider.ADVANCED_DATAPATH,
            gateway_api_config=GatewayAPIConfig(channel=GatewayAPIConfig.Channel.CHANNEL_STANDARD),
        ),
        workload_identity_config=WorkloadIdentityConfig(workload_pool=cluster.names.workload_pool),
        release_channel=ReleaseChannel(channel=site.release_channel),
        maintenance_policy=maintenance_policy(parameters),
        autoscaling=ClusterAutoscaling(autoscaling_profile=ClusterAutoscaling.AutoscalingProfile.OPTIMIZE_UTILIZATION),
        resource_labels={"newsreel": cluster.name},
    )


def maintenance_policy(parameters: GkeConfig) -> MaintenancePolicy:
    window = parameters.site.maintenance.window
    times = TimeWindow(
        start_time=datetime.fromisoformat(window["start_time"]), end_time=datetime.fromisoformat(window["end_time"])
    )
    recurring = RecurringTimeWindow(window=times, recurrence=window["recurrence"])
    return MaintenancePolicy(window=MaintenanceWindow(recurring_window=recurring))


def system_pool(parameters: GkeConfig) -> NodePool:
    system = parameters.site.system
    return NodePool(
        name="system",
        initial_node_count=ceil(system.least / len(system.zones)),
        locations=system.zones,
        config=node_config(system.machine, "system", parameters),
        autoscaling=NodePoolAutoscaling(enabled=True, total_min_node_count=system.least, total_max_node_count=system.most),
        management=NodeManagement(auto_repair=True, auto_upgrade=True),
    )


def story_pool(offer: NodePoolOption, parameters: GkeConfig) -> NodePool:
    """Empty, without autoscaling: the policy enables it."""
    config = node_config(offer.machine, "stories", parameters)
    config.spot = offer.spot
    config.ephemeral_storage_local_ssd_config = EphemeralStorageLocalSsdConfig(local_ssd_count=offer.ssds)
    taints = [STORY_TAINT, *([GPU_TAINT] if offer.accelerator else [])]
    config.taints = [NodeTaint(key=key, value=value, effect=NodeTaint.Effect.NO_SCHEDULE) for key, value in taints]
    if offer.accelerator:
        driver = GPUDriverInstallationConfig(gpu_driver_version=GPUDriverInstallationConfig.GPUDriverVersion.DEFAULT)
        config.accelerators = [
            AcceleratorConfig(accelerator_count=1, accelerator_type=offer.accelerator, gpu_driver_installation_config=driver)
        ]
    return NodePool(
        name=offer.pool,
        initial_node_count=0,
        locations=[offer.zone],
        config=config,
        autoscaling=NodePoolAutoscaling(enabled=False),
        management=NodeManagement(auto_repair=True, auto_upgrade=True),
    )


def node_config(machine: str, pool: str, parameters: GkeConfig) -> NodeConfig:
    return NodeConfig(
        machine_type=machine,
        disk_size_gb=parameters.site.disk_gb,
        disk_type="pd-balanced",
        image_type="COS_CONTAINERD",
        labels={POOL_LABEL: pool},
        service_account=parameters.cluster.names.account(Account.NODES),
        oauth_scopes=SCOPES,
        gcfs_config=GcfsConfig(enabled=True),
        workload_metadata_config=WorkloadMetadataConfig(mode=WorkloadMetadataConfig.Mode.GKE_METADATA),
        shielded_instance_config=ShieldedInstanceConfig(enable_secure_boot=True, enable_integrity_monitoring=True),
        kubelet_config=NodeKubeletConfig(insecure_kubelet_readonly_port_enabled=False),
    )
