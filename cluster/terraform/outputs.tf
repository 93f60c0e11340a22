output "images" {
  description = "What stands before an image's name."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "buckets" {
  description = "Addresses of the buckets, by what they are for."
  value       = { for purpose, bucket in google_storage_bucket.of : purpose => bucket.url }
}

output "accounts" {
  description = "Google service accounts, by what they are for."
  value       = { for purpose, account in google_service_account.of : purpose => account.email }
}

output "newsroom_records" {
  description = "What the owner of the newsroom's name must set in its DNS."
  value = var.newsroom == null ? [] : [
    "${var.newsroom.host}. A ${google_compute_global_address.newsroom[0].address}",
    join(" ", [for part in ["name", "type", "data"] :
      google_certificate_manager_dns_authorization.newsroom[0].dns_resource_record[0][part]
    ]),
  ]
}
