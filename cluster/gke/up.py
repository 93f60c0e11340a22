"""`cluster/up`: what it costs, what will be done, a question, and then Google Cloud as newsreel.yaml says."""

from collections import Counter
from pathlib import Path

from cluster.gke.deploy import Deployment
from cluster.gke.estimate import estimate
from cluster.gke.programs import Programs, ask
from cluster.gke.terraform import Terraform
from newsreel.config.model import GkeConfig
from newsreel.errors import BadInput, NewsreelError

__all__ = ["up"]


def up(parameters: GkeConfig, programs: Programs, folder: Path, *, stories: str | None, yes: bool) -> int:
    """Raises BadInput where a person says no, and what the programs' failures are. Run again, it goes on where it stopped."""
    cluster = parameters.cluster
    # Before anything is asked of Google: the price is for whoever has no account yet, too.
    print(estimate(parameters, stories).table(parameters), "", *planned(parameters), sep="\n", flush=True)
    require_project(parameters, programs)
    for warning in shortages(parameters, programs):
        print(f"WARNING: {warning}")
    if not yes and not programs.dry_run:
        ask(f"This makes, or changes, {cluster.name} in {cluster.project}, and costs money.")
    terraform = Terraform(parameters, programs, folder)
    terraform.begin()
    terraform.apply(yes=yes)
    records(parameters, programs, terraform)
    if cluster.mode == "cluster":
        print(
            "Mode cluster: the manager makes the cluster with the first message: "
            "python -m cluster.controllers.manager, on a machine outside."
        )
        return 0
    try:
        return Deployment(parameters, programs, folder).run(yes=yes)
    except BadInput as fault:
        # The registry has just been made: nobody can have pushed to it before.
        print(f"What lasts is there. Next: {fault}\nThen: make deploy")
        return fault.exit_status


def require_project(parameters: GkeConfig, programs: Programs) -> None:
    """Raises BadInput for nobody logged in, and for a project that is not there or not ours."""
    active = programs.read("gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=value(account)").split()
    if not active:
        raise BadInput("gcloud: not logged in: gcloud auth login, and gcloud auth application-default login for Terraform")
    programs.read("gcloud", "projects", "describe", parameters.cluster.project, "--format=value(projectNumber)")


def planned(parameters: GkeConfig) -> list[str]:
    cluster, system = parameters.cluster, parameters.site.system
    names = cluster.names
    made = f"cluster {cluster.name} in {cluster.location}: private, {parameters.site.release_channel.lower()} channel"
    return [
        f"In project {cluster.project}, as Terraform shows before it acts:",
        f"- network, buckets ({names.bucket_prefix}-...), topics, accounts, a registry for images",
        f"- {made}" if cluster.mode == "pool" else f"- no cluster: the manager makes {cluster.name} with the first message",
        f"- {system.least} to {system.most} {system.machine} that are always there" + ("" if cluster.mode == "pool" else " then"),
        *(
            f"- 0 to {offer.most} {offer.machine} in {offer.zone}{' with ' + offer.accelerator if offer.accelerator else ''}, "
            f"{'spot' if offer.spot else 'on demand'}"
            for offer in parameters.node_pools
        ),
    ]


def shortages(parameters: GkeConfig, programs: Programs) -> list[str]:
    """Quotas of the region that are less than newsreel.yaml wants; nodes beyond them will not come."""
    cluster = parameters.cluster
    words = ("gcloud", "compute", "regions", "describe", cluster.region, f"--project={cluster.project}", "--format=json(quotas)")
    try:
        told = programs.read_json(*words) or {}
    except NewsreelError as fault:
        return [f"nobody can say whether the quotas are large enough ({fault})"]
    limits = {quota["metric"]: float(quota["limit"]) for quota in told.get("quotas", [])}
    wanted: Counter[str] = Counter()
    for offer in parameters.node_pools:
        if offer.quota:
            wanted[offer.quota] += offer.most
    return [
        f"quota {name} in {cluster.region} is {limits.get(name, 0):g}, newsreel.yaml wants {most}: ask for more in good time"
        for name, most in wanted.items()
        if limits.get(name, 0) < most
    ]


def records(parameters: GkeConfig, programs: Programs, terraform: Terraform) -> None:
    """What the owner of the newsroom's name must set, for the certificate and the way there."""
    if parameters.newsroom and not programs.dry_run:
        lines = programs.read_json(*terraform.words("output"), "-json", "newsroom_records") or []
        print("For the newsroom, its name's owner sets:", *lines, sep="\n  ")
