"""An installation says in a file what differs: what is said is in the manifests, and a typo is told, not dropped."""

import json
from dataclasses import replace

import pytest
import yaml

from cli.main import main
from newsreel.config.file import read_config, with_options
from newsreel.config.model import Config, NodeSelection, Storage
from newsreel.config.settings import Settings, settings_of
from newsreel.errors import BadInput


def written(tmp_path, text):
    path = tmp_path / "newsreel.yaml"
    path.write_text(text)
    return path


def test_what_a_file_does_not_say_is_as_usual(tmp_path):
    places = "storage: {addresses: [gs://aaa/, gs://bbb/], finals: gs://bbb}\n"
    pool = "placement: {story_pool: {selector: [pool, story], tolerates: [nvidia.com/gpu]}}\n"
    settings = settings_of(read_config(written(tmp_path, f"cluster: {{namespace: video}}\n{pool}{places}")))
    selection = NodeSelection(selector=("pool", "story"), tolerates=("nvidia.com/gpu",))
    expected = Settings(namespace="video", story_pool=selection, addresses=("gs://aaa/", "gs://bbb/"), finals="gs://bbb")
    assert settings == replace(expected, config=settings.config)
    assert settings_of(read_config(written(tmp_path, ""))) == replace(Settings(), config="{}\n")


NEWSROOM = "host: a.example.org, topic: projects/news/topics/stories"
WRONG = {
    "cluster: {namespaze: video}": "cluster.namespaze: is unknown; did you mean 'namespace'?",
    "events: {projct: a}": "events.projct: is unknown; did you mean 'project'?",
    "monitoring: {knd: operator}": "monitoring.knd: is unknown; did you mean 'kind'?",
    "placement: {story_pool: {selector: [a, b], tollerates: [c]}}": "tollerates: is unknown; did you mean 'tolerates'?",
    "monitoring: {}\nmonitoring: {}": "monitoring: is here twice; the first is in line 1",
    "a: [": "is not YAML",
    "- a": "must be keys with values",
    "newsroom: {host: a.example.org}": "newsroom.topic: is missing",
    "newsroom: yes": "newsroom: must be keys with values",
    "cluster: {namespace: Bad Name}": "cluster.namespace: 'Bad Name' must be ",
    "cluster: {namespace: 3}": "cluster.namespace: must be text; put it in quotes",
    "cluster: {image_prefix: a b/}": "cluster.image_prefix: 'a b' must be ",
    "placement: {ssd_root: /mnt/../etc}": "placement.ssd_root: ",
    "placement: {ssd_root: /}": "placement.ssd_root: ",
    "placement: {story_pool: {selector: [a]}}": "placement.story_pool.selector[1]: is missing",
    "placement: {story_pool: {selector: [a, b c]}}": "placement.story_pool.selector[1]: ",
    "placement: {story_pool: {selector: [a, b], tolerates: ['!']}}": "placement.story_pool.tolerates[0]: ",
    "story: {disk: 40GB}": "story.disk: '40GB' must be ",
    "story: {disk: 0Gi}": "story.disk: ",
    "storage: {weights: http://weights}": "storage.weights: address 'http://weights': must start with",
    "storage: {addresses: [newsreel]}": "storage.addresses[0]: address 'newsreel': must start with",
    "storage: {addresses: []}": "storage.addresses: ",
    "story: {deadline_hours: 0}": "story.deadline_hours: must be at least 1",
    "story: {at_once: many}": "story.at_once: ",
    "story: {at_once: -3}": "story.at_once: must be at least 1",
    "cluster: {service_replicas: true}": "cluster.service_replicas: must be a whole number",
    "prices: {nodes: nonsense}": "prices.nodes: must be keys with values",
    "cluster: {editors: newsroom}": "cluster.editors: must be a list",
    "storage: {google_account: anna@example.org}": "storage.google_account: ",
    "cluster: {api_servers: [nonsense]}": "cluster.api_servers[0]: 'nonsense' must be a block of IP addresses",
    "cluster: {api_servers: [10.0.0.1]}": "cluster.api_servers[0]: ",
    "storage: {address_blocks: []}": "storage.address_blocks: ",
    "storage: {port: 99999999}": "storage.port: must be at most 65,535",
    "storage: {previews_bucket: gs://x}": "storage.previews_bucket: 'gs://x' must be a bucket's name alone",
    "argo: {newsroom_url: newsroom}": "argo.newsroom_url: ",
    "notifications: {done_topic: x}": "notifications.done_topic: 'x' must be like projects/",
    "notifications: {done_topic: projects/n/topics/google}": "notifications.done_topic: 'projects/n/topics/google' must be like",
    "events: {subscription: goog-1}": "events.subscription: 'goog-1' must be ",
    "notifications: {webhook: http://x}": "notifications.webhook: 'http://x' is no https address",
    "notifications: {webhook: https://hooks.example/x}": "notifications.webhook: is not let through: webhook_addresses must say",
    "notifications: {webhook_receivers: [https://hooks.example/x]}": "notifications.webhook_receivers: is not let through",
    "storage: {units: gs://newsreel-finals}": "storage.units: gs://newsreel-finals: must be apart from the addresses",
    "storage: {units: gs://newsreel-stories/units}": "storage.units: gs://newsreel-stories/units: must be apart",
    "notifications: {webhook_receivers: [https://a/../b]}": "notifications.webhook_receivers[0]: ",
    "argo: {archive_host: a/b}": "argo.archive_host: ",
    "events: {project: NAME}": "events.project: 'NAME' must be ",
    "events: {argo_server: argo}": "events.argo_server: ",
    "newsroom: {host: nonsense, topic: projects/news/topics/stories}": "newsroom.host: 'nonsense' must be ",
    "newsroom: {host: a.example.org, topic: nonsense}": "newsroom.topic: 'nonsense' must be ",
    f"newsroom: {{{NEWSROOM}, writers: [anna]}}": "newsroom.writers[0]: 'anna' must be ",
    "monitoring: {kind: both}": "monitoring.kind: must be 'google', 'operator' or 'annotations'",
    "storage: {finals: gs://elsewhere}": "storage.finals: gs://elsewhere: outside the allowed addresses",
    "storage: {finals: gs://newsreel-fin, addresses: [gs://newsreel-finals]}": "storage.finals: gs://newsreel-fin: outside",
    "storage: {addresses: [gs://newsreel-fin]}": "storage.finals: gs://newsreel-finals: outside the allowed addresses: gs://newsreel-fin",
    "storage: {stories: gs://elsewhere}\nevents: {}": "storage.stories: gs://elsewhere: outside",
    f"storage: {{stories: gs://elsewhere}}\nnewsroom: {{{NEWSROOM}}}": "storage.stories: gs://elsewhere: outside",
    "events: {finals: gs://newsreel-finals}": "events.finals: is unknown here; it belongs to `storage`",
    f"newsroom: {{{NEWSROOM}, stories: gs://newsreel-stories}}": "newsroom.stories: is unknown here; ",
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line_that_names_it(tmp_path, text, told):
    with pytest.raises(BadInput) as refused:
        read_config(written(tmp_path, f"{text}\n"))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_fault_is_reported_at_once_with_its_line(tmp_path):
    with pytest.raises(BadInput) as refused:
        read_config(written(tmp_path, "story: {deadline_hours: 0}\nevents:\n  project: NAME\n  projct: a\n"))
    lines = str(refused.value).splitlines()
    assert [line.removeprefix(f"{tmp_path}/newsreel.yaml:").split(": ")[:2] for line in lines[1:]] == [
        ["1", "story.deadline_hours"],
        ["3", "events.project"],
        ["4", "events.projct"],
    ]


def test_what_is_usual_is_among_what_may_be_said(tmp_path):
    usual = Config().model_dump(mode="json", exclude_none=True)
    assert read_config(written(tmp_path, json.dumps(usual))) == Config()


def test_options_are_held_to_the_same():
    settings = settings_of(with_options(Config(), "your/registry/", "news-123456"))
    assert (settings.image_prefix, settings.events.project) == ("your/registry", "news-123456")
    for images, project, told in (("a b/", None, "--images: 'a b' must be"), (None, "NAME", "--project: 'NAME' must be")):
        with pytest.raises(BadInput, match=told):
            with_options(Config(), images, project)
    own = Config(storage=Storage(addresses=("gs://bbb/",), finals="gs://bbb"))
    with pytest.raises(BadInput, match=r"stories: gs://newsreel-stories: outside"):
        with_options(own, None, "news-123456")


def test_emit_follows_the_file(tmp_path, monkeypatch):
    path = written(
        tmp_path,
        "cluster: {namespace: video, image_prefix: registry.example/news}\nstorage: {previews_bucket: my-previews}\n",
    )
    monkeypatch.setattr("sys.argv", ["newsreel", "emit", "--config", str(path), "--into", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    story = yaml.load((tmp_path / "embedded" / "story.yaml").read_text(), yaml.CSafeLoader)
    assert story["metadata"]["namespace"] == "video"
    templates = {template["name"]: template for template in story["spec"]["templates"]}
    assert templates["check"]["container"]["image"].startswith("registry.example/news/")
    assert templates["publish"]["outputs"]["artifacts"], "a bucket for previews is there, so there are previews"
