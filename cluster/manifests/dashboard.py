"""The Grafana dashboard: service level, running stories, errors, nodes and cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.manifests.alerts import ENDED, MOST_MINUTES_IN_ALL, MOST_MINUTES_QUEUED

COLUMNS, HEIGHT = 24, 8
"""Grafana's grid."""
RUNTIME = 'argo_workflows_newsreel_workflow_seconds_bucket{workflow="story",status="Succeeded"}'
STEPS = 'argo_workflows_newsreel_step_seconds_bucket{status="Succeeded"}'


@dataclass(frozen=True, kw_only=True)
class Panel:
    title: str
    series: tuple[tuple[str, str], ...]
    """PromQL and legend of each series."""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    limit: float | None = None
    """Red above this value."""


PANELS = (
    Panel(
        title="Longest queue time",
        series=(("newsreel_longest_queued_seconds", "queued"),),
        unit="s",
        kind="stat",
        width=6,
        limit=MOST_MINUTES_QUEUED * 60,
    ),
    Panel(
        title="Longest running story",
        series=(("newsreel_longest_under_way_seconds", "running"),),
        unit="s",
        kind="stat",
        width=6,
        limit=MOST_MINUTES_IN_ALL * 60,
    ),
    Panel(title="Videos", series=(('newsreel_saved_stories{state="published"}', "published"),), kind="stat", width=6),
    Panel(
        title="Failed stories, 24 h",
        series=(("increase(newsreel_failed_stories_reported_total[24h])", "failed"),),
        kind="stat",
        width=6,
        limit=1,
    ),
    Panel(title="Workflows", series=(("sum by (phase) (argo_workflows_gauge)", "{{phase}}"),)),
    Panel(
        title="From submission to video",
        series=tuple(
            (f"histogram_quantile({share}, sum by (le, priority) (rate({RUNTIME}[1h])))", f"{{{{priority}}}} {share * 100:.0f} %")
            for share in (0.5, 0.9, 0.99)
        ),
        unit="s",
        limit=MOST_MINUTES_IN_ALL * 60,
    ),
    Panel(
        title="Step duration, 90th percentile",
        series=((f"histogram_quantile(0.9, sum by (le, step) (rate({STEPS}[1h])))", "{{step}}"),),
        unit="s",
    ),
    Panel(
        title="Results of stories and steps",
        series=(
            (f'sum by (status) (increase({ENDED}{{workflow="story"}}[1h]))', "stories {{status}}"),
            ('sum by (step) (increase(argo_workflows_newsreel_step_seconds_count{status!="Succeeded"}[1h]))', "{{step}} failed"),
        ),
    ),
    Panel(title="Saved stories by state", series=(("newsreel_saved_stories", "{{state}}"),)),
    Panel(
        title="Message trigger",
        series=(
            ("rate(argo_events_events_sent_total[5m])", "to the bus"),
            ("rate(argo_events_action_triggered_total[5m])", "{{trigger_name}}"),
            ("rate(newsreel_lost_stories_submitted_total[5m])", "by the submitter"),
        ),
        unit="ops",
    ),
    Panel(
        title="Delivery errors",
        series=(
            ("increase(newsreel_dead_letters_total[1h])", "invalid"),
            ("increase(newsreel_held_messages_total[1h])", "held"),
            ("increase(newsreel_missed_notices_told_total[1h])", "notified by the submitter"),
            ("increase(argo_events_events_sent_failed_total[1h])", "refused by the bus"),
            ("increase(argo_events_action_retries_failed_total[1h])", "{{trigger_name}} given up"),
        ),
    ),
    Panel(
        title="Story nodes",
        series=(("sum by (state) (newsreel_manager_nodes)", "{{state}}"), ("max(newsreel_manager_demand)", "stories to be made")),
    ),
    Panel(title="Cost of story nodes by day", series=(("newsreel_day_cost", "{{day}} {{currency}}"),)),
    Panel(
        title="Reconciler actions",
        series=(("sum by (action) (increase(newsreel_reconciler_actions_total[1h]))", "{{action}}"),),
    ),
    Panel(
        title="Aligner: queue and duration",
        series=(
            ("sum(newsreel_alignments_in_line)", "queued"),
            ("histogram_quantile(0.9, sum by (le) (rate(newsreel_alignment_seconds_bucket[15m])))", "seconds, 90th percentile"),
            ('increase(newsreel_alignments_total{outcome!="aligned"}[1h])', "{{outcome}}"),
        ),
    ),
    Panel(
        title="Newsroom responses",
        series=(("sum by (status) (rate(newsroom_requests_total[5m]))", "{{status}}"),),
        unit="reqps",
    ),
    Panel(
        title="Pending pods",
        series=(("sum by (reason) (argo_workflows_pod_pending_count)", "{{reason}}"),),
    ),
)


def dashboard() -> dict[str, Any]:
    return {
        "uid": "newsreel",
        "title": "newsreel",
        "tags": ["newsreel"],
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "30s",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}]
        },
        "panels": list(panels()),
    }


def panels() -> Iterator[dict[str, Any]]:
    """From left to right, row by row."""
    left = top = 0
    for number, panel in enumerate(PANELS, 1):
        if left + panel.width > COLUMNS:
            left, top = 0, top + HEIGHT
        yield built(panel, number, {"x": left, "y": top, "w": panel.width, "h": HEIGHT})
        left += panel.width


def built(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + letter), "datasource": source, "expr": expression, "legendFormat": name}
            for letter, (expression, name) in enumerate(panel.series)
        ],
    }
