# How a story is announced and how it ended: as `newsreel/submission/topics.py` says.

resource "google_pubsub_topic" "of" {
  for_each = var.topics

  name       = each.value
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_subscription" "of" {
  for_each = var.subscriptions

  name                       = each.key
  topic                      = each.value.topic
  ack_deadline_seconds       = each.value.answer
  message_retention_duration = "${each.value.kept}s"
  enable_message_ordering    = each.value.ordered

  # A newsroom may be closed for a month.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "${each.value.shortest_wait}s"
    maximum_backoff = "${each.value.longest_wait}s"
  }

  dynamic "dead_letter_policy" {
    for_each = each.value.dead_letters[*]

    content {
      dead_letter_topic     = "projects/${var.project}/topics/${dead_letter_policy.value}"
      max_delivery_attempts = each.value.most_attempts
    }
  }

  depends_on = [google_pubsub_topic.of]
}

# Dead letters are moved by Pub/Sub itself, which must be let, or it keeps them.
locals {
  pubsub = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  topic  = google_pubsub_topic.of["dead"].name
  role   = "roles/pubsub.publisher"
  member = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = { for name, one in var.subscriptions : name => one if one.dead_letters != null }

  subscription = google_pubsub_subscription.of[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}
