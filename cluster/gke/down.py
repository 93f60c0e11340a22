"""`cluster/down`: the cluster goes, what lasts stays. Not while a story runs, nor while one that was sent off has no video."""

from pathlib import Path

from cluster.gke.deploy import context_of, credentials
from cluster.gke.programs import Programs, ask
from cluster.gke.terraform import Terraform
from newsreel.config.model import GkeConfig
from newsreel.config.settings import settings_of
from newsreel.errors import BadInput, NewsreelError, pluralize
from newsreel.submission.revision_store import outcomes_in, saved_in

UNFINISHED = "app.kubernetes.io/part-of=newsreel,workflows.argoproj.io/completed!=true"
SHOWN = 5


def down(parameters: GkeConfig, programs: Programs, folder: Path, *, everything: bool, anyway: bool, yes: bool) -> int:
    """Delete the cluster. Raises BadInput for reasons not to, and the failures of the programs it calls; run again, it
    resumes."""
    cluster = parameters.cluster
    there = cluster_there(parameters, programs)
    reasons = [*(under_way(parameters, programs) if there else []), *missing(parameters, programs)]
    for reason in reasons:
        print(f"{'WARNING: ' if anyway else ''}{reason}")
    if reasons and not anyway:
        with programs.only_told():
            raise BadInput(f"{cluster.name} stays; wait for its stories, or say --anyway")
    goes = "everything but buckets that hold something" if everything else "the cluster; network, buckets, topics and images stay"
    print(f"What goes in {cluster.project}: {goes}.")
    if not yes and not programs.dry_run:
        ask("What is in the cluster alone is lost: Argo's list of stories, logs, events under way.", cluster.name)
    if cluster.mode == "cluster" and there:
        where = (f"--location={cluster.location}", f"--project={cluster.project}")
        programs.do("gcloud", "container", "clusters", "delete", cluster.name, *where, "--quiet")
    terraform = Terraform(parameters, programs, folder)
    terraform.begin()
    if cluster.mode == "pool":
        # The protection is a part of what Terraform knows of the cluster: it goes first, in a step of its own.
        if there:
            terraform.apply("protected=false", yes=True)
        terraform.apply("protected=false", "made=false", yes=True)
    if everything:
        terraform.destroy(yes=yes)
    return 0


def cluster_there(parameters: GkeConfig, programs: Programs) -> bool:
    """Whether the cluster exists. Raises if that cannot be known."""
    cluster = parameters.cluster
    listing = ("--filter", f"name={cluster.name} AND location={cluster.location}", "--format=value(name)")
    return bool(programs.read("gcloud", "container", "clusters", "list", f"--project={cluster.project}", *listing).strip())


def under_way(parameters: GkeConfig, programs: Programs) -> list[str]:
    """Stories that are not over; an unknown number is a reason not to delete, too."""
    try:
        credentials(parameters, programs)
        words = ("kubectl", "--context", context_of(parameters), "get", "workflows", "--namespace", parameters.cluster.namespace)
        found = programs.read_json(*words, f"--selector={UNFINISHED}", "--output=json") or {}
    except NewsreelError as fault:
        return [f"it is unknown whether stories run: {fault}"]
    names = [str(item["metadata"]["name"]) for item in found.get("items", [])]
    return [f"{pluralize(len(names), 'story runs', 'stories run')}: {some(names)}"] if names else []


def missing(parameters: GkeConfig, programs: Programs) -> list[str]:
    """Submitted stories that have neither a video nor a recorded failure."""
    try:
        saved = {revision for revision, _ in saved_in(names_in(settings_of(parameters).stories, programs))}
        ended = {revision for revision, _ in outcomes_in(names_in(settings_of(parameters).finals, programs))}
    except NewsreelError as fault:
        return [f"it is unknown whether every story has its video: {fault}"]
    names = sorted(revision.workflow for revision in saved - ended)
    return [f"{pluralize(len(names), 'story has', 'stories have')} no video yet: {some(names)}"] if names else []


def names_in(bucket: str, programs: Programs) -> list[str]:
    """Names of all objects; none where there is no bucket."""
    status, listed, fault = programs.status("gcloud", "storage", "ls", "--recursive", f"{bucket}/**")
    if status and "matched no objects" not in fault and "not found: 404" not in fault:
        raise BadInput(f"{bucket}: {' '.join(fault.split())[:200]}")
    return [line.removeprefix(f"{bucket}/") for line in listed.splitlines()]


def some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
