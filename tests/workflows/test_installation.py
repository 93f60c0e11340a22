"""What a cluster must hold before the first story: known to Kubernetes' schemas to the last field, and no more than is needed."""

import re

import kubernetes_validate
import pytest
import yaml

from workflows.installation import installation
from workflows.manifests import manifests
from workflows.settings import Settings
from workflows.systems import EMBEDDED, PROFILES, STUDIO

SETTINGS = Settings(
    newsroom_url="https://newsroom.example", archive_host="10.0.0.3", google_account="a@b.iam.gserviceaccount.com"
)
OBJECTS = [document for documents in installation(SETTINGS).values() for document in documents]
STORY = yaml.safe_load(manifests(STUDIO, SETTINGS)["story.yaml"])


def objects(kind):
    return {document["metadata"]["name"]: document for document in OBJECTS if document["kind"] == kind}


@pytest.mark.parametrize("document", OBJECTS, ids=lambda document: f"{document['kind']}-{document['metadata']['name']}")
def test_kubernetes_schemas_know_every_field(document):
    kubernetes_validate.validate(document, "1.34", strict=True)


def test_files_come_in_an_order_in_which_each_finds_what_it_needs():
    names = list(manifests(EMBEDDED, SETTINGS))
    assert names == sorted(names)
    assert names[0] == "00-namespace.yaml"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_all_that_is_in_a_namespace_is_in_ours(profile):
    of_the_cluster = {"Namespace", "PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ConfigMap"}
    for text in manifests(profile, Settings(namespace="elsewhere")).values():
        for document in yaml.safe_load_all(text):
            if document["kind"] not in of_the_cluster:
                assert document["metadata"]["namespace"] == "elsewhere"


def test_every_account_a_story_names_is_there_and_gives_its_token_to_nobody_unasked():
    accounts = objects("ServiceAccount")
    named = {STORY["spec"]["serviceAccountName"], STORY["spec"]["executor"]["serviceAccountName"]}
    named |= {template["serviceAccountName"] for template in STORY["spec"]["templates"] if "serviceAccountName" in template}
    assert named == set(accounts)
    assert all(account["automountServiceAccountToken"] is False for account in accounts.values())


def test_only_the_account_at_the_buckets_is_somebody_to_google():
    known = {name for name, account in objects("ServiceAccount").items() if account["metadata"].get("annotations")}
    assert known == {SETTINGS.storage_account}


def test_a_role_says_each_resource_and_verb_by_name():
    for role in objects("Role").values():
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert "secrets" not in rule["resources"]


def test_argo_finds_the_executors_token_where_it_looks():
    name = f"{STORY['spec']['executor']['serviceAccountName']}.service-account-token"
    assert (
        objects("Secret")[name]["metadata"]["annotations"]["kubernetes.io/service-account.name"] + ".service-account-token"
        == name
    )


def test_every_priority_a_story_may_have_is_a_class_and_breaking_news_comes_first():
    classes = objects("PriorityClass")
    [priority] = [given for given in STORY["spec"]["arguments"]["parameters"] if given["name"] == "priority"]
    assert {f"newsreel-{value}" for value in priority["enum"]} == set(classes)
    assert classes["newsreel-breaking"]["value"] > classes["newsreel-normal"]["value"]
    assert {entry["preemptionPolicy"] for entry in classes.values()} == {"Never"}, "a story under way is not killed for another"


def test_nothing_may_be_talked_to_that_is_not_said():
    policies = objects("NetworkPolicy")
    deny = policies["deny-all"]["spec"]
    assert (deny["podSelector"], set(deny["policyTypes"])) == ({}, {"Ingress", "Egress"})
    assert not deny.get("egress") and not deny.get("ingress")
    blocks = [rule for policy in policies.values() for rule in policy["spec"].get("egress", [])]
    assert not [block for block in blocks if "0.0.0.0/0" in str(block) or not block.get("to")]


def test_the_buckets_are_open_to_the_systems_that_use_them_and_to_no_other():
    [expression] = objects("NetworkPolicy")["read-and-publish"]["spec"]["podSelector"]["matchExpressions"]
    training = yaml.safe_load(manifests(STUDIO, SETTINGS)["train-presenter.yaml"])
    at_storage = {
        template["metadata"]["labels"]["newsreel/system"]
        for template in [*STORY["spec"]["templates"], *training["spec"]["templates"]]
        if template.get("serviceAccountName") == SETTINGS.storage_account
    }
    assert set(expression["values"]) == at_storage


def test_the_controller_reads_each_setting_as_yaml_and_runs_nothing_but_what_is_installed():
    [configuration] = objects("ConfigMap").values()
    told = {name: yaml.safe_load(text) for name, text in configuration["data"].items()}
    assert told["workflowRestrictions"] == {"templateReferencing": "Strict"}
    assert told["namespaceParallelism"] == SETTINGS.stories_at_once
    assert told["artifactRepository"]["archiveLogs"] is False
    assert [re.sub(r"\$\{.*\}", "ID", link["url"]) for link in told["links"]] == ["https://newsroom.example/stories/ID"]
    assert told["persistence"]["postgresql"]["host"] == "10.0.0.3"


def test_an_installation_without_archive_and_newsroom_names_neither():
    [document] = installation(Settings())["40-controller.yaml"]
    assert {"persistence", "links"}.isdisjoint(document["data"])
