"""Where boxes and arrows of a small DAG go: layers by longest path, lanes that keep a chain straight.

Worked out along the flow and across it, so that the same lines lay a DAG out downwards or to the right. After Sugiyama et al.,
"Methods for Visual Understanding of Hierarchical System Structures", 1981, without the search for fewest crossings: a story
has a spine and a few side branches.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import count
from typing import NamedTuple

__all__ = ["Arrangement", "Edge", "Point", "Size", "arrange"]

Edge = tuple[str, str]
GAP_ACROSS = 22.0
LANE_OF_AN_ARROW = 12.0


class Point(NamedTuple):
    x: float
    y: float


class Size(NamedTuple):
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    size: Size
    corners: Mapping[str, Point]
    """The upper left corner of each box."""
    routes: Mapping[Edge, Sequence[Point]]
    """Each arrow's points, first where it leaves a box, last where it meets the next."""


class Stop(NamedTuple):
    """A box, or a place where an arrow passes by a layer."""

    layer: int
    lane: int


def arrange(
    sizes: Mapping[str, Size], axes: Mapping[str, float], edges: Sequence[Edge], *, downwards: bool, gap: float
) -> Arrangement:
    """Lay out boxes of given sizes, `gap` pixels between layers. Raises graphlib.CycleError where arrows lead in a circle.

    A box's axis is how far from its left edge (downwards) or its top (to the right) arrows come in and go out: the boxes of a
    lane are put in line by their axes.
    """
    layers = longest_paths(sizes, edges)
    stops, passes = into_lanes(layers, edges)

    def along(size: Size) -> float:
        return size.height if downwards else size.width

    def across(size: Size) -> float:
        return size.width if downwards else size.height

    depth: dict[int, float] = defaultdict(float)
    before: dict[int, float] = defaultdict(lambda: LANE_OF_AN_ARROW / 2)
    behind: dict[int, float] = defaultdict(lambda: LANE_OF_AN_ARROW / 2)
    for name, stop in stops.items():
        depth[stop.layer] = max(depth[stop.layer], along(sizes[name]))
        before[stop.lane] = max(before[stop.lane], axes[name])
        behind[stop.lane] = max(behind[stop.lane], across(sizes[name]) - axes[name])
    lanes = {stop.lane for stop in [*stops.values(), *(stop for between in passes.values() for stop in between)]}
    layer_at, length = spread({layer: depth[layer] for layer in sorted(depth)}, gap)
    lane_at, width = spread({lane: before[lane] + behind[lane] for lane in sorted(lanes)}, GAP_ACROSS)

    def point(along: float, across: float) -> Point:
        return Point(across, along) if downwards else Point(along, across)

    def axis(stop: Stop) -> float:
        return lane_at[stop.lane] + before[stop.lane]

    def begin(name: str) -> float:
        return layer_at[stops[name].layer] + (depth[stops[name].layer] - along(sizes[name])) / 2

    def route(edge: Edge) -> list[Point]:
        source, target = edge
        points = [point(begin(source) + along(sizes[source]), axis(stops[source]))]
        for stop in passes[edge]:
            points.append(point(layer_at[stop.layer], axis(stop)))
            points.append(point(layer_at[stop.layer] + depth[stop.layer], axis(stop)))
        return [*points, point(begin(target), axis(stops[target]))]

    return Arrangement(
        size=Size(width, length) if downwards else Size(length, width),
        corners={name: point(begin(name), axis(stops[name]) - axes[name]) for name in sizes},
        routes={edge: route(edge) for edge in edges},
    )


def longest_paths(names: Mapping[str, Size], edges: Sequence[Edge]) -> dict[str, int]:
    """Each box's layer: one more than the deepest box before it."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        before[target].append(source)
    layers: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        layers[name] = max((layers[source] + 1 for source in before[name]), default=0)
    return {name: layers[name] for name in names}


def into_lanes(layers: Mapping[str, int], edges: Sequence[Edge]) -> tuple[dict[str, Stop], dict[Edge, list[Stop]]]:
    """A lane for each box, and for each arrow in each layer it passes: that of what comes before it, or the next one free."""
    stops: dict[str, Stop] = {}
    passes: dict[Edge, list[Stop]] = {edge: [] for edge in edges}

    def came_by(edge: Edge) -> int:
        return (passes[edge] or [stops[edge[0]]])[-1].lane

    for layer in range(max(layers.values(), default=-1) + 1):
        here = [name for name in layers if layers[name] == layer]
        passing = [edge for edge in edges if layers[edge[0]] < layer < layers[edge[1]]]
        asking: list[tuple[int, str | Edge]] = [
            *((min((came_by(edge) for edge in edges if edge[1] == name), default=0), name) for name in here),
            *((came_by(edge), edge) for edge in passing),
        ]
        for who, lane in give_lanes(asking):
            if isinstance(who, str):
                stops[who] = Stop(layer, lane)
            else:
                passes[who].append(Stop(layer, lane))
    return stops, passes


def give_lanes(asking: Sequence[tuple[int, str | Edge]]) -> list[tuple[str | Edge, int]]:
    """The first to ask for a lane gets it; who comes after goes to the next one free."""
    asked = Counter[int]()
    ranked: list[tuple[int, int, str | Edge]] = []
    for wanted, who in asking:
        ranked.append((asked[wanted], wanted, who))
        asked[wanted] += 1
    given: dict[int, str | Edge] = {}
    for _, wanted, who in sorted(ranked, key=lambda entry: entry[:2]):
        lane = next(lane for lane in count(wanted) if lane not in given)
        given[lane] = who
    return [(who, lane) for lane, who in given.items()]


def spread(extents: Mapping[int, float], gap: float) -> tuple[dict[int, float], float]:
    """Put extents one after another: where each begins, and how far all reach."""
    at, begins = 0.0, {}
    for key, extent in extents.items():
        begins[key] = at
        at += extent + gap
    return begins, max(at - gap, 0.0)
