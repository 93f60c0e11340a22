"""cluster/terraform read as HCL, and held against what newsreel.yaml and the manifests say. The provider's own word, where it is
to be had: NEWSREEL_TERRAFORM_PLUGINS names a folder as `terraform providers mirror` makes one."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest
import yaml

from cluster.controllers.manager.gke_cluster_spec import cluster_spec
from cluster.gke.terraform import as_json, variables
from cluster.manifests.emit import manifests
from newsreel.config.file import changed, read_gke_config
from newsreel.config.names import Account, Bucket
from newsreel.config.settings import settings_of
from newsreel.submission.topics import HEARD, PULLED, SUBSCRIPTIONS, TOPICS, request_of
from workflows.profiles import STUDIO

FOLDER = Path(__file__).parents[3] / "cluster" / "terraform"
PARAMETERS = read_gke_config()
PLUGINS = os.environ.get("NEWSREEL_TERRAFORM_PLUGINS")


def plain(node):
    """Without the quotes and braces that the parser keeps, and without its own notes."""
    if isinstance(node, dict):
        return {plain(key): plain(value) for key, value in node.items() if key not in ("__is_block__", "__comments__")}
    if isinstance(node, list):
        return [plain(each) for each in node]
    if isinstance(node, str) and len(node) >= 2 and node[0] == node[-1] == '"':
        return node[1:-1]
    return node


@pytest.fixture(scope="module")
def blocks():
    """All blocks of a kind, of all files."""
    found = {}
    for file in sorted(FOLDER.glob("*.tf")):
        for kind, listed in plain(hcl2.loads(file.read_text())).items():
            if isinstance(listed, list):
                found.setdefault(kind, []).extend(listed)
    return found


@pytest.fixture(scope="module")
def declared(blocks):
    return {name: body for block in blocks["variable"] for name, body in block.items()}


@pytest.fixture(scope="module")
def resources(blocks):
    return {(kind, name): body for block in blocks["resource"] for kind, named in block.items() for name, body in named.items()}


def test_variables_have_type_description_and_validation(declared):
    for name, body in declared.items():
        assert body.get("description"), name
        assert body.get("type"), name
        assert body.get("validation") or body["type"] == "bool", name


def test_newsreel_yaml_gives_the_variables_without_default(declared):
    needed = {name for name, body in declared.items() if "default" not in body}
    assert needed <= set(variables(PARAMETERS)) <= set(declared)


def test_every_variable_is_used(declared):
    text = "\n".join(file.read_text() for file in FOLDER.glob("*.tf") if file.name != "variables.tf")
    assert [name for name in declared if not re.search(rf"\bvar\.{name}\b", text)] == []


def test_provider_and_program_are_pinned_to_a_range(blocks):
    [told] = blocks["terraform"]
    assert re.fullmatch(r">= \d+\.\d+, < \d+\.\d+", told["required_version"])
    [providers] = told["required_providers"]
    assert all(re.fullmatch(r">= \d+\.\d+, < \d+\.\d+", each["version"]) for each in providers.values())


def test_buckets_are_private_versioned_and_never_emptied(resources):
    bucket = resources["google_storage_bucket", "of"]
    assert bucket["uniform_bucket_level_access"] is True and bucket["public_access_prevention"] == "enforced"
    assert bucket["versioning"] == [{"enabled": True}] and bucket["force_destroy"] is False


def test_only_previews_are_removed_after_a_time():
    kept = {name: bucket["days"] for name, bucket in variables(PARAMETERS)["buckets"].items()}
    assert kept == {which.value: (30 if which in (Bucket.PREVIEWS, Bucket.UNITS) else None) for which in Bucket}


def test_each_account_has_only_its_own_roles(blocks):
    """No owner, editor or admin; the one exception installs what runs in a cluster that it makes itself."""
    text = "\n".join(file.read_text() for file in FOLDER.glob("*.tf"))
    roles = re.findall(r'"(roles/[a-zA-Z.]+)"', text)
    broad = [role for role in roles if role in ("roles/owner", "roles/editor", "roles/viewer") or role.lower().endswith("admin")]
    assert broad == ["roles/container.admin"]
    assert "google_service_account_key" not in text, "Workload Identity needs no key"
    assert not re.search(r"allUsers|allAuthenticatedUsers", text)


def test_editors_may_add_and_announce_stories_only(blocks, resources):
    [rights] = [each["editors_on_buckets"] for each in blocks["locals"] if "editors_on_buckets" in each]
    assert {(right["bucket"], right["role"]) for right in rights.values()} == {
        ("stories", "roles/storage.objectCreator"),
        ("stories", "roles/storage.objectViewer"),
        ("finals", "roles/storage.objectViewer"),
    }
    [role] = [body for (kind, name), body in resources.items() if (kind, name) == ("google_project_iam_custom_role", "editor")]
    assert set(plain(role["permissions"])) == {f"container.clusters.{verb}" for verb in ("connect", "get", "list")}
    assert (
        variables(changed(PARAMETERS, cluster={"editors": ["desk@example.org"]}))["editors"] == ["desk@example.org"]
        and variables(PARAMETERS)["editors"] == []
    )


def test_each_program_may_pull_its_own_subscription_only():
    assert variables(PARAMETERS)["subscribers"] == {Account.EVENTS: PULLED, Account.MANAGER: HEARD}


def test_topics_and_subscriptions_are_those_in_use():
    told = variables(PARAMETERS)
    assert set(told["topics"].values()) == set(TOPICS)
    for one in SUBSCRIPTIONS:
        made, asked = told["subscriptions"][one.name], request_of("p", one)
        assert asked["topic"].endswith(f"/{made['topic']}") and asked["enable_message_ordering"] == made["ordered"]
        assert asked["ack_deadline_seconds"] == made["answer"]
        assert asked["message_retention_duration"].total_seconds() == made["kept"]
        assert asked["retry_policy"]["maximum_backoff"].total_seconds() == made["longest_wait"]
        if made["dead_letters"]:
            assert asked["dead_letter_policy"]["max_delivery_attempts"] == made["most_attempts"]
            assert asked["dead_letter_policy"]["dead_letter_topic"].endswith(made["dead_letters"])


def emitted(parameters):
    texts = manifests(STUDIO, settings_of(parameters))
    return [document for text in texts.values() for document in yaml.load_all(text, yaml.CSafeLoader)]


def test_each_google_account_has_one_service_account():
    told = variables(PARAMETERS)["accounts"]
    ours = {
        account["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]: f"newsreel/{account['metadata']['name']}"
        for account in emitted(PARAMETERS)
        if account["kind"] == "ServiceAccount" and "annotations" in account["metadata"]
    }
    made = {f"{one['id']}@{PARAMETERS.cluster.project}.iam.gserviceaccount.com": one["kubernetes"] for one in told.values()}
    assert ours and {google: made[google] for google in ours} == ours
    assert told[Account.NODES]["kubernetes"] is None and told[Account.ARGO]["kubernetes"] == "argo/argo-server"


def test_each_bucket_and_topic_that_a_manifest_names_is_made():
    text = "".join(manifests(STUDIO, settings_of(PARAMETERS)).values())
    told = variables(PARAMETERS)
    named = set(re.findall(r"gs://([a-z0-9-]+)(?=[/\s,\"])", text))
    assert named and named <= {bucket["name"] for bucket in told["buckets"].values()}
    assert set(re.findall(r"projects/my-project/topics/([a-z-]+)", text)) <= set(told["topics"].values())


def test_stories_select_the_label_and_tolerate_the_taint():
    told, settings = variables(PARAMETERS), settings_of(PARAMETERS)
    assert settings.story_pool.selector == (told["pool_label"], "stories")
    assert settings.system_pool.selector == (told["pool_label"], "system")
    assert {taint["key"] for taint in told["story_taints"].values()} == set(settings.story_pool.tolerates)
    assert settings.api_servers == (told["network"]["control_plane"],)


def test_the_machines_labels_are_those_words(resources):
    labels = {name: body["node_config"][0]["labels"] for (kind, name), body in resources.items() if kind.endswith("node_pool")}
    assert {name: list(label.values()) for name, label in labels.items()} == {"system": ["system"], "stories": ["stories"]}


def test_the_manager_makes_the_same_cluster_as_terraform():
    told, shape = variables(PARAMETERS), cluster_spec(PARAMETERS)
    pools = {pool.name: pool for pool in shape.node_pools}
    for name, wanted in told["story_pools"].items():
        made = pools[name].config
        assert (made.machine_type, made.spot, list(pools[name].locations)) == (
            wanted["machine"],
            wanted["spot"],
            [wanted["zone"]],
        )
        assert made.ephemeral_storage_local_ssd_config.local_ssd_count == wanted["ssds"]
        assert [each.accelerator_type for each in made.accelerators] == [wanted["accelerator"]]
        assert dict(made.labels) == {told["pool_label"]: "stories"} and made.disk_size_gb == wanted["disk_gb"]
        assert [(taint.key, taint.value) for taint in made.taints] == [
            tuple(each.values()) for each in told["story_taints"].values()
        ]
        assert made.service_account.partition("@")[0] == told["accounts"]["nodes"]["id"]
    system = pools["system"]
    assert list(system.locations) == told["system_pool"]["zones"] and system.config.machine_type == told["system_pool"]["machine"]
    assert shape.private_cluster_config.master_ipv4_cidr_block == told["network"]["control_plane"]
    assert (shape.network, shape.subnetwork) == (told["name"], told["name"])


@pytest.mark.skipif(not shutil.which("terraform"), reason="no terraform here")
def test_it_is_written_as_terraform_writes_it():
    done = subprocess.run(["terraform", "fmt", "-check", "-diff", FOLDER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A copy of the folder, with Google's provider and a state of its own."""
    if not (PLUGINS and shutil.which("terraform")):
        pytest.skip("NEWSREEL_TERRAFORM_PLUGINS names no folder with Google's provider")
    home = tmp_path_factory.mktemp("terraform")
    shutil.copytree(FOLDER, home, dirs_exist_ok=True)
    (home / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    terraform(home, "init", "-input=false", f"-plugin-dir={PLUGINS}")
    return home


def terraform(home, *words):
    environment = os.environ | {"GOOGLE_OAUTH_ACCESS_TOKEN": "none", "CHECKPOINT_DISABLE": "1"}
    words = ["terraform", f"-chdir={home}", *words, "-no-color"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_provider_finds_it_valid(begun):
    assert "valid" in terraform(begun, "validate")


@pytest.mark.parametrize("mode", ["pool", "cluster"])
def test_the_provider_plans_what_newsreel_yaml_says(begun, mode):
    parameters = changed(PARAMETERS, cluster={"mode": mode})
    (begun / "pool.tfvars.json").write_text(as_json(parameters))
    terraform(begun, "plan", "-input=false", "-var-file=pool.tfvars.json", "-out=plan")
    planned = json.loads(terraform(begun, "show", "-json", "plan"))["resource_changes"]
    pools = [each["change"]["after"]["name"] for each in planned if each["type"] == "google_container_node_pool"]
    assert sorted(pools) == (sorted(["system", *(offer.pool for offer in parameters.node_pools)]) if mode == "pool" else [])
    assert {each["change"]["after"]["name"] for each in planned if each["type"] == "google_storage_bucket"} == {
        parameters.cluster.names.bucket(which) for which in Bucket
    }


def test_the_cluster_can_be_removed_and_storage_stays(begun):
    """The whole of it, by a provider that makes nothing: all that one resource takes from another is there when it is made."""
    newsroom = {"host": "newsroom.example.org", "client": "1.apps.googleusercontent.com", "admits": ["domain:example.org"]}
    (begun / "tests").mkdir()
    (begun / "tests" / "made.tftest.hcl").write_text(MADE)
    (begun / "made.tfvars.json").write_text(
        as_json(changed(PARAMETERS, cluster={"editors": ["desk@example.org"]}, newsroom=newsroom))
    )
    said = terraform(begun, "test", "-var-file=made.tfvars.json")
    assert "Success! 2 passed, 0 failed." in said


MADE = """
mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      name  = "projects/my-project/serviceAccounts/newsreel-one@my-project.iam.gserviceaccount.com"
      email = "newsreel-one@my-project.iam.gserviceaccount.com"
    }
  }
  mock_resource "google_certificate_manager_dns_authorization" {
    defaults = { dns_resource_record = [{ name = "_acme.newsroom.example.org.", type = "CNAME", data = "x.example.org." }] }
  }
  mock_resource "google_certificate_manager_certificate" {
    defaults = { id = "projects/my-project/locations/global/certificates/one" }
  }
}
run "up" {
  command = apply
  assert {
    condition     = length(google_container_node_pool.stories) == 3 && length(output.newsroom_records) == 2
    error_message = "a pool for each offer, two records for the newsroom"
  }
  assert {
    condition     = length(google_storage_bucket_iam_member.editors) == 3 && length(google_pubsub_topic_iam_member.editors) == 1
    error_message = "the editors' group adds stories, sees videos and announces"
  }
}
run "down" {
  command = apply
  variables {
    made      = false
    protected = false
  }
  assert {
    condition     = length(google_container_cluster.this) == 0 && length(google_storage_bucket.of) == 6
    error_message = "the cluster goes, the buckets stay"
  }
}
"""
