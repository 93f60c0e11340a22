# Who may send stories off with `newsreel submit`: adds stories and can neither change nor remove one, sees the videos, announces, and
# reaches the API server, where what they may do is the role newsreel-editor's (GKE, "Google Groups for RBAC").

locals {
  editors_on_buckets = {
    "add stories" = { bucket = "stories", role = "roles/storage.objectCreator" }
    "see stories" = { bucket = "stories", role = "roles/storage.objectViewer" }
    "see videos"  = { bucket = "finals", role = "roles/storage.objectViewer" }
  }
}

resource "google_storage_bucket_iam_member" "editors" {
  for_each = { for pair in setproduct(var.editors, keys(local.editors_on_buckets)) : join(" ", pair) => pair }

  bucket = google_storage_bucket.of[local.editors_on_buckets[each.value[1]].bucket].name
  role   = local.editors_on_buckets[each.value[1]].role
  member = "group:${each.value[0]}"
}

resource "google_pubsub_topic_iam_member" "editors" {
  for_each = toset(var.editors)

  topic  = google_pubsub_topic.of["stories"].name
  role   = "roles/pubsub.publisher"
  member = "group:${each.value}"
}

# No role of Google's lets somebody reach the API server and see nothing there.
resource "google_project_iam_custom_role" "editor" {
  count = length(var.editors) > 0 ? 1 : 0

  role_id     = replace("${var.name}_editor", "-", "_")
  title       = "newsreel editor"
  description = "Reaches the cluster; what may be done there, its own roles say"
  permissions = ["container.clusters.connect", "container.clusters.get", "container.clusters.list"]
}

resource "google_project_iam_member" "editors" {
  for_each = toset(var.editors)

  project = var.project
  role    = google_project_iam_custom_role.editor[0].name
  member  = "group:${each.value}"
}
