"""The picture shows the manifest, all of it and nothing else, and no box lies on another."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsreel.argo.documents import documents_of
from newsreel.errors import BadInput
from workflows.graph import draw
from workflows.graph.layout import Size, arrange

GOLDEN = Path(__file__).parents[1] / "golden"
SVG = "{http://www.w3.org/2000/svg}"


def manifest(profile: str = "studio") -> str:
    return (GOLDEN / profile / "story.yaml").read_text()


def picture_of(text: str) -> str:
    return draw(documents_of(text, "story.yaml"))


def of_class(svg: str, tag: str, name: str) -> list[ET.Element]:
    drawn = ET.fromstring(svg)  # noqa: S314  # our own
    return [element for element in drawn.iter(SVG + tag) if name in element.get("class", "").split()]


@pytest.mark.parametrize("profile", ["studio", "embedded"])
def test_every_task_of_the_manifest_is_in_the_picture_once(profile: str) -> None:
    templates = yaml.load(manifest(profile), yaml.CSafeLoader)["spec"]["templates"]
    assert sorted(text.text or "" for text in of_class(picture_of(manifest(profile)), "text", "title")) == sorted(
        template["name"] for template in templates
    )


def test_every_dependency_is_an_arrow() -> None:
    templates = yaml.load(manifest(), yaml.CSafeLoader)["spec"]["templates"]
    depends = [task.get("depends", "") for template in templates for task in template.get("dag", {}).get("tasks", [])]
    of_dependencies = sum(len(set(re.findall(r"([\w-]+)\.", text))) for text in depends)
    assert len(of_class(picture_of(manifest()), "path", "arrow")) == of_dependencies + 1  # and one to the exit handler


def test_what_comes_at_the_end_stands_below_the_story_and_inside_the_picture() -> None:
    svg = picture_of(manifest())
    [canvas] = [bottom(rectangle) for rectangle in of_class(svg, "rect", "canvas")]
    [story, *_], [*_, report] = of_class(svg, "rect", "frame"), of_class(svg, "rect", "system")[:-1]
    assert bottom(story) < float(report.get("y", 0)) < bottom(report) < canvas


def bottom(rectangle: ET.Element) -> float:
    return float(rectangle.get("y", 0)) + float(rectangle.get("height", 0))


def test_a_gpu_has_its_own_colour() -> None:
    in_the_legend = 1
    stacked = 2  # behind pix2pixhd, which may run in shards
    assert len(of_class(picture_of(manifest("studio")), "rect", "gpu")) == 3 + stacked + in_the_legend
    assert of_class(picture_of(manifest("embedded")), "rect", "gpu") == []


def test_the_same_manifest_gives_the_same_picture() -> None:
    assert picture_of(manifest()) == picture_of(manifest())


def test_a_hostile_name_stays_text() -> None:
    svg = picture_of(manifest().replace("newsreel/stage: voice", "newsreel/stage: '</text><script>alert(1)</script>'"))
    assert "<script>" not in svg
    assert any("<script>" in (text.text or "") for text in of_class(svg, "text", "note"))


def test_arrows_in_a_circle_are_refused() -> None:
    with pytest.raises(BadInput, match="cycle"):
        picture_of(manifest().replace("depends: gentle.Succeeded", "depends: animate.Succeeded"))


def test_a_dag_within_itself_is_refused() -> None:
    with pytest.raises(BadInput, match="cycle"):
        picture_of(manifest().replace("template: g2p", "template: attempt"))


@pytest.mark.parametrize("text", ["", "[", "kind: Deployment", "kind: WorkflowTemplate\nspec: {entrypoint: nowhere}"])
def test_what_is_no_workflow_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        picture_of(text)


@given(st.data(), st.integers(1, 9), st.booleans())
def test_no_box_lies_on_another_and_every_arrow_leads_on(data: st.DataObject, count: int, downwards: bool) -> None:
    names = [f"task-{index}" for index in range(count)]
    pairs = list(combinations(names, 2))
    edges = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    extent = st.floats(10, 200)
    sizes = {name: Size(data.draw(extent), data.draw(extent)) for name in names}
    axes = {name: (size.width if downwards else size.height) / 2 for name, size in sizes.items()}

    arranged = arrange(sizes, axes, edges, downwards=downwards, gap=20)

    for one, other in combinations(names, 2):
        a, b = arranged.corners[one], arranged.corners[other]
        apart_x = a.x + sizes[one].width <= b.x or b.x + sizes[other].width <= a.x
        apart_y = a.y + sizes[one].height <= b.y or b.y + sizes[other].height <= a.y
        assert apart_x or apart_y
    for name, corner in arranged.corners.items():
        assert corner.x >= 0 and corner.x + sizes[name].width <= arranged.size.width + 1e-6
        assert corner.y >= 0 and corner.y + sizes[name].height <= arranged.size.height + 1e-6
    for edge in edges:
        onward = [point.y if downwards else point.x for point in arranged.routes[edge]]
        assert onward == sorted(onward)
