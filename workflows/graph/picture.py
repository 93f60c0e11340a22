"""Blocks as an SVG with its own background, in light and dark, so that a README may show it as it is."""

from collections.abc import Sequence
from itertools import pairwise
from xml.etree import ElementTree as ET

from workflows.graph.blocks import HEADING, PADDING, Block, Kind
from workflows.graph.layout import Point, Size

__all__ = ["as_svg"]

MARGIN = 16.0
FOOTER = 74.0
ARROW = 29.0
LEGEND: tuple[tuple[Kind, str], ...] = (
    ("system", "system pool"),
    ("node", "story\u2019s node"),
    ("gpu", "story\u2019s node, GPU"),
)
LEGEND_WIDTH = 150.0

STYLE = """
text { font-family: -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Arial, sans-serif; fill: #1f2328 }
.title { font-size: 14px; font-weight: 600 }
.note, .badge { font-size: 11.5px; fill: #57606a }
.badge { font-weight: 600; text-anchor: end }
.canvas { fill: #ffffff; stroke: #d0d7de }
.frame { fill: #8c959f; fill-opacity: .07; stroke: #afb8c1 }
.system { fill: #eef1f5; stroke: #8c959f }
.node { fill: #def4ee; stroke: #1a7f64 }
.gpu { fill: #ffeccc; stroke: #bf6a02 }
.daemon { stroke-dasharray: 5 3 }
.arrow { fill: none; stroke: #6e7781; stroke-width: 1.6 }
.always { stroke-dasharray: 5 4 }
.head { fill: #6e7781 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note, .badge { fill: #9ea7b3 }
  .canvas { fill: #0d1117; stroke: #30363d }
  .frame { fill: #8b949e; fill-opacity: .08; stroke: #484f58 }
  .system { fill: #1c232c; stroke: #768390 }
  .node { fill: #0f2f29; stroke: #3fb195 }
  .gpu { fill: #3a2807; stroke: #e09b3d }
  .arrow { stroke: #8b949e }
  .head { fill: #8b949e }
}
"""


def as_svg(main: Block, at_exit: Block | None) -> str:
    """The whole picture; `at_exit` stands below what it waits for."""
    width = main.size.width + 2 * MARGIN
    footer = max(FOOTER, at_exit.size.height + ARROW) if at_exit else FOOTER
    height = main.size.height + footer + 2 * MARGIN
    told = f"The DAG {main.title}: {', '.join(names(main))}"
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {number(width)} {number(height)}",
            "width": number(width),
            "height": number(height),
            "role": "img",
            "aria-label": told,
        },
    )
    ET.SubElement(svg, "title").text = told
    ET.SubElement(svg, "style").text = STYLE
    arrow_head(svg)
    rectangle(svg, Point(0.5, 0.5), Size(width - 1, height - 1), "canvas", 10)
    block(svg, main, Point(MARGIN, MARGIN))
    bottom = MARGIN + main.size.height
    if at_exit:
        corner = Point(MARGIN + PADDING, bottom + footer - at_exit.size.height)
        start = Point(corner.x + at_exit.size.width / 2, bottom)
        arrow(svg, [start, Point(start.x, corner.y)], downwards=True, kind="arrow always")
        words(svg, Point(start.x + 8, (bottom + corner.y) / 2 + 4), "at the end, whatever it is", "note")
        block(svg, at_exit, corner)
    shown = [(kind, meaning) for kind, meaning in LEGEND if kind in kinds(main)]
    legend(svg, shown, Point(width - MARGIN - LEGEND_WIDTH * len(shown) + 10, bottom + footer - 22))
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def names(drawn: Block) -> list[str]:
    return [name for title, inner in drawn.inside.items() for name in ([title] if not inner.inside else names(inner))]


def kinds(drawn: Block) -> set[Kind]:
    return {drawn.kind}.union(*(kinds(inner) for inner in drawn.inside.values()))


def block(svg: ET.Element, drawn: Block, corner: Point) -> None:
    group = ET.SubElement(svg, "g")
    if drawn.arrangement:
        frame(group, drawn, corner)
    else:
        box(group, drawn, corner)


def box(svg: ET.Element, drawn: Block, corner: Point) -> None:
    kind = f"{drawn.kind} daemon" if drawn.daemon else drawn.kind
    for offset in (6, 3) if drawn.many else ():
        rectangle(svg, Point(corner.x + offset, corner.y + offset), drawn.size, kind, 6)
    rectangle(svg, corner, drawn.size, kind, 6)
    words(svg, Point(corner.x + 12, corner.y + 20), drawn.title, "title")
    words(svg, Point(corner.x + 12, corner.y + 37), drawn.note, "note")
    words(svg, Point(corner.x + drawn.size.width - 10, corner.y + 20), drawn.badge, "badge")


def frame(svg: ET.Element, drawn: Block, corner: Point) -> None:
    arrangement = drawn.arrangement
    if arrangement is None:
        return
    rectangle(svg, corner, drawn.size, "frame", 10)
    heading = words(svg, Point(corner.x + PADDING, corner.y + PADDING + 6), drawn.title, "title")
    ET.SubElement(heading, "tspan", {"class": "note", "dx": "10", "font-weight": "400"}).text = drawn.note
    spare = drawn.size.width - 2 * PADDING - arrangement.size.width
    origin = Point(corner.x + PADDING + spare / 2, corner.y + PADDING + HEADING)
    for edge, route in arrangement.routes.items():
        points = [Point(origin.x + point.x, origin.y + point.y) for point in route]
        arrow(svg, points, downwards=drawn.downwards)
        middle = Point((points[0].x + points[-1].x) / 2, (points[0].y + points[-1].y) / 2)
        where = Point(middle.x + 8, middle.y + 2) if drawn.downwards else Point(middle.x, middle.y - 8)
        words(svg, where, drawn.conditions[edge], "note", anchor="start" if drawn.downwards else "middle")
    for name, inner in drawn.inside.items():
        at = arrangement.corners[name]
        block(svg, inner, Point(origin.x + at.x, origin.y + at.y))


def arrow(svg: ET.Element, points: Sequence[Point], *, downwards: bool, kind: str = "arrow") -> None:
    """A line through the points, bent softly where it changes its lane."""
    path = [f"M{pair(points[0])}"]
    for before, after in pairwise(points):
        if downwards:
            half = (before.y + after.y) / 2
            bends = (Point(before.x, half), Point(after.x, half))
        else:
            half = (before.x + after.x) / 2
            bends = (Point(half, before.y), Point(half, after.y))
        straight = before.x == after.x or before.y == after.y
        path.append(f"L{pair(after)}" if straight else f"C{pair(bends[0])} {pair(bends[1])} {pair(after)}")
    ET.SubElement(svg, "path", {"class": kind, "d": " ".join(path), "marker-end": "url(#head)"})


def arrow_head(svg: ET.Element) -> None:
    marker = ET.SubElement(
        ET.SubElement(svg, "defs"),
        "marker",
        {"id": "head", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "5", "markerHeight": "5", "orient": "auto"},
    )
    ET.SubElement(marker, "path", {"class": "head", "d": "M0,0 L8,4 L0,8 z"})


def legend(svg: ET.Element, shown: Sequence[tuple[Kind, str]], corner: Point) -> None:
    for index, (kind, meaning) in enumerate(shown):
        at = Point(corner.x + index * LEGEND_WIDTH, corner.y)
        rectangle(svg, at, Size(18, 13), kind, 3)
        words(svg, Point(at.x + 25, at.y + 11), meaning, "note")


def rectangle(svg: ET.Element, corner: Point, size: Size, kind: str, radius: float) -> None:
    place = {"x": corner.x, "y": corner.y, "width": size.width, "height": size.height, "rx": radius}
    ET.SubElement(svg, "rect", {"class": kind} | {key: number(value) for key, value in place.items()})


def words(svg: ET.Element, at: Point, text: str, kind: str, anchor: str | None = None) -> ET.Element:
    place = {"class": kind, "x": number(at.x), "y": number(at.y)}
    written = ET.SubElement(svg, "text", place | ({"text-anchor": anchor} if anchor else {}))
    written.text = text
    return written


def pair(point: Point) -> str:
    return f"{number(point.x)},{number(point.y)}"


def number(value: float) -> str:
    """Two decimals at most, so that every machine writes the same."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
