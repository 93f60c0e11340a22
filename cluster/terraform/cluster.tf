# The cluster: private, on a release channel, changed by GKE only in its window.

resource "google_container_cluster" "this" {
  count = var.made ? 1 : 0

  name                = var.name
  location            = var.location
  deletion_protection = var.protected

  network           = google_compute_network.this.id
  subnetwork        = google_compute_subnetwork.nodes.id
  datapath_provider = "ADVANCED_DATAPATH" # enforces NetworkPolicies

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  # People come by the name that Google's IAM guards, from wherever they are; no address of the API server is public.
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.network.control_plane
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    recurring_window {
      start_time = var.maintenance.start_time
      end_time   = var.maintenance.end_time
      recurrence = var.maintenance.recurrence
    }
  }

  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }

  dynamic "authenticator_groups_config" {
    for_each = var.security_group[*]

    content {
      security_group = authenticator_groups_config.value
    }
  }

  # Nobody who only has a Google account is anything here.
  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }

  addons_config {
    dns_cache_config {
      enabled = true
    }

    gce_persistent_disk_csi_driver_config {
      enabled = true # the EventBus' disks
    }
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD" # the newsroom's load balancer
  }

  # No pools but ours; a machine that nothing needs goes within minutes, whoever forgot it.
  cluster_autoscaling {
    enabled             = false
    autoscaling_profile = "OPTIMIZE_UTILIZATION"
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]

    managed_prometheus {
      enabled = true
    }
  }

  cost_management_config {
    enabled = true
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED"
  }

  # GKE wants a pool to begin with; it goes at once, and until then it acts as nobody but a machine.
  remove_default_node_pool = true
  initial_node_count       = 1

  node_config {
    service_account = google_service_account.of["nodes"].email
  }

  lifecycle {
    ignore_changes = [node_config]
  }

  depends_on = [google_project_iam_member.nodes, google_artifact_registry_repository_iam_member.nodes, google_compute_router_nat.this]
}
