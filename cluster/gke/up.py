"""`cluster/up`: estimate the cost, show the plan, ask, and create in Google Cloud what newsreel.yaml says.

The estimate is the simulator's, at the prices of newsreel.yaml.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cluster.gke.deploy import Deployment
from cluster.gke.programs import Programs, ask
from cluster.gke.terraform import Terraform
from cluster.simulate.arrivals import DAY, Rate, poisson, require_so_few
from cluster.simulate.report import aligned, bound_cost, caveat, percentile, span
from cluster.simulate.run import simulate
from newsreel.config.model import GkeConfig
from newsreel.errors import BadInput, NewsreelError

HOURS_A_MONTH = 730
DAYS_A_MONTH = HOURS_A_MONTH / 24
SEED = 11


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Costs in the currency of newsreel.yaml."""

    stories_a_day: float
    idle_month: float
    """With no story at all."""
    video: float
    """Story machines alone, with their start, their idle minutes and what the market takes away."""
    least_video: float
    """Were nothing paid but the work itself."""
    month: float
    """All of it, at so many stories a day."""
    wait: float
    """Seconds from message to machine, p99."""

    def table(self, parameters: GkeConfig) -> str:
        money = parameters.prices.currency
        rows = [
            ("a month without a story", f"{self.idle_month:,.2f} {money}"),
            (f"a video, at {self.stories_a_day:,.0f} stories a day", f"{self.video:.4f} {money}"),
            ("... its work alone", f"{self.least_video:.4f} {money}"),
            ("a month with them", f"{self.month:,.2f} {money}"),
            ("queueing, 99 of 100 stories at most", span(self.wait)),
        ]
        head = (f"{parameters.cluster.name}, mode {parameters.cluster.mode}", "simulated")
        return "\n".join([*aligned(head, rows), caveat(parameters), "Traffic and storage are not in them."])


def estimate(parameters: GkeConfig, stories: str | None = None) -> Estimate:
    """Estimate for `stories` such as 3000/day, else for `site.expected`. Raises BadInput."""
    rate = Rate.parse(stories or parameters.site.expected)
    require_so_few(rate.count * DAY / rate.seconds)
    arrivals = list(poisson(rate, DAY, parameters.work.video_seconds, Random(SEED)))  # noqa: S311
    day = simulate(arrivals, parameters, SEED)
    lasting = HOURS_A_MONTH * parameters.prices.lasting_an_hour
    always_on, warm = HOURS_A_MONTH * parameters.always_on_an_hour, warm_cost(parameters)
    stays = parameters.cluster.mode == "pool"
    return Estimate(
        stories_a_day=rate.count * DAY / rate.seconds,
        idle_month=lasting + (always_on + warm if stays else 0.0),
        video=day.nodes_cost / max(1, len(arrivals)),
        least_video=bound_cost(arrivals, parameters),
        month=lasting + DAYS_A_MONTH * day.nodes_cost + (always_on if stays else DAYS_A_MONTH * day.always_on_cost),
        wait=percentile(day.waits, 0.99),
    )


def warm_cost(parameters: GkeConfig) -> float:
    """Monthly cost of the story nodes that stay when there is nothing to do."""
    return HOURS_A_MONTH * parameters.policy.warm_nodes * parameters.node_pools[0].an_hour


def up(parameters: GkeConfig, programs: Programs, folder: Path, *, stories: str | None, yes: bool) -> int:
    """Create the installation. Raises BadInput if a person declines, and the failures of the programs it calls; run again, it
    resumes."""
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
    """Raises BadInput if no account is logged in, or the project does not exist or cannot be accessed."""
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
    """Quotas of the region that are less than newsreel.yaml wants; nodes beyond them cannot be created."""
    cluster = parameters.cluster
    words = ("gcloud", "compute", "regions", "describe", cluster.region, f"--project={cluster.project}", "--format=json(quotas)")
    try:
        region_record = programs.read_json(*words) or {}
    except NewsreelError as fault:
        return [f"it is unknown whether the quotas are large enough ({fault})"]
    limits = {quota["metric"]: float(quota["limit"]) for quota in region_record.get("quotas", [])}
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
    """The DNS records that the owner of the newsroom's domain must set, for the certificate and the address."""
    if parameters.newsroom and not programs.dry_run:
        lines = programs.read_json(*terraform.words("output"), "-json", "newsroom_records") or []
        print("For the newsroom, its name's owner sets:", *lines, sep="\n  ")
