"""Rules about what stands around the stories, each broken in an object that we ship, and seen to fire alone."""

import pytest
import yaml

from tests.workflows.golden_manifests import emitted
from tests.workflows.lint.test_lint_rules import BREAKS
from workflows.lint import RULES, lint

DOCUMENTS = [
    document
    for name in ("10-accounts.yaml", "20-network.yaml", "50-reconciler.yaml", "gentle.yaml")
    for document in yaml.load_all(emitted("studio")[name], yaml.CSafeLoader)
]


def shipped(kind, name):
    [found] = [one for one in DOCUMENTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return yaml.load(yaml.safe_dump(found), yaml.CSafeLoader)


def container(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]


def way(policy):
    return policy["spec"]["egress"][0]


AROUND = {
    "deployment_is_probed": [
        ("Deployment", "gentle", lambda one: container(one).pop("startupProbe")),
        ("Deployment", "gentle", lambda one: container(one).pop("readinessProbe")),
        ("Deployment", "reconciler", lambda one: container(one).pop("livenessProbe")),
    ],
    "budget_lets_machines_be_drained": [
        ("PodDisruptionBudget", "gentle", lambda one: one["spec"].update(minAvailable=1)),
        ("PodDisruptionBudget", "gentle", lambda one: one["spec"].update(maxUnavailable=0)),
        ("PodDisruptionBudget", "gentle", lambda one: one["spec"].pop("maxUnavailable")),
    ],
    "role_names_what_it_allows": [
        ("Role", "newsreel-editor", lambda one: one["rules"][0].update(verbs=["*"])),
        ("Role", "newsreel-editor", lambda one: one["rules"][0]["resources"].append("secrets")),
        ("ClusterRole", "newsreel-reconciler", lambda one: one["rules"][0].update(apiGroups=["*"])),
        ("Role", "newsreel-executor", lambda one: one["rules"][0]["resources"].append("pods/exec")),
    ],
    "egress_is_bounded": [
        ("NetworkPolicy", "report-results", lambda one: way(one).pop("to")),
        ("NetworkPolicy", "report-results", lambda one: way(one).pop("ports")),
        ("NetworkPolicy", "read-and-publish", lambda one: way(one)["to"][0]["ipBlock"].update(cidr="0.0.0.0/0")),
    ],
}


@pytest.mark.parametrize(("rule", "kind", "name", "harm"), [(rule, *harm) for rule, harms in AROUND.items() for harm in harms])
def test_a_broken_rule_is_seen_and_nothing_else(rule, kind, name, harm):
    document = shipped(kind, name)
    assert lint(document) == []
    harm(document)
    assert {fault.rule for fault in lint(document)} == {rule}


def test_every_rule_is_broken_by_a_test():
    assert {rule.name for rule in RULES} == {*BREAKS, *AROUND}
