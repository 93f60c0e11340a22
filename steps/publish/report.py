"""report.html: a story's video at a glance, in one file that asks for nothing else. Scenes, sound, what took how long, and what a
newsroom should know before it shows the video. It is made of what the steps have left in the workspace.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from string import Template

from newsreel.artifacts import ContactSheetTile, Script, VideoContents, read_script, scene_file
from newsreel.errors import pluralize
from newsreel.runtime.usage import Usage
from newsreel.storage.publication import Origin
from newsreel.story.schema import Scene, Story
from newsreel.workspace import UnitMetadata, Workspace, read_unit_metadata

__all__ = ["report_page"]


def report_page(workspace: Workspace, origin: Origin, address: str, published: Mapping[str, Path], usage: Usage) -> str:
    """The page, the same for the same work. `address` is the folder the video goes to, `published` the files that go with it."""
    story = workspace.story
    contents = VideoContents.model_validate_json(workspace.path("final/contents.json").read_bytes())
    scripts = [read_script(workspace.path(scene_file("script", number, ".json"))) for number in range(len(story.scenes))]
    told = sorted(read_unit_metadata(workspace.root), key=lambda record: (record.ended, record.unit))
    scenes = zip(story.scenes, contents.scenes, scripts, strict=True)
    return template("report.html").substitute(
        title=escape(story.title),
        style=template("style.css").template,
        sheet=as_url(workspace.path("final/sheet.jpg")),
        columns=contents.columns,
        rows=contents.rows,
        facts=escape(" \u00b7 ".join(facts_of(story, contents))),
        address=escape(address),
        remarks=remarks_of(told, scripts),
        scenes="\n".join(scene_of(number, *scene, contents) for number, scene in enumerate(scenes)),
        sound=listed(sound_of(contents)),
        taken=listed(taken_of(usage)),
        work="\n".join(work_of(told)),
        files="\n".join(row(name, f"{path.stat().st_size / 1000:,.0f} kB") for name, path in published.items()),
        made=escape(made_of(told, origin)),
    )


@cache
def template(name: str) -> Template:
    return Template((files(__package__) / "page" / name).read_text(encoding="utf-8"))


def as_url(picture: Path) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def facts_of(story: Story, contents: VideoContents) -> Iterator[str]:
    yield f"{story.id}, revision {story.revision}"
    yield f"{clock(contents.seconds)} min" if contents.seconds >= 60 else f"{contents.seconds:.1f} s"
    yield pluralize(len(story.scenes), "scene")
    yield f"presenter {story.presenter}"
    yield f"voice {story.voice}"


def remarks_of(told: Iterable[UnitMetadata], scripts: Iterable[Script]) -> str:
    """What the steps have said, and the words that are read letter by letter."""
    lines = [f"{record.step}, {record.unit}: {remark}" for record in told for remark in record.remarks]
    for number, script in enumerate(scripts):
        if spelled := spelled_words(script):
            lines.append(f"scene {number:02d}: spelled out: {', '.join(spelled)}")
    listed = "".join(f"<li>{escape(line)}</li>\n" for line in lines)
    return f"<ul>\n{listed}</ul>" if lines else "<p>Nothing was guessed, bridged or tried twice.</p>"


def spelled_words(script: Script) -> list[str]:
    """Words of several letters, each said by its name, once each."""
    tokens = (token for sentence in script.sentences for token in sentence)
    spelled = (token.shown.strip(".,;:!?\"'()") for token in tokens if len(token.spoken) > 1 and max(map(len, token.spoken)) == 1)
    return [*dict.fromkeys(spelled)]


def scene_of(number: int, scene: Scene, shown: ContactSheetTile, script: Script, contents: VideoContents) -> str:
    """A scene's entry; its still is its tile of the sheet, wherever the background has to lie for that."""
    across = 100 * shown.column / max(1, contents.columns - 1)
    down = 100 * shown.row / max(1, contents.rows - 1)
    tile = f"background-position: {across:g}% {down:g}%"
    still = f'<div class="still" role="img" aria-label="{escape(scene.picture.alt)}" style="{tile}"></div>'
    said = " ".join(token.shown for sentence in script.sentences for token in sentence)
    return (
        f'<li>{still}<div><p class="time">Scene {number:02d} \u00b7 {clock(shown.start)} to {clock(shown.end)}</p>'
        f"<h3>{escape(scene.headline)}</h3><p>{escape(said)}</p>"
        f'<p class="credit">{escape(scene.picture.file)}: {escape(scene.picture.credit)}</p></div></li>'
    )


def sound_of(contents: VideoContents) -> Mapping[str, str]:
    return {"Loudness": f"{contents.loudness:.1f} LUFS", "True peak": f"{contents.true_peak:.1f} dBTP"}


def taken_of(usage: Usage) -> Mapping[str, str]:
    """Where prices are given and this node's is not among them, the cost is unknown; where none are, nobody asked."""
    gpus = "unknown" if usage.gpu_seconds is None else f"{usage.gpu_seconds:,.1f} s"
    told = {"Node": f"{usage.node_seconds:,.1f} s", "GPU": gpus, "Published": f"{usage.bytes / 1e6:,.1f} MB"}
    cost = "unknown" if usage.cost is None else f"{usage.currency} {usage.cost:.4f}"
    return told | ({"Node's cost, estimated": cost} if usage.currency else {})


def listed(told: Mapping[str, str]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in told.items())


def work_of(told: list[UnitMetadata]) -> Iterator[str]:
    """A row a step, in the order they came to their first end."""
    order = list(dict.fromkeys(record.step for record in told))
    by_step = groupby(sorted(told, key=lambda record: order.index(record.step)), key=lambda record: record.step)
    rows = [(step, list(mine)) for step, mine in by_step]
    longest = max((sum(record.seconds for record in mine) for _, mine in rows), default=0) or 1
    for step, mine in rows:
        seconds = sum(record.seconds for record in mine)
        bar = f'<div class="bar" style="width: {100 * seconds / longest:.0f}%"></div>'
        what = f"{sum(record.cost for record in mine):,} {mine[0].counts}"
        yield (
            f'<tr><th scope="row">{escape(step)}</th><td>{escape(what)}</td><td class="number">{seconds:.1f}</td>'
            f'<td class="share">{bar}</td></tr>'
        )


def row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(value)}</td></tr>'


def made_of(told: list[UnitMetadata], origin: Origin) -> str:
    when = f"{max(record.ended for record in told):%Y-%m-%d %H:%M} UTC, " if told else ""
    return f"Made {when}newsreel {origin.release}; story {origin.story_digest[:12]}, software {origin.software_digest[:12]}"


def clock(seconds: float) -> str:
    """`1:02.3`"""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
