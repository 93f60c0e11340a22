# The machines. `system` is always there; story machines come and go, each kind a pool in one zone, from zero.

locals {
  scopes = ["https://www.googleapis.com/auth/cloud-platform"] # what an account may do, its roles say
}

resource "google_container_node_pool" "system" {
  count = var.made ? 1 : 0

  name               = "system"
  cluster            = google_container_cluster.this[0].id
  node_locations     = var.system_pool.zones
  initial_node_count = ceil(var.system_pool.least / length(var.system_pool.zones)) # in each zone

  autoscaling {
    total_min_node_count = var.system_pool.least
    total_max_node_count = var.system_pool.most
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # One more first, then one less: the EventBus must never be on fewer than two.
  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = var.system_pool.machine
    disk_size_gb    = var.system_pool.disk_gb
    disk_type       = "pd-balanced"
    image_type      = "COS_CONTAINERD"
    labels          = { (var.pool_label) = "system" }
    service_account = google_service_account.of["nodes"].email
    oauth_scopes    = local.scopes

    gcfs_config {
      enabled = true # image streaming
    }

    workload_metadata_config {
      mode = "GKE_METADATA" # Workload Identity: a pod is not the machine it runs on
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
  }

  lifecycle {
    ignore_changes = [initial_node_count]
  }
}

resource "google_container_node_pool" "stories" {
  for_each = var.made ? var.story_pools : {}

  name               = each.key
  cluster            = google_container_cluster.this[0].id
  node_locations     = [each.value.zone]
  initial_node_count = 0

  # Without a manager the pods that wait bring the machines, spot first since that is cheaper; with one, it sets these bounds.
  autoscaling {
    total_min_node_count = 0
    total_max_node_count = each.value.most
    location_policy      = "ANY"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = each.value.machine
    spot            = each.value.spot
    disk_size_gb    = each.value.disk_gb
    disk_type       = "pd-balanced"
    image_type      = "COS_CONTAINERD"
    labels          = { (var.pool_label) = "stories" }
    service_account = google_service_account.of["nodes"].email
    oauth_scopes    = local.scopes

    # GKE lays /var/lib/kubelet on them, in which stories have their directories (`ssd_root`).
    ephemeral_storage_local_ssd_config {
      local_ssd_count = each.value.ssds
    }

    dynamic "guest_accelerator" {
      for_each = each.value.accelerator[*]

      content {
        type  = guest_accelerator.value
        count = 1

        gpu_driver_installation_config {
          gpu_driver_version = "DEFAULT"
        }
      }
    }

    dynamic "taint" {
      for_each = concat([var.story_taints.all], each.value.accelerator == null ? [] : [var.story_taints.gpu])

      content {
        key    = taint.value.key
        value  = taint.value.value
        effect = "NO_SCHEDULE"
      }
    }

    gcfs_config {
      enabled = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
  }

  # How many there are and may be is the manager's.
  lifecycle {
    ignore_changes = [initial_node_count, node_count, autoscaling]
  }
}
