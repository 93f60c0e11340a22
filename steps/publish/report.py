"""report.html: overview of a story's video in one self-contained file: scenes, sound, durations, and remarks of the steps that a
newsroom should read before it shows the video.
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


def report_page(workspace: Workspace, origin: Origin, address: str, published: Mapping[str, Path], usage: Usage) -> str:
    """The page; the same for the same workspace. `address` is the video's folder, `published` its files by name."""
    story = workspace.story
    contents = VideoContents.model_validate_json(workspace.path("final/contents.json").read_bytes())
    scripts = [read_script(workspace.path(scene_file("script", number, ".json"))) for number in range(len(story.scenes))]
    records = sorted(read_unit_metadata(workspace.root), key=lambda record: (record.ended, record.unit))
    scenes = zip(story.scenes, contents.scenes, scripts, strict=True)
    return template("report.html").substitute(
        title=escape(story.title),
        style=template("style.css").template,
        sheet=data_url(workspace.path("final/sheet.jpg")),
        columns=contents.columns,
        rows=contents.rows,
        facts=escape(" \u00b7 ".join(story_facts(story, contents))),
        address=escape(address),
        remarks=remarks_html(records, scripts),
        scenes="\n".join(scene_html(number, *scene, contents) for number, scene in enumerate(scenes)),
        sound=definition_list(sound_facts(contents)),
        taken=definition_list(usage_facts(usage)),
        work="\n".join(work_rows(records)),
        files="\n".join(table_row(name, f"{path.stat().st_size / 1000:,.0f} kB") for name, path in published.items()),
        made=escape(provenance(records, origin)),
    )


@cache
def template(name: str) -> Template:
    return Template((files(__package__) / "page" / name).read_text(encoding="utf-8"))


def data_url(picture: Path) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def story_facts(story: Story, contents: VideoContents) -> Iterator[str]:
    yield f"{story.id}, revision {story.revision}"
    yield f"{format_time(contents.seconds)} min" if contents.seconds >= 60 else f"{contents.seconds:.1f} s"
    yield pluralize(len(story.scenes), "scene")
    yield f"presenter {story.presenter}"
    yield f"voice {story.voice}"


def remarks_html(records: Iterable[UnitMetadata], scripts: Iterable[Script]) -> str:
    """The steps' remarks, and the words that are spelled out."""
    lines = [f"{record.step}, {record.unit}: {remark}" for record in records for remark in record.remarks]
    for number, script in enumerate(scripts):
        if spelled := spelled_words(script):
            lines.append(f"scene {number:02d}: spelled out: {', '.join(spelled)}")
    items = "".join(f"<li>{escape(line)}</li>\n" for line in lines)
    return f"<ul>\n{items}</ul>" if lines else "<p>No remarks.</p>"


def spelled_words(script: Script) -> list[str]:
    """Words of several letters that are spoken letter by letter, without duplicates."""
    tokens = (token for sentence in script.sentences for token in sentence)
    spelled = (token.shown.strip(".,;:!?\"'()") for token in tokens if len(token.spoken) > 1 and max(map(len, token.spoken)) == 1)
    return [*dict.fromkeys(spelled)]


def scene_html(number: int, scene: Scene, shown: ContactSheetTile, script: Script, contents: VideoContents) -> str:
    """A scene's entry; its still is a cell of the contact sheet, selected by the background's position."""
    across = 100 * shown.column / max(1, contents.columns - 1)
    down = 100 * shown.row / max(1, contents.rows - 1)
    tile = f"background-position: {across:g}% {down:g}%"
    still = f'<div class="still" role="img" aria-label="{escape(scene.picture.alt)}" style="{tile}"></div>'
    narration = " ".join(token.shown for sentence in script.sentences for token in sentence)
    return (
        f'<li>{still}<div><p class="time">Scene {number:02d} \u00b7 {format_time(shown.start)} to {format_time(shown.end)}</p>'
        f"<h3>{escape(scene.headline)}</h3><p>{escape(narration)}</p>"
        f'<p class="credit">{escape(scene.picture.file)}: {escape(scene.picture.credit)}</p></div></li>'
    )


def sound_facts(contents: VideoContents) -> Mapping[str, str]:
    return {"Loudness": f"{contents.loudness:.1f} LUFS", "True peak": f"{contents.true_peak:.1f} dBTP"}


def usage_facts(usage: Usage) -> Mapping[str, str]:
    """Resource usage. The cost is `unknown` if prices are given, but not this node's; without prices it is left out."""
    gpus = "unknown" if usage.gpu_seconds is None else f"{usage.gpu_seconds:,.1f} s"
    facts = {"Node": f"{usage.node_seconds:,.1f} s", "GPU": gpus, "Published": f"{usage.bytes / 1e6:,.1f} MB"}
    cost = "unknown" if usage.cost is None else f"{usage.currency} {usage.cost:.4f}"
    return facts | ({"Node's cost, estimated": cost} if usage.currency else {})


def definition_list(facts: Mapping[str, str]) -> str:
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())


def work_rows(records: list[UnitMetadata]) -> Iterator[str]:
    """One row for each step, in the order in which their first units ended."""
    order = list(dict.fromkeys(record.step for record in records))
    by_step = groupby(sorted(records, key=lambda record: order.index(record.step)), key=lambda record: record.step)
    rows = [(step, list(units)) for step, units in by_step]
    longest = max((sum(record.seconds for record in units) for _, units in rows), default=0) or 1
    for step, units in rows:
        seconds = sum(record.seconds for record in units)
        bar = f'<div class="bar" style="width: {100 * seconds / longest:.0f}%"></div>'
        what = f"{sum(record.cost for record in units):,} {units[0].counts}"
        yield (
            f'<tr><th scope="row">{escape(step)}</th><td>{escape(what)}</td><td class="number">{seconds:.1f}</td>'
            f'<td class="share">{bar}</td></tr>'
        )


def table_row(name: str, value: str) -> str:
    return f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(value)}</td></tr>'


def provenance(records: list[UnitMetadata], origin: Origin) -> str:
    when = f"{max(record.ended for record in records):%Y-%m-%d %H:%M} UTC, " if records else ""
    return f"Made {when}newsreel {origin.release}; story {origin.story_digest[:12]}, software {origin.software_digest[:12]}"


def format_time(seconds: float) -> str:
    """`1:02.3`"""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
