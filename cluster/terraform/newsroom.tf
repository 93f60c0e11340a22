# The newsroom page: an address, a certificate, a sign-in. The load balancer is made from manifests (Gateway).

resource "google_compute_global_address" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  name       = "${var.name}-newsroom"
  depends_on = [google_project_service.needed]
}

# Google issues the certificate once the name's owner has set the record that `cluster/up` prints.
resource "google_certificate_manager_dns_authorization" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  name       = "${var.name}-newsroom"
  domain     = var.newsroom.host
  depends_on = [google_project_service.needed]
}

resource "google_certificate_manager_certificate" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  name = "${var.name}-newsroom"

  managed {
    domains            = [var.newsroom.host]
    dns_authorizations = [google_certificate_manager_dns_authorization.newsroom[0].id]
  }
}

resource "google_certificate_manager_certificate_map" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  name       = "${var.name}-newsroom"
  depends_on = [google_project_service.needed]
}

resource "google_certificate_manager_certificate_map_entry" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  name         = "${var.name}-newsroom"
  map          = google_certificate_manager_certificate_map.newsroom[0].name
  hostname     = var.newsroom.host
  certificates = [google_certificate_manager_certificate.newsroom[0].id]
}

# Whom Google's Identity-Aware Proxy lets in; what they may do there, the newsroom's own roles say.
resource "google_iap_web_type_compute_iam_member" "newsroom" {
  for_each = toset(try(var.newsroom.admits, []))

  role   = "roles/iap.httpsResourceAccessor"
  member = each.value
}

# What the sign-in proves itself by to Google. A person puts it there; Terraform never sees it, so it is not in its state.
resource "google_secret_manager_secret" "newsroom" {
  count = var.newsroom == null ? 0 : 1

  secret_id  = "${var.name}-newsroom"
  depends_on = [google_project_service.needed]

  replication {
    auto {}
  }
}
