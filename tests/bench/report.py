"""Results as Markdown that a README can hold."""

from collections.abc import Iterator, Sequence

from tests.bench.goals import goals
from tests.bench.renders import Rendering
from tests.bench.results import PngFiles, Results

__all__ = ["report", "table"]


def report(results: Results) -> str:
    sections = [
        ("Goals", goals_table(results)),
        ("Rendering", rendering_table(results)),
        ("Seconds a step", steps_table(results)),
        ("What was worked on for one changed scene", changed_table(results)),
        ("Frames through pipes, and as PNG files between the steps", png_table(results)),
        ("Lips, sound and picture", quality_table(results)),
    ]
    parts = [machine_line(results), *(f"### {title}\n\n{text}" for title, text in sections if text)]
    return "\n\n".join(parts)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, figures to the right.

    >>> print(table(["", "s"], [["cold", "9.1"]]))
    |      |   s |
    | :--- | --: |
    | cold | 9.1 |
    """
    widths = [max(4 if not column else 3, *(len(row[column]) for row in (headings, *rows))) for column in range(len(headings))]
    rule = [":" + "-" * (width - 1) if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines = [[cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])] for cells in (headings, rule, *rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def machine_line(results: Results) -> str:
    found = results.machine
    line = f"{results.story} on {found.cores} cores of {found.processor}, {found.memory / 1e9:.0f} GB, Python {found.python}"
    busy = f"; other work was going on (load {found.load:.1f}), so times are too long" if found.load > 0.5 else ""
    left_out = "" if results.long else "; the long story was left out"
    failed = f" NOT MEASURED: {'; '.join(results.failed)}." if results.failed else ""
    return f"{line}{busy}{left_out}.{failed}"


def goals_table(results: Results) -> str:
    return table(["", "goal", "measured", ""], [[goal.what, goal.wanted, goal.found, goal.verdict] for goal in goals(results)])


def renderings(results: Results) -> Iterator[tuple[str, Rendering]]:
    named = {
        "cold": results.cold,
        "again": results.again,
        "finals deleted": results.without_finals,
        "one scene changed": results.changed.rendering if results.changed else None,
        f"{results.long.times} times as long" if results.long else "": results.long.rendering if results.long else None,
    }
    return ((name, rendering) for name, rendering in named.items() if rendering)


def rendering_table(results: Results) -> str:
    columns = dict(renderings(results))
    if not columns:
        return ""
    found = columns.values()
    rows = [
        ["wall time, s", *(f"{one.use.wall:.1f}" for one in found)],
        ["length of the video, s", *(f"{one.video_seconds:.1f}" for one in found)],
        ["wall time / length", *(f"{one.ratio:.2f}" for one in found)],
        ["processor time, s", *(f"{one.use.cpu:.1f}" for one in found)],
        ["peak memory, all processes, MB", *(megabytes(one.use.peak) for one in found)],
        ["largest process, MB", *(f"{one.use.largest_process} {megabytes(one.use.largest)}" for one in found)],
    ]
    memory = "Memory of all processes is the sum of their proportional shares (PSS), that of one its resident set (RSS)."
    return f"{table(['', *columns], rows)}\n\n{memory}"


def steps_table(results: Results) -> str:
    columns = {name: rendering for name, rendering in renderings(results) if rendering.steps}
    names = list(dict.fromkeys(step for rendering in columns.values() for step in rendering.steps))
    rows = [[name, *(seconds(rendering.steps.get(name)) for rendering in columns.values())] for name in names]
    return table(["step", *columns], rows) if rows else ""


def changed_table(results: Results) -> str:
    if not results.changed:
        return ""
    worked_on = results.changed.rendering.worked_on
    return table(["step", "worked on"], [[step, ", ".join(units)] for step, units in worked_on.items()])


def png_table(results: Results) -> str:
    ours, theirs = results.cold, results.png_files
    if not ours or not theirs:
        return ""
    presenter, video = ours.steps["pix2pixhd"], ours.steps["compose"]
    wall = presenter + video
    stages = {name: f"{use.wall:.1f} s" for name, use in theirs.stages.items()}
    rows = [
        ["edges drawn", "by the next", stages["edges"]],
        ["the presenter's frames", f"{presenter:.1f} s", stages["generate"]],
        ["the video's frames", f"{video:.1f} s", stages["compose"]],
        ["encoded, sound mixed", "by the one before", stages["encode"]],
        ["from landmarks to the video", f"{wall:.1f} s", f"{theirs.wall:.1f} s"],
        ["in lengths of the video", f"{wall / ours.video_seconds:.2f}", f"{theirs.wall / theirs.video_seconds:.2f}"],
        ["the whole story", f"{ours.use.wall:.1f} s", f"{ours.use.wall - wall + theirs.wall:.1f} s"],
        ["written to the disk", f"{megabytes(results.workspace_bytes)} MB", f"{megabytes(theirs.bytes)} MB"],
        ["picture files", "0", f"{theirs.files:,}"],
    ]
    return f"{table(['', 'pipes', 'PNG files'], rows)}\n\n{png_note(theirs)}"


def png_note(theirs: PngFiles) -> str:
    return (
        "Both sides use the same landmarks, weights, filter graphs and x264 settings, one stage after the other, each a process "
        "of its own. The PNG side draws 320x320 edge pictures, reads them to write the presenter's 320x320 frames, reads those "
        "to write the video's 1920x1080 frames, and reads these to encode: compression level 1, every core, nothing flushed to "
        f"the disk. Its video is the same as ours but for rounding (PSNR {theirs.likeness:.1f} dB). The whole story counts the "
        "steps before the landmarks, which are the same, as they took in the cold render. What our side has written is its whole "
        "workspace, from the script to the video."
    )


def quality_table(results: Results) -> str:
    rows = []
    if results.lips:
        lips = results.lips[-1]
        rows += [
            ["lips and phones: correlation, lag", f"{lips['phones_correlation']:.2f}, {lips['phones_lag']:+.0f} ms"],
            ["lips and loudness: correlation, lag", f"{lips['loudness_correlation']:.2f}, {lips['loudness_lag']:+.0f} ms"],
            ["lips met at M, B and P", f"{lips['closures_kept']} of {lips['closures']}"],
        ]
    if results.sound:
        sound, voice, published = results.sound, results.sound["voice"], results.sound["published"]
        rows += [
            ["integrated loudness", f"{sound['loudness']:.1f} LUFS"],
            ["true peak", f"{sound['true_peak']:.1f} dBTP"],
            ["longest silence (under -50 dBFS)", f"{sound['longest_silence']:.1f} s"],
            ["words recognised back, voice alone", f"{voice['recognised']:.0%}, word error rate {voice['error_rate']:.2f}"],
            ["... in the published mix", f"{published['recognised']:.0%}, word error rate {published['error_rate']:.2f}"],
            ["... words the recogniser does not know", f"{voice['unknown']} of {voice['words']}"],
        ]
    if results.picture:
        picture = results.picture
        rows += [
            ["generator on unseen frames: PSNR", f"{picture['psnr']:.1f} dB, mouth {picture['mouth_psnr']:.1f} dB"],
            ["... SSIM", f"{picture['ssim']:.4f}"],
            ["... flicker, grey levels", f"{picture['flicker']:.2f}, still parts {picture['still']:.2f}"],
        ]
    return table(["", "measured"], rows) if rows else ""


def megabytes(amount: int) -> str:
    return f"{amount / 1e6:,.0f}"


def seconds(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.1f}"
