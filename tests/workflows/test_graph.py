"""The flowchart shows the manifest, all of it and nothing else."""

import re
from pathlib import Path

import pytest
import yaml

from cluster.manifests.emit import manifests
from newsreel.argo.documents import documents_of
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.graph import flowchart
from workflows.profiles import PROFILES

ROOT = Path(__file__).parents[2]
BOX = re.compile(r'(\w+)[\[(]{1,2}"<b>([^<]*)</b><br/>([^"]*)"[\])]{1,2}:::(\w+)')
FRAME = re.compile(r'subgraph (\w+)\["([^":]*)')
ARROW = re.compile(r'(\w+) -->(?:\|"[^"]*"\|)? (\w+)')


def manifest(profile: str = "studio") -> str:
    return manifests(PROFILES[profile], Settings())["story.yaml"]


def chart_of(text: str) -> str:
    return flowchart(documents_of(text, "story.yaml"))


@pytest.mark.parametrize("profile", ["studio", "embedded"])
def test_every_task_of_the_manifest_is_in_the_chart_once(profile: str) -> None:
    templates = yaml.load(manifest(profile), yaml.CSafeLoader)["spec"]["templates"]
    chart = chart_of(manifest(profile))
    drawn = [name for _, name, _, _ in BOX.findall(chart)] + [name for _, name in FRAME.findall(chart)]
    assert sorted(drawn) == sorted(template["name"] for template in templates)


def test_every_dependency_is_an_arrow() -> None:
    templates = yaml.load(manifest(), yaml.CSafeLoader)["spec"]["templates"]
    names = {
        identifier: name for identifier, name, *_ in [*BOX.findall(chart_of(manifest())), *FRAME.findall(chart_of(manifest()))]
    }
    wanted = {
        (before, task["name"])
        for template in templates
        for task in template.get("dag", {}).get("tasks", [])
        for before in re.findall(r"([\w-]+)\.", task.get("depends", ""))
    }
    arrows = [(names[before], names[after]) for before, after in ARROW.findall(chart_of(manifest()))]
    assert sorted(arrows) == sorted(wanted)


def test_an_arrow_says_its_condition() -> None:
    chart = chart_of(manifest())
    assert '    check -->|"state == todo"| attempt\n' in chart
    assert '        publish -->|"if one of these fails"| triage\n' in chart


def test_the_exit_handler_follows_the_story() -> None:
    chart = chart_of(manifest())
    assert chart.index("\n  end\n") < chart.index("\n  report[")
    assert '\n  story -.->|"at the end, whatever the result"| report\n' in chart


def test_a_gpu_has_its_own_colour() -> None:
    def on_gpu(profile: str) -> set[str]:
        return {name for _, name, _, kind in BOX.findall(chart_of(manifest(profile))) if kind == "gpu"}

    assert on_gpu("studio") == {"tacotron2", "waveglow", "pix2pixhd"}
    assert on_gpu("embedded") == set()


def test_shards_and_daemons_have_their_own_shapes() -> None:
    chart = chart_of(manifest())
    assert re.search(r'pix2pixhd\[\["[^"]* · in shards"\]\]', chart)
    assert re.search(r'anchor\(\["[^"]* · daemon"\]\)', chart)


def test_the_same_manifest_gives_the_same_chart() -> None:
    assert chart_of(manifest()) == chart_of(manifest())


@pytest.mark.parametrize("hostile", ["</text><script>alert(1)</script>", 'a"]\n  click b "javascript:alert(1)', "#quot; `x`"])
def test_a_hostile_name_stays_text(hostile: str) -> None:
    document = yaml.load(manifest(), yaml.CSafeLoader)
    [g2p] = [template for template in document["spec"]["templates"] if template["name"] == "g2p"]
    g2p["metadata"]["annotations"]["newsreel/stage"] = hostile
    chart = flowchart([document])
    assert len(chart.splitlines()) == len(chart_of(manifest()).splitlines())
    [label] = [label for _, name, label, _ in BOX.findall(chart) if name == "g2p"]
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label) == f"{hostile} · g2p:0.1.0"
    assert not re.search(r"[<>\"`]|#(?!\d+;)", label)


def test_a_word_of_the_grammar_is_no_identifier() -> None:
    chart = chart_of(manifest().replace("name: g2p\n", "name: end\n").replace("template: g2p\n", "template: end\n"))
    assert 'end_2["<b>end</b>' in chart


def test_a_template_called_twice_is_drawn_twice() -> None:
    chart = chart_of(manifest().replace("template: dlib\n", "template: g2p\n"))
    assert [identifier for identifier, name, *_ in BOX.findall(chart) if name == "g2p"] == ["g2p", "g2p_2"]


def test_arrows_in_a_cycle_are_refused() -> None:
    with pytest.raises(BadInput, match="cycle"):
        chart_of(manifest().replace("depends: gentle.Succeeded", "depends: animate.Succeeded"))


def test_a_dag_within_itself_is_refused() -> None:
    with pytest.raises(BadInput, match="cycle"):
        chart_of(manifest().replace("template: g2p", "template: attempt"))


@pytest.mark.parametrize("text", ["", "[", "kind: Deployment", "kind: WorkflowTemplate\nspec: {entrypoint: nowhere}"])
def test_what_is_no_workflow_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        chart_of(text)


def test_readme_shows_the_chart_of_the_embedded_profile() -> None:
    [shown] = re.findall(r"```mermaid\n(.*?)```\n", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown == chart_of(manifest("embedded")), "paste what `newsreel graph dist/manifests/embedded/story.yaml` prints"
