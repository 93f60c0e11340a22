"""Alerts and dashboard: PromQL that Prometheus would read, of numbers that somebody tells."""

import re

import promql_parser
import pytest
from prometheus_client import CollectorRegistry

import cluster.manager.metrics
import cluster.newsroom.metrics
import cluster.reconciler.metrics
import steps.gentle_server.metrics
from cluster.messages.letters import Letters
from cluster.messages.rounds import Watch
from cluster.observability.dashboard import COLUMNS, PANELS, dashboard
from cluster.observability.rules import ALERTS, groups
from workflows.manifests import manifests
from workflows.settings import Settings
from workflows.systems import STUDIO

EXPRESSIONS = [alert.expression for alert in ALERTS] + [expression for panel in PANELS for expression, _ in panel.series]
OTHERS = frozenset(
    {
        "argo_workflows_gauge",
        "argo_workflows_is_leader",
        "argo_workflows_pod_pending_count",
        "argo_events_action_retries_failed_total",
        "argo_events_action_triggered_total",
        "argo_events_events_sent_failed_total",
        "argo_events_events_sent_total",
    }
)
"""Of those that argo-workflows 4.0 (util/telemetry/metrics_list.go) and argo-events 1.9 (pkg/metrics/metrics.go) tell."""


def ours():
    """What our programs tell, and what the emitted WorkflowTemplates have Argo tell."""
    registry = CollectorRegistry()
    Watch(registry)
    Letters(None, registry)
    others = [
        cluster.manager.metrics.Metrics("USD"),
        cluster.newsroom.metrics.Metrics(),
        cluster.reconciler.metrics.Metrics(),
        steps.gentle_server.metrics.Metrics(),
    ]
    metrics = [metric for one in (registry, *(other.registry for other in others)) for metric in one.collect()]
    counted = {sample.name for metric in metrics for sample in metric.samples} | {metric.name for metric in metrics}
    # One with labels has no sample before it is first counted.
    counted |= {f"{metric.name}_total" for metric in metrics if metric.type == "counter"}
    texts = manifests(STUDIO, Settings())
    told = re.findall(r"^ +- name: (newsreel_\w+)\n +help:", texts["story.yaml"], re.MULTILINE)
    return counted | {f"argo_workflows_{name}_{part}" for name in told for part in ("bucket", "count", "sum")}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_is_promql_of_numbers_that_are_told(expression):
    promql_parser.parse(expression)
    named = set(re.findall(r"\b(?:argo|newsreel|newsroom)_[a-z_]+", expression))
    assert named and named <= ours() | OTHERS


def test_a_misspelt_expression_is_none():
    with pytest.raises(ValueError):
        promql_parser.parse("sum by (phase (x)")


def test_each_alert_has_a_name_of_its_own_says_what_it_means_and_what_to_do():
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)
    [group] = groups({"stories", "messages", "manager"})
    assert len(group["rules"]) == len(ALERTS)
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert len(rule["annotations"]["summary"]) > 20 and len(rule["annotations"]["description"]) > 20
        assert re.fullmatch(r"[0-9]+m", rule["for"])


def test_the_service_level_is_watched_over():
    told = " ".join(EXPRESSIONS)
    assert "newsreel_longest_queued_seconds > 15 * 60" in told and "newsreel_longest_under_way_seconds > 60 * 60" in told


def test_panels_lie_beside_each_other_and_not_over_each_other():
    taken = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < COLUMNS
        taken |= cells


def test_nobody_is_woken_for_what_was_never_installed():
    [group] = groups({"stories"})
    told = " ".join(rule["expr"] for rule in group["rules"])
    assert "newsreel_manager" not in told and "newsreel_watch" not in told and "newsreel_reconciler" in told
