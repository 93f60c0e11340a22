"""`cluster/status`: machines, queue, stories, the last videos, what today has cost. Unknown values are shown as `unknown`."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from cluster.gke.deploy import context_of
from cluster.gke.programs import Programs, cause
from newsreel.argo.runs import newest_runs
from newsreel.argo.table import stories_table
from newsreel.config.model import GkeConfig
from newsreel.errors import NewsreelError, Unavailable

POOL = "cloud.google.com/gke-nodepool"
OUTSIDE = "the manager is outside the cluster: its own lines tell it"
LAST = 5
"""Ended stories that are shown."""
SAMPLE = re.compile(r"^(?P<name>[a-z_]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>[-+0-9.eE]+)$")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def status(parameters: GkeConfig, programs: Programs, now: datetime) -> int:
    """Print the status; returns 0, or 75 if something could not be asked."""
    sections: dict[str, Callable[[], list[str]]] = {
        "Cluster": lambda: cluster(parameters, programs),
        "Machines": lambda: machines(parameters, programs),
        "Queue": lambda: queue(parameters, programs),
        "Stories": lambda: stories(parameters, programs, now),
        "Today": lambda: today(parameters, programs, now),
    }
    causes: set[str] = set()
    for title, section in sections.items():
        try:
            lines = section()
        except (NewsreelError, ValueError, KeyError) as fault:
            lines = ["unknown, as above" if cause(fault) in causes else f"unknown: {' '.join(str(fault).split())}"]
            causes.add(cause(fault))
        print(title, *(f"  {line}" for line in lines), sep="\n")
    return Unavailable.exit_status if causes else 0


def cluster(parameters: GkeConfig, programs: Programs) -> list[str]:
    wanted = parameters.cluster
    listing = ("--filter", f"name={wanted.name} AND location={wanted.location}", "--format=json")
    found = programs.read_json("gcloud", "container", "clusters", "list", f"--project={wanted.project}", *listing)
    if not found:
        return [f"there is none; {'cluster/up makes it' if wanted.mode == 'pool' else 'the manager makes it for a story'}"]
    return [f"{wanted.name} in {wanted.location}: {found[0]['status'].lower()}, Kubernetes {found[0]['currentMasterVersion']}"]


def machines(parameters: GkeConfig, programs: Programs) -> list[str]:
    counts: Counter[tuple[str, str]] = Counter()
    for node in kubectl(parameters, programs, "get", "nodes", "--output=json")["items"]:
        ready = {condition["type"]: condition["status"] for condition in node["status"]["conditions"]}.get("Ready")
        state = "ready" if ready == "True" else "not ready"
        draining = " (drained)" if node["spec"].get("unschedulable") else ""
        counts[node["metadata"]["labels"].get(POOL, "?"), state + draining] += 1
    lines = [f"{pool}: {count} {state}" for (pool, state), count in sorted(counts.items())]
    none = [offer.pool for offer in parameters.node_pools if not any(pool == offer.pool for pool, _ in counts)]
    return [*lines, *([f"none in {', '.join(none)}"] if none else [])]


def queue(parameters: GkeConfig, programs: Programs) -> list[str]:
    """Queued stories, counted as the manager counts them."""
    if parameters.cluster.mode == "cluster":
        return [OUTSIDE]
    demand = {labels["source"]: value for labels, value in manager_says(parameters, programs, "newsreel_manager_demand")}
    lines = [f"{source}: {demand[source]:g}" for source in sorted(demand)]
    unknown = sum(value for _, value in manager_says(parameters, programs, "newsreel_manager_unknown_sources"))
    return [*lines, *([f"unknown sources: {unknown:g}"] if unknown else [])] or ["the manager has not looked yet"]


def stories(parameters: GkeConfig, programs: Programs, now: datetime) -> list[str]:
    ours = ("--namespace", parameters.cluster.namespace, "--selector=app.kubernetes.io/part-of=newsreel")
    runs = newest_runs(kubectl(parameters, programs, "get", "workflows", *ours, "--output=json")["items"])
    under_way, ended = [run for run in runs if not run.over], [run for run in runs if run.over]
    latest = sorted(ended, key=lambda run: run.ended or run.began, reverse=True)[:LAST]
    return stories_table([*under_way, *latest], now) if runs else ["none"]


def today(parameters: GkeConfig, programs: Programs, now: datetime) -> list[str]:
    """Today's cost: node hours of stories from the manager's ledger, and what is always on until now."""
    day, money = now.astimezone(UTC).date().isoformat(), parameters.prices.currency
    if parameters.cluster.mode == "cluster":
        return [OUTSIDE]
    lines = {
        name: value
        for name in ("newsreel_day_stories", "newsreel_day_cost")
        for labels, value in manager_says(parameters, programs, name)
        if labels["day"] == day
    }
    count = lines.get("newsreel_day_stories", 0)
    cost = lines.get("newsreel_day_cost", None if count else 0.0)
    hours = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600
    always = hours * (parameters.always_on_an_hour + parameters.prices.lasting_an_hour)
    held = "unknown" if cost is None else f"{cost:.2f} {money}"
    return [
        f"{count:g} stories; the machines they held: {held}",
        f"what is always on, were it so since midnight UTC: {always:.2f} {money}",
        f"prices are examples of {parameters.prices.dated}, not quotes",
    ]


def kubectl(parameters: GkeConfig, programs: Programs, *words: str) -> dict[str, Any]:
    found: dict[str, Any] | None = programs.read_json("kubectl", "--context", context_of(parameters), *words)
    return found or {"items": []}


def manager_says(parameters: GkeConfig, programs: Programs, name: str) -> Iterator[tuple[dict[str, str], float]]:
    """Samples of a metric, read inside the manager's own pod, since the NetworkPolicy admits no other."""
    where = ("--namespace", parameters.cluster.namespace, "deployment/manager")
    for line in programs.read("kubectl", "--context", context_of(parameters), "exec", *where, "--", *ASK).splitlines():
        if (found := SAMPLE.match(line)) and found["name"] == name:
            yield dict(LABEL.findall(found["labels"] or "")), float(found["value"])


ASK = (
    "python",
    "-c",
    "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8080/metrics', timeout=10).read().decode())",
)
