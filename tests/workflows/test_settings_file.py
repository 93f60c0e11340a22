"""An installation says in a file what differs: what is said is in the manifests, and a typo is told, not dropped."""

import pytest
import yaml

from steps.errors import BadInput
from workflows.cli import main
from workflows.settings import Pool, Settings
from workflows.settings_file import read_settings


def written(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return path


def test_what_a_file_does_not_say_is_as_usual(tmp_path):
    places = "addresses: [gs://a/, gs://b/]\nfinals: gs://b\n"
    told = f"namespace: video\nstory_pool: {{selector: [pool, story], tolerates: [nvidia.com/gpu]}}\n{places}"
    settings = read_settings(written(tmp_path, told))
    pool = Pool(selector=("pool", "story"), tolerates=("nvidia.com/gpu",))
    assert settings == Settings(namespace="video", story_pool=pool, addresses=("gs://a/", "gs://b/"), finals="gs://b")
    assert read_settings(written(tmp_path, "")) == Settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("namespaze: video\n", "unknown: namespaze"),
        ("stories_at_once: many\n", "stories_at_once: "),
        ("story_pool: {selector: [a]}\n", "story_pool.selector"),
        ("finals: gs://elsewhere\n", "finals: gs://elsewhere lies below none of the addresses"),
        ("- a\n", "must be a mapping"),
        ("a: [\n", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, text, told):
    with pytest.raises(BadInput) as refused:
        read_settings(written(tmp_path, text))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_emit_follows_the_file(tmp_path, monkeypatch):
    path = written(tmp_path, "namespace: video\nimage_prefix: registry.example/news\npreviews_bucket: my-previews\n")
    monkeypatch.setattr("sys.argv", ["newsreel", "emit", "--settings", str(path), "--into", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    story = yaml.safe_load((tmp_path / "embedded" / "story.yaml").read_text())
    assert story["metadata"]["namespace"] == "video"
    templates = {template["name"]: template for template in story["spec"]["templates"]}
    assert templates["check"]["container"]["image"].startswith("registry.example/news/")
    assert templates["publish"]["outputs"]["artifacts"], "a bucket for previews is there, so there are previews"
