"""Every environment variable that newsreel reads: one table, from which the documentation is made.

A test holds the product against it: a variable that is read and not listed here fails.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    name: str
    meaning: str
    default: str
    """What an unset variable means."""
    read_by: str


VARIABLES = (
    Variable(
        "NEWSREEL_ADDRESSES", "Address prefixes that may be read and written, comma-separated", "none is allowed", "all programs"
    ),
    Variable("NEWSREEL_LOG", "Form of log lines: `text` or `json`", "text", "all programs"),
    Variable("NEWSREEL_WORKFLOW", "Name of the workflow, for log entries", "not in the entries", "steps"),
    Variable("NEWSREEL_PRESENTERS", "Folders with presenter bundles, separated as in PATH", "bundles that ship", "steps, CLI"),
    Variable("NEWSREEL_WEIGHTS", "Address of the catalogue of weights", "no catalogue", "check, init-story, CLI"),
    Variable("NEWSREEL_CACHE", "Folder of the local cache of weights", "~/.cache/newsreel", "init-story, CLI"),
    Variable("NEWSREEL_UNITS", "Address prefix of the cache of finished units", "no cache", "init-story, publish"),
    Variable(
        "NEWSREEL_VALIDATED",
        "Digest of a story validated on this machine; `newsreel render` sets it",
        "`check` validates",
        "check",
    ),
    Variable("NEWSREEL_KEEP_WORKSPACE", "`1` keeps a story's directory when its run ends", "removed", "anchor"),
    Variable("NEWSREEL_SHARE", "Hundredths of the whole story's progress that this step is", "no share", "steps"),
    Variable("NEWSREEL_GPUS", "Number of GPUs of the container", "0", "steps"),
    Variable("NEWSREEL_PRICES", "Currency and price an hour by node pool: `USD l4-spot-a=0.36`", "no costs", "publish"),
    Variable("NEWSREEL_FFMPEG", "Program to use as ffmpeg", "the one of imageio-ffmpeg", "steps"),
    Variable("NEWSREEL_DONE_TOPIC", "Pub/Sub topic for notifications: `projects/NAME/topics/NAME`", "none", "report, submitter"),
    Variable("NEWSREEL_WEBHOOK", "https address for notifications", "none", "report, submitter"),
    Variable("NEWSREEL_WEBHOOK_SECRET", "Secret that webhook messages are signed with: `whsec_...`", "none", "report, submitter"),
    Variable(
        "NEWSREEL_RECEIVERS", "https prefixes that a story's own webhook must lie below", "none is allowed", "newsroom, report"
    ),
    Variable("NEWSREEL_STORIES", "Address prefix for submitted stories", "gs://newsreel-stories", "newsreel submit"),
    Variable("NEWSREEL_FINALS", "Address prefix of finished videos", "gs://newsreel-finals", "newsreel submit, status"),
    Variable("NEWSREEL_TOPIC", "Pub/Sub topic for submitted stories", "submitted directly", "newsreel submit"),
    Variable(
        "NEWSREEL_CALLED_FROM",
        "Folder from which `cluster/up` was called; the script sets it",
        "working directory",
        "cluster.gke",
    ),
    Variable("GENTLE_URL", "Address of the gentle server", "http://gentle:8765", "gentle"),
    Variable("GENTLE_ALIGNER", "Identity of an aligner of one's own, part of the cache keys", "newsreel's own", "gentle"),
    Variable("NEWSROOM_SIGN_IN", "How users sign in: `iap`, `token` or `proxy`", "nobody is signed in", "newsroom"),
    Variable("NEWSROOM_AUDIENCE", "Audience of the sign-in's tokens", "none", "newsroom"),
    Variable("NEWSROOM_HEADER", "Header that carries the token", "none", "newsroom"),
    Variable("NEWSROOM_ISSUER", "Issuer of the tokens", "none", "newsroom"),
    Variable("NEWSROOM_KEYS", "https address of the issuer's public keys", "none", "newsroom"),
    Variable("NEWSROOM_PROXY_SECRET", "Secret shared with the proxy that signs users in", "none", "newsroom"),
    Variable("NEWSROOM_WRITERS", "Addresses and @domains that may write stories, comma-separated", "nobody", "newsroom"),
    Variable("NEWSROOM_PUBLISHERS", "Addresses and @domains that may publish stories, comma-separated", "nobody", "newsroom"),
    Variable("NEWSROOM_EVENTS", "Where product events go: `none`, `log` or `mixpanel`", "none", "newsroom"),
    Variable("NEWSROOM_MIXPANEL_TOKEN", "Token of the Mixpanel project", "none", "newsroom"),
    Variable("NEWSROOM_MIXPANEL_HOST", "Host of Mixpanel", "api.mixpanel.com", "newsroom"),
    Variable("ARGO_PROGRESS_FILE", "File for a step's progress; Argo sets it", "no progress is written", "steps"),
    Variable("KUBECONFIG", "Configuration of the Kubernetes client", "~/.kube/config", "CLI, controllers"),
    Variable("KUBERNETES_SERVICE_HOST", "Set by Kubernetes in every pod", "outside of a cluster", "manager"),
    Variable("PUBSUB_EMULATOR_HOST", "Host and port of a Pub/Sub emulator", "Pub/Sub", "all that publish"),
    Variable("STORAGE_EMULATOR_HOST", "Address of a Cloud Storage emulator", "Cloud Storage", "all that read gs: addresses"),
)


def markdown_table() -> str:
    """The table for the documentation."""
    rows = [f"| `{each.name}` | {each.meaning} | {each.default} | {each.read_by} |" for each in VARIABLES]
    return "\n".join(["| variable | meaning | when unset | read by |", "| --- | --- | --- | --- |", *rows]) + "\n"
