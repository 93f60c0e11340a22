"""Who is told how a story has ended is for the installation to say; without a word nobody is."""

import yaml

from workflows.lint import lint
from workflows.manifests import manifests
from workflows.settings import Settings
from workflows.systems import STUDIO

CHOSEN = Settings(
    done_topic="projects/news/topics/stories-done", webhook="https://hooks.example/done", webhook_addresses=("203.0.113.0/24",)
)


def report_of(settings):
    template = yaml.safe_load(manifests(STUDIO, settings)["story.yaml"])
    [report] = [one for one in template["spec"]["templates"] if one["name"] == "report"]
    return template, report["container"]


def test_the_exit_hook_knows_topic_webhook_and_the_run_it_tells_of():
    template, report = report_of(CHOSEN)
    assert lint(template, settings=CHOSEN) == []
    told = {variable["name"]: variable for variable in report["env"]}
    assert told["NEWSREEL_DONE_TOPIC"]["value"] == CHOSEN.done_topic
    assert told["NEWSREEL_WEBHOOK"]["value"] == CHOSEN.webhook
    assert told["NEWSREEL_WEBHOOK_SECRET"]["valueFrom"]["secretKeyRef"] == {"name": "newsreel-webhook", "key": "secret"}
    assert report["args"][-2:] == ["--run", "{{workflow.uid}}"]


def test_only_the_exit_hook_may_reach_the_webhook():
    policies = list(yaml.safe_load_all(manifests(STUDIO, CHOSEN)["20-network.yaml"]))
    reaching = [one for one in policies if "203.0.113.0/24" in str(one)]
    assert [one["spec"]["podSelector"]["matchExpressions"][0]["values"] for one in reaching] == [["report"]]


def test_without_being_asked_nobody_is_told():
    _, report = report_of(Settings())
    assert not [variable for variable in report["env"] if "WEBHOOK" in variable["name"] or "TOPIC" in variable["name"]]
    assert "--run" not in report["args"]
