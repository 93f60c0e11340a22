# A network of its own. Machines have no public address: they reach Google's services by private addresses, all else by NAT.

resource "google_compute_network" "this" {
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.needed]
}

resource "google_compute_subnetwork" "nodes" {
  name                     = var.name
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = var.network.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.network.pods
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.network.services
  }
}

resource "google_compute_router" "this" {
  name    = var.name
  network = google_compute_network.this.id
  region  = var.region
}

resource "google_compute_router_nat" "this" {
  name                               = var.name
  router                             = google_compute_router.this.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# The NetworkPolicies let pods talk to private.googleapis.com's addresses alone, so these are what Google's names must stand for:
# its services, our images, and the keys of the sign-in's signature.
# Source: Google Cloud, "Configure Private Google Access", "DNS configuration".
locals {
  google_zones = {
    googleapis = { zone = "googleapis.com.", addresses = "private.googleapis.com.", rest = "*.googleapis.com." }
    artifacts  = { zone = "pkg.dev.", addresses = "pkg.dev.", rest = "*.pkg.dev." }
    keys       = { zone = "www.gstatic.com.", addresses = "www.gstatic.com.", rest = "*.www.gstatic.com." }
  }
}

resource "google_dns_managed_zone" "google" {
  for_each = local.google_zones

  name        = "${var.name}-${each.key}"
  dns_name    = each.value.zone
  description = "Google's services by their private addresses"
  visibility  = "private"
  depends_on  = [google_project_service.needed]

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }
}

resource "google_dns_record_set" "addresses" {
  for_each = local.google_zones

  managed_zone = google_dns_managed_zone.google[each.key].name
  name         = each.value.addresses
  type         = "A"
  ttl          = 300
  rrdatas      = ["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"]
}

resource "google_dns_record_set" "names" {
  for_each = local.google_zones

  managed_zone = google_dns_managed_zone.google[each.key].name
  name         = each.value.rest
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.addresses[each.key].name]
}
