# Who a program is to Google Cloud, and the least it may do. No key is made: the cluster's accounts act as these by Workload
# Identity, the machines by being themselves.

resource "google_service_account" "of" {
  for_each = var.accounts

  account_id   = each.value.id
  display_name = "newsreel ${each.key}"
  depends_on   = [google_project_service.needed]
}

resource "google_service_account_iam_member" "workload_identity" {
  for_each = { for purpose, account in var.accounts : purpose => account.kubernetes if account.kubernetes != null }

  service_account_id = google_service_account.of[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[${each.value}]"
  # The pool of identities comes with the project's first cluster.
  depends_on = [google_container_cluster.this]
}

locals {
  member = { for purpose, account in google_service_account.of : purpose => "serviceAccount:${account.email}" }

  # Who may do what to which bucket. A creator adds objects and can neither change nor remove one; a user may do both, since a
  # publication that was cut short is written over.
  on_buckets = {
    "storage reads stories"      = { who = "storage", bucket = "stories", role = "roles/storage.objectViewer" }
    "storage reads weights"      = { who = "storage", bucket = "weights", role = "roles/storage.objectViewer" }
    "storage publishes"          = { who = "storage", bucket = "finals", role = "roles/storage.objectUser" }
    "storage adds previews"      = { who = "storage", bucket = "previews", role = "roles/storage.objectCreator" }
    "storage keeps units"        = { who = "storage", bucket = "units", role = "roles/storage.objectCreator" }
    "storage brings units"       = { who = "storage", bucket = "units", role = "roles/storage.objectViewer" }
    "argo shows previews"        = { who = "argo", bucket = "previews", role = "roles/storage.objectViewer" }
    "watch reads stories"        = { who = "watch", bucket = "stories", role = "roles/storage.objectViewer" }
    "watch reads finals"         = { who = "watch", bucket = "finals", role = "roles/storage.objectViewer" }
    "watch tells failures"       = { who = "watch", bucket = "finals", role = "roles/storage.objectCreator" }
    "newsroom writes stories"    = { who = "newsroom", bucket = "stories", role = "roles/storage.objectUser" }
    "newsroom plays videos"      = { who = "newsroom", bucket = "finals", role = "roles/storage.objectViewer" }
    "manager keeps its note"     = { who = "manager", bucket = "manager", role = "roles/storage.objectUser" }
    "manager sees what is there" = { who = "manager", bucket = "finals", role = "roles/storage.objectViewer" }
  }

  on_topics = {
    "newsroom announces stories" = { who = "newsroom", topic = "stories" }
    "letters are kept"           = { who = "events", topic = "dead" }
    "the report tells the end"   = { who = "storage", topic = "done" }
    "the watch tells it instead" = { who = "watch", topic = "done" }
  }
}

resource "google_storage_bucket_iam_member" "of" {
  for_each = local.on_buckets

  bucket = google_storage_bucket.of[each.value.bucket].name
  role   = each.value.role
  member = local.member[each.value.who]
}

resource "google_pubsub_topic_iam_member" "of" {
  for_each = local.on_topics

  topic  = google_pubsub_topic.of[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = local.member[each.value.who]
}

resource "google_pubsub_subscription_iam_member" "of" {
  for_each = var.subscribers

  subscription = google_pubsub_subscription.of[each.value].name
  role         = "roles/pubsub.subscriber"
  member       = local.member[each.key]
}

# A machine writes logs and metrics and pulls our images.
resource "google_project_iam_member" "nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = local.member["nodes"]
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = local.member["nodes"]
}

# The manager sets the bounds of pools that are there, and asks how many machines are on their way.
resource "google_project_iam_custom_role" "manager" {
  role_id     = replace("${var.name}_manager", "-", "_")
  title       = "newsreel manager"
  description = "Sees the cluster and its queue, sets how many machines its pools have"
  permissions = concat(
    [
      "compute.instanceGroupManagers.get",
      "compute.instanceGroupManagers.list",
      "container.clusters.get",
      "container.clusters.update",
      "container.operations.get",
      "monitoring.timeSeries.list",
    ],
    var.manager_makes ? ["container.clusters.create", "container.clusters.delete"] : [],
  )
}

resource "google_project_iam_member" "manager" {
  project = var.project
  role    = google_project_iam_custom_role.manager.name
  member  = local.member["manager"]
}

# Mode `cluster`: who makes a cluster must be let use the machines' account, and installs what runs in it.
resource "google_service_account_iam_member" "manager_gives_machines_their_account" {
  count = var.manager_makes ? 1 : 0

  service_account_id = google_service_account.of["nodes"].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.member["manager"]
}

resource "google_project_iam_member" "manager_installs" {
  count = var.manager_makes ? 1 : 0

  project = var.project
  role    = "roles/container.admin"
  member  = local.member["manager"]
}
