"""Each rule is broken in a manifest that we emit, and is reported; no other rule is but those that must be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadInput
from tests.workflows.golden_manifests import emitted, write_manifests
from workflows.lint import RULES, lint, lint_files

Manifest = dict[str, Any]


def shipped(name: str = "story.yaml") -> Manifest:
    return next(yaml.load_all(emitted("studio")[name], yaml.CSafeLoader))


def template(manifest: Manifest, name: str) -> Manifest:
    return next(template for template in manifest["spec"]["templates"] if template["name"] == name)


def task(manifest: Manifest, dag: str, name: str) -> Manifest:
    return next(task for task in template(manifest, dag)["dag"]["tasks"] if task["name"] == name)


def container(manifest: Manifest, name: str) -> Manifest:
    return template(manifest, name)["container"]


def argument(manifest: Manifest, dag: str, of: str, name: str) -> Manifest:
    return next(given for given in task(manifest, dag, of)["arguments"]["parameters"] if given["name"] == name)


def rename_template(manifest: Manifest, old: str, new: Any) -> None:
    template(manifest, old)["name"] = new
    for dag in manifest["spec"]["templates"]:
        for called in dag.get("dag", {}).get("tasks", []):
            if called["template"] == old:
                called["template"] = new


def add_parameter(manifest: Manifest, name: str, value: str) -> None:
    """A well-wired parameter of the anchor: handed over, and read."""
    template(manifest, "anchor")["inputs"]["parameters"].append({"name": name})
    task(manifest, "attempt", "anchor")["arguments"]["parameters"].append({"name": name, "value": value})
    container(manifest, "anchor")["args"].append(f"{{{{inputs.parameters.{name}}}}}")


def add_output_to_attempt(manifest: Manifest, reference: str) -> None:
    """`work` tells the state on to the attempt, which lints well when bare."""
    story = template(manifest, "story")
    story["outputs"] = {"parameters": [{"name": "state", "valueFrom": {"parameter": reference}}]}


BREAKS: dict[str, tuple[Callable[[Manifest], Any], set[str]]] = {
    # rule: (how it is broken, which other rules must fire as well)
    "name_is_a_dns_label": (lambda m: rename_template(m, "g2p", "g2p_steps"), set()),
    "name_fits_a_label": (lambda m: rename_template(m, "g2p", "g" * 64), set()),
    "name_is_not_a_yaml_constant": (lambda m: rename_template(m, "g2p", "no"), set()),
    "template_exists": (lambda m: task(m, "work", "g2p").update(template="g3p"), {"template_is_used"}),
    "template_name_is_unique": (lambda m: m["spec"]["templates"].append(template(m, "g2p")), set()),
    "task_name_is_unique": (lambda m: template(m, "story")["dag"]["tasks"].append(dict(task(m, "story", "check"))), set()),
    "template_is_used": (
        lambda m: m["spec"]["templates"].append(template(m, "report") | {"name": "orphan"}),
        {"reference_resolves"},
    ),
    "argument_is_given": (lambda m: task(m, "work", "g2p")["arguments"]["parameters"].pop(0), set()),
    "argument_is_wanted": (
        lambda m: task(m, "work", "g2p")["arguments"]["parameters"].append({"name": "shard", "value": "0/1"}),
        set(),
    ),
    "input_is_read": (lambda m: container(m, "publish").update(args=["publish", "--workspace", "/story"]), set()),
    "output_is_read": (
        lambda m: template(m, "publish").update(outputs={"parameters": [{"name": "state", "valueFrom": {"path": "/tmp/state"}}]}),
        set(),
    ),
    "reference_resolves": (lambda m: container(m, "g2p")["args"].append("{{inputs.parameters.stroy}}"), set()),
    "producer_is_awaited": (lambda m: task(m, "story", "attempt").pop("depends"), {"task_leads_to_the_target"}),
    "template_is_a_container_or_a_dag": (lambda m: template(m, "g2p").update(sidecars=[{"name": "spy", "image": "spy"}]), set()),
    "dependency_exists": (lambda m: task(m, "work", "g2p").update(depends="gentel.Succeeded"), set()),
    "task_leads_to_the_target": (lambda m: template(m, "story")["dag"].update(target="attempt"), set()),
    "dependency_says_its_status": (lambda m: task(m, "work", "g2p").update(depends="init-story"), set()),
    "dependencies_have_an_end": (lambda m: task(m, "work", "g2p").update(depends="gentle.Succeeded"), set()),
    "calls_have_an_end": (
        lambda m: template(m, "work")["dag"]["tasks"].append(task(m, "attempt", "work") | {"name": "again", "depends": ""}),
        {"producer_is_awaited", "reference_resolves"},
    ),
    "retry_has_a_limit": (lambda m: template(m, "g2p")["retryStrategy"].pop("limit"), set()),
    "retry_is_for_transient_faults": (lambda m: template(m, "g2p")["retryStrategy"].pop("expression"), set()),
    "attempt_holds_no_step": (
        lambda m: template(m, "anchor").update(retryStrategy=template(m, "g2p")["retryStrategy"]),
        set(),
    ),
    "attempt_has_no_exit_hook": (
        lambda m: task(m, "attempt", "work").update(hooks={"exit": {"template": "report"}}),
        set(),
    ),
    "exit_handler_outlives_the_story": (
        lambda m: template(m, "report").update(retryStrategy=template(m, "g2p")["retryStrategy"]),
        set(),
    ),
    "dag_places_nothing": (lambda m: template(m, "work").update(nodeSelector={"a": "b"}), set()),
    "workflow_comes_to_an_end": (lambda m: m["spec"].pop("ttlStrategy"), set()),
    "parameter_is_not_text": (lambda m: add_parameter(m, "narration", "none"), set()),
    "value_is_plain": (lambda m: add_parameter(m, "state", "rm -rf $HOME"), set()),
    "no_expression_is_evaluated": (
        lambda m: container(m, "g2p")["args"].append("{{=sprig.env('HOME')}}"),
        {"reference_resolves"},
    ),
    "metric_has_few_series": (
        lambda m: m["spec"]["metrics"]["prometheus"][0]["labels"].append(
            {"key": "story", "value": "{{workflow.parameters.story}}"}
        ),
        set(),
    ),
    "no_shell_meets_a_parameter": (lambda m: container(m, "publish").update(command=["/bin/sh", "-c"]), set()),
    "value_from_is_a_bare_reference": (
        lambda m: add_output_to_attempt(m, "it is {{tasks.check.outputs.parameters.state}}"),
        {"output_is_read"},
    ),
    "leaf_chooses_its_node": (lambda m: template(m, "check").pop("nodeSelector"), set()),
    "step_is_pinned": (
        lambda m: template(m, "g2p").update(nodeSelector={"cloud.google.com/gke-nodepool": "gpu"}),
        {"input_is_read"},
    ),
    "step_tolerates_the_pool": (lambda m: template(m, "g2p").pop("tolerations"), set()),
    "step_mounts_the_story": (lambda m: container(m, "g2p").pop("volumeMounts"), set()),
    "host_path_is_a_storys": (lambda m: template(m, "anchor")["volumes"][0]["hostPath"].update(path="/etc"), set()),
    "directory_is_the_workflows_own": (lambda m: argument(m, "attempt", "work", "dir").update(value="/var/lib/shared"), set()),
    "attempt_holds_an_anchor": (
        lambda m: template(m, "anchor").pop("daemon"),
        {"host_path_is_a_storys", "only_the_anchor_is_root", "step_is_pinned", "step_mounts_the_story"}
        | {"step_counts_its_progress", "reference_resolves"},
    ),
    "daemon_has_a_readiness_probe": (lambda m: container(m, "anchor").pop("readinessProbe"), set()),
    "anchor_repels_anchors": (lambda m: template(m, "anchor")["metadata"]["labels"].pop("newsreel/role"), set()),
    "no_sub_path_expression": (lambda m: container(m, "g2p")["volumeMounts"][0].update(subPathExpr="$(A)"), set()),
    "pod_keeps_its_node": (
        lambda m: template(m, "g2p")["metadata"]["annotations"].pop("cluster-autoscaler.kubernetes.io/safe-to-evict"),
        set(),
    ),
    "image_is_pinned": (lambda m: container(m, "g2p").update(image="registry:5000/newsreel/g2p"), set()),
    "resources_are_stated": (lambda m: container(m, "g2p")["resources"].pop("limits"), set()),
    "leaf_has_a_deadline": (lambda m: template(m, "g2p").pop("activeDeadlineSeconds"), {"input_is_read"}),
    "leaf_has_a_priority": (lambda m: template(m, "g2p").pop("priorityClassName"), set()),
    "container_is_confined": (lambda m: container(m, "g2p")["securityContext"].update(readOnlyRootFilesystem=False), set()),
    "only_the_anchor_is_root": (lambda m: container(m, "g2p")["securityContext"].update(runAsUser=0), set()),
    "nothing_is_privileged": (lambda m: container(m, "anchor")["securityContext"].update(privileged=True), set()),
    "steps_get_no_token": (lambda m: m["spec"].pop("automountServiceAccountToken"), set()),
    "step_counts_its_progress": (lambda m: template(m, "g2p")["metadata"]["annotations"].pop("newsreel/counts"), set()),
    "output_lies_on_a_volume": (
        lambda m: template(m, "check")["outputs"]["parameters"][0]["valueFrom"].update(path="/srv/state"),
        set(),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_rule_is_reported_alone(name: str) -> None:
    harm, also = BREAKS[name]
    manifest = shipped()
    harm(manifest)
    faults = lint(manifest)
    assert {fault.rule for fault in faults} == {name} | also


OBJECTS = [
    document
    for name in ("10-accounts.yaml", "20-network.yaml", "50-reconciler.yaml", "gentle.yaml")
    for document in yaml.load_all(emitted("studio")[name], yaml.CSafeLoader)
]


def emitted_object(kind: str, name: str) -> Manifest:
    [found] = [one for one in OBJECTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return yaml.load(yaml.safe_dump(found), yaml.CSafeLoader)


def container_of(deployment: Manifest) -> Manifest:
    return deployment["spec"]["template"]["spec"]["containers"][0]


def egress_of(policy: Manifest) -> Manifest:
    return policy["spec"]["egress"][0]


BREAKS_OF_OBJECTS: dict[str, list[tuple[str, str, Callable[[Manifest], Any]]]] = {
    "deployment_is_probed": [
        ("Deployment", "gentle", lambda one: container_of(one).pop("startupProbe")),
        ("Deployment", "gentle", lambda one: container_of(one).pop("readinessProbe")),
        ("Deployment", "reconciler", lambda one: container_of(one).pop("livenessProbe")),
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
        ("NetworkPolicy", "report-results", lambda one: egress_of(one).pop("to")),
        ("NetworkPolicy", "report-results", lambda one: egress_of(one).pop("ports")),
        ("NetworkPolicy", "read-and-publish", lambda one: egress_of(one)["to"][0]["ipBlock"].update(cidr="0.0.0.0/0")),
    ],
}


@pytest.mark.parametrize(
    ("rule", "kind", "name", "harm"), [(rule, *harm) for rule, harms in BREAKS_OF_OBJECTS.items() for harm in harms]
)
def test_a_broken_rule_of_another_object_is_reported_alone(
    rule: str, kind: str, name: str, harm: Callable[[Manifest], Any]
) -> None:
    document = emitted_object(kind, name)
    assert lint(document) == []
    harm(document)
    assert {fault.rule for fault in lint(document)} == {rule}


def test_every_rule_is_broken_by_a_test() -> None:
    assert {rule.name for rule in RULES} == {*BREAKS, *BREAKS_OF_OBJECTS}


def test_a_fault_names_its_file_its_path_and_its_rule() -> None:
    manifest = shipped()
    container(manifest, "g2p")["image"] = "newsreel/g2p:latest"
    [fault] = lint(manifest, "story.yaml")
    assert str(fault) == (
        "story.yaml: spec.templates[g2p].container.image: 'newsreel/g2p:latest' has no version [image_is_pinned]"
    )


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("image", "newsreel/g2p@sha256:" + "0" * 64),
        ("image", "registry:5000/newsreel/g2p:1.2"),
    ],
)
def test_a_pinned_image_of_any_registry_is_accepted(place: str, value: str) -> None:
    manifest = shipped()
    container(manifest, "g2p")[place] = value
    assert lint(manifest) == []


def test_all_faults_are_listed_not_only_the_first() -> None:
    manifest = shipped()
    for name in ("g2p", "dlib", "compose"):
        template(manifest, name).pop("priorityClassName")
        template(manifest, name).pop("tolerations")
    assert len(lint(manifest)) == 6


def test_a_cycle_of_three_is_found() -> None:
    manifest = shipped()
    task(manifest, "work", "waveglow")["depends"] = "animate.Succeeded"
    assert {"dependencies_have_an_end"} <= {fault.rule for fault in lint(manifest)}


def test_a_misspelt_output_is_not_known() -> None:
    manifest = shipped()
    task(manifest, "work", "pix2pixhd")["withParam"] = "{{tasks.init-story.outputs.parameters.shard}}"
    assert {fault.rule for fault in lint(manifest)} == {"reference_resolves", "output_is_read"}


@pytest.mark.parametrize("reference", ["{{workflow.status}}", "{{item}}", "{{workflow.parameters.title}}", "{{pod.name"])
def test_a_reference_valid_elsewhere_is_not_valid_here(reference: str) -> None:
    manifest = shipped()
    container(manifest, "g2p")["args"].append(reference)
    assert {fault.rule for fault in lint(manifest)} == {"reference_resolves"}


def test_services_are_held_to_the_rules_of_pods() -> None:
    manifest = shipped("gentle.yaml")
    pod = manifest["spec"]["template"]["spec"]
    pod["hostNetwork"] = True
    pod["automountServiceAccountToken"] = True
    pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}})
    pod["containers"][0]["image"] = "newsreel/gentle"
    pod["containers"][0]["securityContext"]["runAsUser"] = 0
    assert {fault.rule for fault in lint(manifest)} == {
        "nothing_is_privileged",
        "steps_get_no_token",
        "host_path_is_a_storys",
        "image_is_pinned",
        "only_the_anchor_is_root",
    }


@pytest.mark.parametrize("profile", ["studio", "embedded"])
def test_the_emitted_manifests_are_without_fault(profile: str, tmp_path: Path) -> None:
    assert list(lint_files([write_manifests(profile, tmp_path / profile)])) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_why_and_what_to_change(rule: Any) -> None:
    assert rule.advice.endswith(".") and ":" in rule.advice and len(rule.advice) > 60


ANY_YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "dag", "tasks", "container", "inputs", "parameters", "depends", "volumes"]), below
        )
    ),
    max_leaves=12,
)


@given(ANY_YAML, ANY_YAML)
def test_any_yaml_is_linted_without_an_error(spec: Any, templates: Any) -> None:
    assert isinstance(lint({"kind": "WorkflowTemplate", "spec": spec}), list)
    assert isinstance(lint({"kind": "WorkflowTemplate", "spec": {"templates": templates}}), list)
    assert isinstance(lint(spec), list)


def test_what_is_not_yaml_is_refused_by_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "story.yaml"
    file.write_text("kind: WorkflowTemplate\nspec: [\n")
    with pytest.raises(BadInput, match=r"story\.yaml:3: is not YAML"):
        list(lint_files([file]))
    with pytest.raises(BadInput, match="no such file"):
        list(lint_files([tmp_path / "absent.yaml"]))
