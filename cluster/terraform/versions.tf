# Google Cloud for newsreel: what lasts. `cluster/up` runs this with the variables that follow from cluster/newsreel.yaml.

terraform {
  required_version = ">= 1.9, < 2.0" # OpenTofu counts alike

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.20, < 8.0"
    }
  }

  # The bucket is named by `cluster/up`, which makes it before anything else.
  backend "gcs" {}
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { newsreel = var.name }
}

data "google_project" "this" {
  depends_on = [google_project_service.needed]
}

resource "google_project_service" "needed" {
  for_each = toset([
    "artifactregistry",
    "certificatemanager",
    "compute",
    "container",
    "dns",
    "iam",
    "iap",
    "logging",
    "monitoring",
    "pubsub",
    "secretmanager",
    "storage",
  ])

  service = "${each.key}.googleapis.com"
  # Others in the project may need it too.
  disable_on_destroy = false
}
