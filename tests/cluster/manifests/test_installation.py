"""The installation: valid by Kubernetes' schemas, with minimal permissions."""

import re

import kubernetes_validate
import pytest
import yaml

from cluster.manifests.emit import installation, manifests
from newsreel.config.names import STORAGE_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.story.priority import PRIORITIES
from workflows.profiles import EMBEDDED, PROFILES, STUDIO

SETTINGS = Settings(
    newsroom_url="https://newsroom.example",
    archive_host="10.0.0.3",
    google_account="a@b.iam.gserviceaccount.com",
    editors=("newsroom@example.com",),
    previews_bucket="newsroom-previews",
)
OBJECTS = [document for documents in installation(SETTINGS).values() for document in documents]
EMITTED = manifests(STUDIO, SETTINGS)
STORY = yaml.load(EMITTED["story.yaml"], yaml.CSafeLoader)
TRAINING = yaml.load(EMITTED["train-presenter.yaml"], yaml.CSafeLoader)


SYSTEMS = {
    template["metadata"]["labels"]["newsreel/system"]: template
    for template in [*STORY["spec"]["templates"], *TRAINING["spec"]["templates"]]
    if "container" in template
}
DEPLOYED = [
    document for name in ("50-reconciler.yaml", "gentle.yaml") for document in yaml.load_all(EMITTED[name], yaml.CSafeLoader)
]


def objects(kind, documents=OBJECTS):
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def of_kind(*kinds):
    return [document for document in OBJECTS if document["kind"] in kinds]


@pytest.mark.parametrize("document", OBJECTS, ids=lambda document: f"{document['kind']}-{document['metadata']['name']}")
def test_kubernetes_schemas_know_every_field(document):
    kubernetes_validate.validate(document, "1.34", strict=True)


def test_files_are_applied_after_what_they_need():
    names = list(manifests(EMBEDDED, SETTINGS))
    assert names == sorted(names)
    assert names[0] == "00-namespace.yaml"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_all_that_is_in_a_namespace_is_in_ours(profile):
    of_the_cluster = {"Namespace", "PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ConfigMap"}
    of_the_cluster |= {"ClusterRole", "ClusterRoleBinding"}
    for text in manifests(profile, Settings(namespace="elsewhere")).values():
        for document in yaml.load_all(text, yaml.CSafeLoader):
            if document["kind"] not in of_the_cluster and document["metadata"].get("namespace") != "kube-node-lease":
                assert document["metadata"]["namespace"] == "elsewhere"


def test_two_installations_do_not_share_cluster_roles():
    """What lies in no namespace of theirs has the namespace in its name; the classes are the same for all."""
    outside = [
        {
            (document["kind"], document["metadata"]["name"])
            for documents in installation(Settings(namespace=name)).values()
            for document in documents
            if document["metadata"].get("namespace") not in (name, "argo") and document["kind"] != "PriorityClass"
        }
        for name in ("newsreel", "elsewhere")
    ]
    assert len(outside[0]) == len(outside[1]) == 7
    assert not outside[0] & outside[1]


def test_named_accounts_exist_and_mount_no_token():
    accounts = objects("ServiceAccount")
    named = {STORY["spec"]["serviceAccountName"], STORY["spec"]["executor"]["serviceAccountName"]}
    named |= {template["serviceAccountName"] for template in STORY["spec"]["templates"] if "serviceAccountName" in template}
    named |= {one["spec"]["template"]["spec"]["serviceAccountName"] for one in objects("Deployment", DEPLOYED).values()}
    assert named == set(accounts)
    assert all(account["automountServiceAccountToken"] is False for account in accounts.values())


def test_only_the_account_at_the_buckets_is_somebody_to_google():
    known = {name for name, account in objects("ServiceAccount").items() if account["metadata"].get("annotations")}
    assert known == {STORAGE_ACCOUNT}


def test_a_role_says_each_resource_and_verb_by_name():
    for role in of_kind("Role", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert not {"secrets", "pods/exec", "roles", "rolebindings", "serviceaccounts/token"} & set(rule["resources"])


def test_bindings_name_existing_roles_and_accounts():
    roles = {
        (role["kind"], role["metadata"].get("namespace"), role["metadata"]["name"]) for role in of_kind("Role", "ClusterRole")
    }
    bound = set()
    for binding in of_kind("RoleBinding", "ClusterRoleBinding"):
        kind = binding["kind"].removesuffix("Binding")
        bound.add((kind, binding["metadata"].get("namespace"), binding["roleRef"]["name"]))
        assert binding["roleRef"]["kind"] == kind
        for subject in binding["subjects"]:
            assert subject["name"] in (objects("ServiceAccount") if subject["kind"] == "ServiceAccount" else SETTINGS.editors)
    assert bound == roles


def test_cluster_roles_only_read_nodes():
    rules = [
        rule
        for role in of_kind("Role", "ClusterRole")
        if role["metadata"].get("namespace") != "newsreel"
        for rule in role["rules"]
    ]
    assert {(*rule["resources"], *rule["verbs"]) for rule in rules} == {("nodes", "list"), ("leases", "list")}


def test_without_editors_there_is_no_binding():
    assert "newsreel-editor" not in {
        document["metadata"]["name"] for document in installation(Settings())["10-accounts.yaml"] if "Binding" in document["kind"]
    }


def test_argo_finds_the_executors_token_where_it_looks():
    name = f"{STORY['spec']['executor']['serviceAccountName']}.service-account-token"
    assert (
        objects("Secret")[name]["metadata"]["annotations"]["kubernetes.io/service-account.name"] + ".service-account-token"
        == name
    )


def test_every_priority_has_a_class_in_order():
    classes = objects("PriorityClass")
    [priority] = [given for given in STORY["spec"]["arguments"]["parameters"] if given["name"] == "priority"]
    assert {f"newsreel-{value}" for value in priority["enum"]} | {"newsreel-service"} == set(classes)
    assert set(PRIORITIES) == set(priority["enum"]), "what `check` takes is what there are classes of"
    assert classes["newsreel-service"]["value"] > classes["newsreel-breaking"]["value"]
    assert classes["newsreel-breaking"]["value"] > classes["newsreel-normal"]["value"]
    assert {entry["preemptionPolicy"] for entry in classes.values()} == {"Never"}, "a story under way is not killed for another"


def test_nothing_may_be_talked_to_that_is_not_said():
    policies = objects("NetworkPolicy")
    deny = policies["deny-all"]["spec"]
    assert (deny["podSelector"], set(deny["policyTypes"])) == ({}, {"Ingress", "Egress"})
    assert not deny.get("egress") and not deny.get("ingress")
    blocks = [rule for policy in policies.values() for rule in policy["spec"].get("egress", [])]
    assert not [block for block in blocks if "0.0.0.0/0" in str(block) or not block.get("to")]


def test_only_storage_systems_reach_the_buckets():
    [expression] = objects("NetworkPolicy")["read-and-publish"]["spec"]["podSelector"]["matchExpressions"]
    at_storage = {system for system, template in SYSTEMS.items() if template.get("serviceAccountName") == STORAGE_ACCOUNT}
    assert set(expression["values"]) == at_storage
    keeping = {system for system, template in SYSTEMS.items() if template.get("outputs", {}).get("artifacts")}
    assert keeping <= at_storage, "Argo keeps a step's previews from the step's own pod, under its account"


def test_only_callers_reach_a_service():
    callers = {
        system
        for system, template in SYSTEMS.items()
        if "GENTLE_URL" in {entry["name"] for entry in template["container"].get("env", [])}
    }
    [let_out] = objects("NetworkPolicy")["call-gentle"]["spec"]["podSelector"]["matchExpressions"]
    let_in = objects("NetworkPolicy", DEPLOYED)["gentle"]["spec"]
    assert callers == set(let_out["values"]) == {*let_in["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"]}
    assert "Egress" in let_in["policyTypes"] and "egress" not in let_in


def test_names_are_looked_up_by_who_calls_somebody_by_name_alone():
    policies = objects("NetworkPolicy")
    named = [
        policies[name]["spec"]["podSelector"]["matchExpressions"][0]["values"]
        for name in ("read-and-publish", "call-gentle", "find-names")
    ]
    assert {*named[0], *named[1]} == {*named[2]}


def test_the_reconciler_reaches_the_api_server_and_nothing_else():
    labels = objects("Deployment", DEPLOYED)["reconciler"]["spec"]["template"]["metadata"]["labels"]
    chosen = [
        policy
        for policy in of_kind("NetworkPolicy")
        if (wanted := policy["spec"]["podSelector"].get("matchLabels")) and wanted.items() <= labels.items()
    ]
    assert [policy["metadata"]["name"] for policy in chosen] == ["reconcile"]
    [out] = chosen[0]["spec"]["egress"]
    assert [block["ipBlock"]["cidr"] for block in out["to"]] == list(SETTINGS.api_servers)


@pytest.mark.parametrize(
    "deployment", objects("Deployment", DEPLOYED).values(), ids=lambda document: document["metadata"]["name"]
)
def test_deployments_have_pool_probes_and_budget(deployment):
    spec, pod = deployment["spec"], deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == container["ports"][0]["name"]
    slowest = container["livenessProbe"]["periodSeconds"] * container["livenessProbe"]["failureThreshold"]
    assert slowest >= 60, "who is busy is not stuck"
    assert pod["priorityClassName"] in objects("PriorityClass")
    assert pod["nodeSelector"] == dict([SETTINGS.system_pool.selector])
    assert {entry["whenUnsatisfiable"] for entry in pod["topologySpreadConstraints"]} == {"ScheduleAnyway"}
    budget = objects("PodDisruptionBudget", DEPLOYED)[deployment["metadata"]["name"]]
    assert budget["spec"]["selector"] == spec["selector"]
    assert "minAvailable" not in budget["spec"]
    mounted = [mount["mountPath"] for mount in container["volumeMounts"] if "serviceaccount" in mount["mountPath"]]
    assert bool(mounted) is (deployment["metadata"]["name"] == "reconciler")


def test_a_caller_comes_back_to_the_server_it_began_with():
    """A transcription is known to the one alone that was asked for it."""
    assert objects("Deployment", DEPLOYED)["gentle"]["spec"]["replicas"] > 1
    assert objects("Service", DEPLOYED)["gentle"]["spec"]["sessionAffinity"] == "ClientIP"


def test_argo_runs_installed_templates_only():
    [configuration] = objects("ConfigMap").values()
    told = {name: yaml.load(text, yaml.CSafeLoader) for name, text in configuration["data"].items()}
    assert told["workflowRestrictions"] == {"templateReferencing": "Strict"}
    assert told["namespaceParallelism"] == SETTINGS.stories_at_once
    assert told["artifactRepository"]["archiveLogs"] is False
    assert [re.sub(r"\$\{.*\}", "ID", link["url"]) for link in told["links"]] == ["https://newsroom.example/stories/ID"]
    assert told["persistence"]["postgresql"]["host"] == "10.0.0.3"


def test_archive_and_newsroom_are_optional():
    [document] = installation(Settings())["40-controller.yaml"]
    assert {"persistence", "links"}.isdisjoint(document["data"])
