"""Who is told how a story has ended is for the installation to say; without a word nobody is."""

from dataclasses import replace

import yaml

from cluster.manifests.emit import manifests
from newsreel.config.model import Events, Newsroom
from newsreel.config.settings import Settings
from workflows.lint import lint
from workflows.profiles import STUDIO
from workflows.render import environment

CHOSEN = Settings(
    done_topic="projects/news/topics/stories-done", webhook="https://hooks.example/done", webhook_addresses=("203.0.113.0/24",)
)


def report_of(settings):
    template = yaml.load(manifests(STUDIO, settings)["story.yaml"], yaml.CSafeLoader)
    [report] = [one for one in template["spec"]["templates"] if one["name"] == "report"]
    return template, report["container"]


def test_the_exit_hook_has_topic_webhook_and_run():
    template, report = report_of(CHOSEN)
    assert lint(template, settings=CHOSEN) == []
    told = {variable["name"]: variable for variable in report["env"]}
    assert told["NEWSREEL_DONE_TOPIC"]["value"] == CHOSEN.done_topic
    assert told["NEWSREEL_WEBHOOK"]["value"] == CHOSEN.webhook
    assert told["NEWSREEL_WEBHOOK_SECRET"]["valueFrom"]["secretKeyRef"] == {"name": "newsreel-webhook", "key": "secret"}
    assert report["args"][-2:] == ["--run", "{{workflow.uid}}"]


def test_only_the_exit_hook_and_the_watch_may_reach_the_webhook():
    policies = [
        one
        for text in manifests(STUDIO, replace(CHOSEN, events=Events())).values()
        for one in yaml.load_all(text, yaml.CSafeLoader)
    ]
    reaching = [one["spec"]["podSelector"] for one in policies if one["kind"] == "NetworkPolicy" and "203.0.113.0/24" in str(one)]
    exit_hook = {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": ["report"]}]}
    assert reaching == [exit_hook, {"matchLabels": {"newsreel/role": "service", "newsreel/service": "watch"}}]


def test_the_submitter_notifies_the_exit_hooks_targets():
    chosen = replace(CHOSEN, events=Events(), webhook_receivers=("https://cms.example.org/hooks",))
    _, report = report_of(chosen)
    told = {
        name: value for name, value in variables_in(report).items() if "WEBHOOK" in name or "TOPIC" in name or "RECEIV" in name
    }
    assert len(told) == 4 and told.items() <= variables_in(container_of("watch", chosen)).items()


def test_a_storys_own_webhook_needs_an_allowed_prefix():
    chosen = Settings(webhook_receivers=("https://cms.example.org/hooks",))
    _, report = report_of(chosen)
    told = {variable["name"]: variable for variable in report["env"]}
    assert told["NEWSREEL_RECEIVERS"]["value"] == "https://cms.example.org/hooks"
    assert "NEWSREEL_WEBHOOK" not in told and "NEWSREEL_WEBHOOK_SECRET" in told
    assert report["args"][-2:] == ["--run", "{{workflow.uid}}"]
    room = container_of("newsroom", replace(chosen, newsroom=Newsroom(host="n.example.org", topic="projects/p/topics/stories")))
    assert variables_in(room)["NEWSREEL_RECEIVERS"] == "https://cms.example.org/hooks"


def container_of(name, settings):
    documents = [one for text in manifests(STUDIO, settings).values() for one in yaml.load_all(text, yaml.CSafeLoader)]
    [found] = [one for one in documents if (one["kind"], one["metadata"]["name"]) == ("Deployment", name)]
    [container] = found["spec"]["template"]["spec"]["containers"]
    return container


def variables_in(container):
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in container["env"]}


def test_a_local_story_notifies_the_environments_targets(monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSREEL_WEBHOOK", "https://hooks.example/done")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", "")
    told = environment(tmp_path / "story.yaml", tmp_path / "out", tmp_path / "work")
    assert told["NEWSREEL_WEBHOOK"] == "https://hooks.example/done" and "NEWSREEL_RECEIVERS" not in told


def test_without_targets_no_notification_is_sent():
    _, report = report_of(Settings())
    assert not [variable for variable in report["env"] if "WEBHOOK" in variable["name"] or "TOPIC" in variable["name"]]
    assert "--run" not in report["args"]
