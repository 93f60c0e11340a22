"""An installation says in a file what differs: what is said is in the manifests, and a typo is told, not dropped."""

import json
from dataclasses import asdict

import pytest
import yaml
from newsreel.config.settings_file import read_settings, with_options

from cli.main import main
from newsreel.config.settings import Pool, Settings
from newsreel.errors import BadInput


def written(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return path


def test_what_a_file_does_not_say_is_as_usual(tmp_path):
    places = "addresses: [gs://aaa/, gs://bbb/]\nfinals: gs://bbb\n"
    told = f"namespace: video\nstory_pool: {{selector: [pool, story], tolerates: [nvidia.com/gpu]}}\n{places}"
    settings = read_settings(written(tmp_path, told))
    pool = Pool(selector=("pool", "story"), tolerates=("nvidia.com/gpu",))
    assert settings == Settings(namespace="video", story_pool=pool, addresses=("gs://aaa/", "gs://bbb/"), finals="gs://bbb")
    assert read_settings(written(tmp_path, "")) == Settings()


NEWSROOM = "host: a.example.org, topic: projects/news/topics/stories"
WRONG = {
    "namespaze: video": "namespaze: is unknown; known: namespace, argo_namespace, ",
    "events: {projct: a}": "events.projct: is unknown; known: project, subscription, ",
    "monitoring: {knd: operator}": "monitoring.knd: is unknown; known: kind, namespace",
    "story_pool: {selector: [a, b], tollerates: [c]}": "story_pool.tollerates: is unknown; known: selector, tolerates",
    "namespace: a\nnamespace: b": "namespace: is here twice; the first is in line 1",
    "a: [": "is not YAML",
    "- a": "must be a mapping",
    "newsroom: {host: a.example.org}": "newsroom.topic: is missing",
    "newsroom: yes": "newsroom: must be keys with values",
    "namespace: Bad Name": "namespace: 'Bad Name' must be ",
    "namespace: 3": "namespace: must be text; put it in quotes",
    'manager: {pool: "a\\0"}': "manager.pool: ",
    "image_prefix: a b/": "image_prefix: 'a b' must be ",
    "ssd_root: /mnt/../etc": "ssd_root: ",
    "ssd_root: /": "ssd_root: ",
    "story_pool: {selector: [a]}": "story_pool.selector[1]: is missing",
    "story_pool: {selector: [a, b c]}": "story_pool.selector[1]: ",
    "story_pool: {selector: [a, b], tolerates: ['!']}": "story_pool.tolerates[0]: ",
    "story_disk: 40GB": "story_disk: '40GB' must be ",
    "story_disk: 0Gi": "story_disk: ",
    "weights: http://weights": "weights: address 'http://weights': must start with",
    "addresses: [newsreel]": "addresses[0]: address 'newsreel': must start with",
    "addresses: []": "addresses: ",
    "step_account: Step": "step_account: ",
    "deadline_hours: 0": "deadline_hours: must be greater than or equal to 1",
    "stories_at_once: many": "stories_at_once: ",
    "stories_at_once: -3": "stories_at_once: must be greater than or equal to 1",
    "service_replicas: true": "service_replicas: must be a valid integer",
    "gpus_a_node: 0": "gpus_a_node: must be greater than or equal to 1",
    "prices: nonsense": "prices: must be a currency and prices by pool",
    "editors: newsroom": "editors: must be a list",
    "google_account: anna@example.org": "google_account: ",
    "api_servers: [nonsense]": "api_servers[0]: 'nonsense' must be a block of IP addresses",
    "api_servers: [10.0.0.1]": "api_servers[0]: ",
    "storage_addresses: []": "storage_addresses: ",
    "storage_port: 99999999": "storage_port: must be less than or equal to 65535",
    "previews_bucket: gs://x": "previews_bucket: 'gs://x' must be a bucket's name alone",
    "newsroom_url: newsroom": "newsroom_url: ",
    "done_topic: x": "done_topic: 'x' must be like projects/",
    "done_topic: projects/news/topics/google": "done_topic: 'projects/news/topics/google' must be like projects/",
    "events: {subscription: goog-1}": "events.subscription: 'goog-1' must be ",
    "webhook: http://x": "webhook: 'http://x' is no https address",
    "webhook: https://hooks.example/x": "webhook: nobody is let out to it: webhook_addresses must say",
    "webhook_receivers: [https://hooks.example/x]": "webhook_receivers: nobody is let out to it",
    "units: gs://newsreel-finals": "units: gs://newsreel-finals: must be apart from the addresses",
    "units: gs://newsreel-stories/units": "units: gs://newsreel-stories/units: must be apart",
    "webhook_receivers: [https://a/../b]": "webhook_receivers[0]: ",
    "archive_host: a/b": "archive_host: ",
    "events: {project: NAME}": "events.project: 'NAME' must be ",
    "events: {argo_server: argo}": "events.argo_server: ",
    "events: {bus_version: latest}": "events.bus_version: ",
    "newsroom: {host: nonsense, topic: projects/news/topics/stories}": "newsroom.host: 'nonsense' must be ",
    "newsroom: {host: a.example.org, topic: nonsense}": "newsroom.topic: 'nonsense' must be ",
    f"newsroom: {{{NEWSROOM}, writers: [anna]}}": "newsroom.writers[0]: 'anna' must be ",
    "monitoring: {kind: both}": "monitoring.kind: must be 'google', 'operator' or 'annotations'",
    "finals: gs://elsewhere": "finals: gs://elsewhere: outside the allowed addresses",
    "finals: gs://newsreel-fin\naddresses: [gs://newsreel-finals]": "finals: gs://newsreel-fin: outside",
    "addresses: [gs://newsreel-fin]": "finals: gs://newsreel-finals: outside the allowed addresses: gs://newsreel-fin",
    "stories: gs://elsewhere\nevents: {}": "stories: gs://elsewhere: outside",
    f"stories: gs://elsewhere\nnewsroom: {{{NEWSROOM}}}": "stories: gs://elsewhere: outside",
    "events: {finals: gs://newsreel-finals}": "events.finals: is unknown here; it is a setting of the whole installation: "
    "write `finals` beside `events`",
    f"newsroom: {{{NEWSROOM}, stories: gs://newsreel-stories}}": "newsroom.stories: is unknown here; ",
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line_that_names_it(tmp_path, text, told):
    with pytest.raises(BadInput) as refused:
        read_settings(written(tmp_path, f"{text}\n"))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_fault_is_told_at_once_with_its_line(tmp_path):
    with pytest.raises(BadInput) as refused:
        read_settings(written(tmp_path, "deadline_hours: 0\nevents:\n  project: NAME\n  projct: a\n"))
    lines = str(refused.value).splitlines()
    assert [line.removeprefix(f"{tmp_path}/settings.yaml:").split(": ")[:2] for line in lines] == [
        ["1", "deadline_hours"],
        ["3", "events.project"],
        ["4", "events.projct"],
    ]


def test_what_is_usual_is_among_what_may_be_said(tmp_path):
    usual = {name: value for name, value in asdict(Settings()).items() if value is not None}
    assert read_settings(written(tmp_path, json.dumps(usual))) == Settings()


def test_options_are_held_to_the_same(tmp_path):
    settings = with_options(Settings(), "your/registry/", "news-123456")
    assert (settings.image_prefix, settings.events.project) == ("your/registry", "news-123456")
    for images, project, told in (("a b/", None, "--images: 'a b' must be"), (None, "NAME", "--project: 'NAME' must be")):
        with pytest.raises(BadInput, match=told):
            with_options(Settings(), images, project)
    own = Settings(addresses=("gs://bbb/",), finals="gs://bbb")
    with pytest.raises(BadInput, match=r"stories: gs://newsreel-stories: outside"):
        with_options(own, None, "news-123456")


def test_emit_follows_the_file(tmp_path, monkeypatch):
    path = written(tmp_path, "namespace: video\nimage_prefix: registry.example/news\npreviews_bucket: my-previews\n")
    monkeypatch.setattr("sys.argv", ["newsreel", "emit", "--settings", str(path), "--into", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    story = yaml.load((tmp_path / "embedded" / "story.yaml").read_text(), yaml.CSafeLoader)
    assert story["metadata"]["namespace"] == "video"
    templates = {template["name"]: template for template in story["spec"]["templates"]}
    assert templates["check"]["container"]["image"].startswith("registry.example/news/")
    assert templates["publish"]["outputs"]["artifacts"], "a bucket for previews is there, so there are previews"
