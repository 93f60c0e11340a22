"""Alerts and dashboard: valid PromQL over metrics that exist."""

import re

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry

import cluster.controllers.manager.controller
import cluster.controllers.reconciler.controller
import cluster.newsroom.telemetry
import steps.gentle_server.jobs
from cluster.controllers.reconciler.controller import ACTIONS
from cluster.controllers.submitter.controller import STATES, Metrics
from cluster.controllers.submitter.dead_letter_server import DeadLetters
from cluster.manifests.alerts import ALERTS, groups
from cluster.manifests.dashboard import COLUMNS, PANELS, dashboard
from cluster.manifests.emit import manifests
from newsreel.config.settings import Settings
from workflows.profiles import STUDIO

EXPRESSIONS = [alert.expression for alert in ALERTS] + [expression for panel in PANELS for expression, _ in panel.series]
OTHERS = {
    "argo_workflows_gauge": {"phase"},
    "argo_workflows_is_leader": set(),
    "argo_workflows_pod_pending_count": {"reason", "namespace"},
    "argo_events_action_retries_failed_total": {"namespace", "sensor_name", "trigger_name"},
    "argo_events_action_triggered_total": {"namespace", "sensor_name", "trigger_name"},
    "argo_events_events_sent_failed_total": {"namespace", "eventsource_name", "event_name"},
    "argo_events_events_sent_total": {"namespace", "eventsource_name", "event_name"},
}
"""Of those that argo-workflows 4.0 (util/telemetry/metrics_list.go) and argo-events 1.9 (pkg/metrics/metrics.go) tell, each with
its labels."""


def ours():
    """What our programs tell, and what the emitted WorkflowTemplates have Argo tell: each number with its labels."""
    registry = CollectorRegistry()
    Metrics(registry)
    DeadLetters(None, registry)
    others = [
        cluster.controllers.manager.controller.Metrics("USD"),
        cluster.newsroom.telemetry.Metrics(),
        cluster.controllers.reconciler.controller.Metrics(),
        steps.gentle_server.jobs.AlignmentMetrics(),
    ]
    told = {}
    for collector, names in [
        pair for one in (registry, *(other.registry for other in others)) for pair in one._collector_to_names.items()
    ]:
        labels = set(getattr(collector, "_labelnames", ()))
        told |= {name: labels | ({"le"} if name.endswith("_bucket") else set()) for name in names}
    told |= {
        family.name: set(family._labelnames) for family in cluster.controllers.manager.controller.DayMetrics("USD").collect()
    }
    return told | of_argos_own(yaml.load(manifests(STUDIO, Settings())["story.yaml"], yaml.CSafeLoader)["spec"])


def of_argos_own(spec):
    """The histograms of a WorkflowTemplate; the controller puts its prefix before their names."""
    metrics = [metric for one in (spec, *spec["templates"]) for metric in one.get("metrics", {}).get("prometheus", [])]
    labels = {metric["name"]: {label["key"] for label in metric["labels"]} for metric in metrics}
    parts = {"bucket": {"le"}, "count": set(), "sum": set()}
    return {f"argo_workflows_{name}_{part}": labels[name] | more for name in labels for part, more in parts.items()}


TOLD = ours() | OTHERS


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_uses_existing_metrics(expression):
    promql_parser.parse(expression)
    named = set(re.findall(r"\b(?:argo|newsreel|newsroom)_[a-z_]+", expression))
    assert named and named <= TOLD.keys()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_in_use_exists(expression):
    for name, matchers in re.findall(r"\b((?:argo|newsreel|newsroom)_[a-z_]+)(?:\{([^}]*)\})?", expression):
        asked = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", matchers))
        grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}
        assert asked | grouped <= TOLD[name], name


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_line_is_called_by_labels_that_it_still_has(panel):
    for expression, called in panel.series:
        grouped = re.findall(r"\bby \(([^)]*)\)", expression)
        [number] = set(re.findall(r"\b(?:argo|newsreel|newsroom)_[a-z_]+", expression))
        left = set(grouped[0].replace(" ", "").split(",")) - {"le"} if grouped else TOLD[number]
        assert set(re.findall(r"\{\{(\w+)\}\}", called)) <= left


@pytest.mark.parametrize(
    ("number", "label", "values"),
    [("newsreel_saved_stories", "state", STATES), ("newsreel_reconciler_actions_total", "action", ACTIONS)],
)
def test_a_value_that_is_asked_for_is_one_that_there_is(number, label, values):
    asked = {value for expression in EXPRESSIONS for value in re.findall(rf'{number}{{{label}="(\w+)"}}', expression)}
    assert asked and asked <= set(values)


def test_a_misspelt_expression_is_none():
    with pytest.raises(ValueError):
        promql_parser.parse("sum by (phase (x)")


def test_each_alert_has_a_name_summary_and_action():
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


def test_alerts_are_emitted_for_installed_parts_only():
    [group] = groups({"stories"})
    told = " ".join(rule["expr"] for rule in group["rules"])
    assert "newsreel_manager" not in told and "newsreel_watch" not in told and "newsreel_reconciler" in told
