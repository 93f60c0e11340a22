# All of them are written by `cluster/up` from cluster/newsreel.yaml: change that file, not these.

variable "project" {
  description = "Google Cloud project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's ID has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of network, buckets and images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region is named like europe-west4."
  }
}

variable "location" {
  description = "Region or zone of the cluster's control plane."
  type        = string
  nullable    = false

  validation {
    condition     = var.location == var.region || can(regex("^${var.region}-[a-z]$", var.location))
    error_message = "The cluster must be in the region, or in one of its zones."
  }
}

variable "name" {
  description = "Name of the cluster; network, buckets and accounts are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "At most 20 lower-case letters, digits and hyphens: accounts are named after it."
  }
}

variable "made" {
  description = "Whether the cluster is there; everything else stays when it goes."
  type        = bool
  nullable    = false
}

variable "manager_makes" {
  description = "Whether the manager, not `cluster/up`, makes and deletes the cluster (mode `cluster`)."
  type        = bool
  nullable    = false

  validation {
    condition     = !(var.manager_makes && var.made)
    error_message = "Either the manager makes the cluster, or it is made here."
  }
}

variable "protected" {
  description = "Whether the cluster is kept from being deleted; `cluster/down` takes that away first."
  type        = bool
  default     = true
  nullable    = false
}

variable "release_channel" {
  description = "How soon GKE brings new versions: RAPID, REGULAR, STABLE or EXTENDED."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "Must be RAPID, REGULAR, STABLE or EXTENDED."
  }
}

variable "maintenance" {
  description = "When GKE may change machines: the first window's start and end (RFC 3339), and how it comes again (RFC 5545)."
  type = object({
    start_time = string
    end_time   = string
    recurrence = string
  })
  nullable = false

  validation {
    condition     = timecmp(timeadd(var.maintenance.start_time, "4h"), var.maintenance.end_time) <= 0
    error_message = "A window must have at least 4 hours."
  }
}

variable "network" {
  description = "Address blocks of machines, pods, services and of the control plane."
  type = object({
    nodes         = string
    pods          = string
    services      = string
    control_plane = string
  })
  nullable = false

  validation {
    condition     = alltrue([for block in values(var.network) : can(cidrhost(block, 0))])
    error_message = "Each must be an address block such as 10.0.0.0/20."
  }

  validation {
    condition     = endswith(var.network.control_plane, "/28")
    error_message = "The control plane's block must be a /28."
  }
}

variable "pool_label" {
  description = "Label of every machine; its value is stories or system."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9.-]+/[a-z0-9-]+$", var.pool_label))
    error_message = "Must be a label's key with a prefix, such as newsreel/pool."
  }
}

variable "system_pool" {
  description = "The machines that are always there, and how many of them in all zones together."
  type = object({
    machine = string
    zones   = list(string)
    least   = number
    most    = number
    disk_gb = number
  })
  nullable = false

  validation {
    condition     = 3 <= var.system_pool.least && var.system_pool.least <= var.system_pool.most
    error_message = "At least 3, for the EventBus; and least <= most."
  }
}

variable "story_pools" {
  description = "Kinds of machine that stories are made on, by the pool's name; in which order they are bought, the manager says."
  type = map(object({
    zone        = string
    machine     = string
    accelerator = optional(string)
    spot        = bool
    ssds        = number
    most        = number
    disk_gb     = number
  }))
  nullable = false

  validation {
    condition     = length(var.story_pools) > 0
    error_message = "At least one kind of machine."
  }

  validation {
    condition     = alltrue([for pool in values(var.story_pools) : pool.ssds >= 1 && pool.most >= 1])
    error_message = "Each has a local SSD, and may have a machine."
  }
}

variable "story_taints" {
  description = "What keeps all but stories off the machines that stories are made on, and off those of them with a GPU."
  type = object({
    all = object({ key = string, value = string })
    gpu = object({ key = string, value = string })
  })
  nullable = false

  validation {
    condition     = length(distinct([for taint in values(var.story_taints) : taint.key])) == 2
    error_message = "Must be two keys."
  }
}

variable "buckets" {
  description = "Buckets by what they are for, with the days after which objects, and versions that were replaced, are removed; null: never."
  type = map(object({
    name          = string
    days          = optional(number)
    replaced_days = number
  }))
  nullable = false

  validation {
    condition = alltrue([
      for purpose in ["stories", "finals", "previews", "units", "weights", "manager"] : contains(keys(var.buckets), purpose)
    ])
    error_message = "Needed are stories, finals, previews, units, weights and manager."
  }

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : bucket.replaced_days >= 1 && coalesce(bucket.days, 1) >= 1])
    error_message = "Days are at least 1."
  }
}

variable "topics" {
  description = "Pub/Sub topics: stories to be made, messages that are none, and how each story ended."
  type = object({
    stories = string
    dead    = string
    done    = string
  })
  nullable = false

  validation {
    condition     = length(distinct(values(var.topics))) == 3
    error_message = "Must be three."
  }
}

variable "subscriptions" {
  description = "Pub/Sub subscriptions by their names; times in seconds."
  type = map(object({
    topic         = string
    ordered       = bool
    answer        = number
    kept          = number
    shortest_wait = number
    longest_wait  = number
    dead_letters  = optional(string)
    most_attempts = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for one in values(var.subscriptions) : contains(values(var.topics), one.topic)])
    error_message = "Each must be of one of the topics."
  }

  validation {
    condition     = alltrue([for one in values(var.subscriptions) : 5 <= one.most_attempts && one.most_attempts <= 100])
    error_message = "Pub/Sub delivers a message 5 to 100 times before it is a dead letter."
  }
}

variable "subscribers" {
  description = "Which subscription each of these accounts pulls from, by what the account is for."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for pulled in values(var.subscribers) : contains(keys(var.subscriptions), pulled)])
    error_message = "Must be of the subscriptions."
  }

  validation {
    condition     = alltrue([for who in keys(var.subscribers) : contains(keys(var.accounts), who)])
    error_message = "Must be of the accounts."
  }
}

variable "accounts" {
  description = "Google service accounts by what they are for, with the account in the cluster that acts as each (namespace/name), if one does."
  type = map(object({
    id         = string
    kubernetes = optional(string)
  }))
  nullable = false

  validation {
    condition = alltrue([
      for purpose in ["nodes", "storage", "events", "watch", "newsroom", "manager", "argo"] : contains(keys(var.accounts), purpose)
    ])
    error_message = "Needed are nodes, storage, events, watch, newsroom, manager and argo."
  }

  validation {
    condition     = alltrue([for account in values(var.accounts) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", account.id))])
    error_message = "An account's ID has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "editors" {
  description = "Google groups whose people may send stories off."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for group in var.editors : can(regex("^[^@:]+@[^@:]+$", group))])
    error_message = "Each is the address of a group."
  }
}

variable "security_group" {
  description = "gke-security-groups@DOMAIN, in which Google groups must be that roles in the cluster name; null: none are named."
  type        = string
  default     = null

  validation {
    condition     = var.security_group == null || can(regex("^gke-security-groups@", var.security_group))
    error_message = "GKE asks for the name gke-security-groups@DOMAIN."
  }
}

variable "newsroom" {
  description = "Host name of the newsroom page and whom its sign-in lets in; null: there is no such page."
  type = object({
    host   = string
    admits = list(string)
  })
  default = null

  validation {
    condition     = alltrue([for member in try(var.newsroom.admits, []) : can(regex("^(user|group|domain):", member))])
    error_message = "People are named as user:, group: or domain:."
  }
}
