"""docs/measurements.md: the sections that are written by programs, each between marks of its own.

`make bench` writes `measured` and `simulated`; `python -m tests.bench.page` writes `simulated` alone, which takes some minutes.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsreel.errors import BadInput
from newsreel.files import write_atomically
from tests.bench.report import machine_line, megabytes, table
from tests.bench.results import Results

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/measurements.md"
LOAD = "--stories 3000/day --burst 1000/10min"
BATCH = "--batch 40/12h --days 7"
SIMULATIONS = (
    f"newsreel simulate {LOAD}",
    f"newsreel simulate {LOAD} --sweep",
    "newsreel simulate --first-frame --mode pool",
    "newsreel simulate --first-frame --mode cluster",
    f"newsreel simulate {BATCH} --mode pool",
    f"newsreel simulate {BATCH} --mode cluster",
)


def write_section(page: Path, name: str, text: str) -> None:
    """Replace what is between a section's marks. Raises BadInput for a page without them."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    content = page.read_text()
    if content.count(begin) != 1 or content.count(end) != 1 or content.index(begin) > content.index(end):
        raise BadInput(f"{page}: needs the marks {begin} and {end}, each once and in this order")
    before, after = content.partition(begin)[0], content.partition(end)[2]
    write_atomically(page, f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def provenance() -> str:
    """`1 December 2026, commit 2478240`."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    today = datetime.now(UTC)
    return f"{today.day} {today:%B %Y}, commit {commit}"


def measured(results: Results) -> str:
    parts = [f"{provenance()}; {machine_line(results)}", table(["", "measured"], list(summary(results)))]
    if results.cold and (pngs := results.png_files):
        ours = results.cold.steps["pix2pixhd"] + results.cold.steps["compose"]
        rows = [
            ["time", f"{ours:.1f} s", f"{pngs.wall:.1f} s"],
            ["written to the disk", f"{megabytes(results.workspace_bytes)} MB", f"{megabytes(pngs.bytes)} MB"],
            ["picture files", "0", f"{pngs.files:,}"],
        ]
        parts.append("The same story with PNG files between the steps; same models, graphs and encoder settings:")
        parts.append(table(["from landmarks to the video", "pipes", "PNG files"], rows))
    return "\n\n".join(parts)


def summary(results: Results) -> Iterator[list[str]]:
    if cold := results.cold:
        yield ["the story rendered, everything new", f"{cold.use.wall:.1f} s, {cold.ratio:.2f} times the video's length"]
    if results.again:
        yield ["... once more, nothing changed", f"{results.again.use.wall:.1f} s"]
    if results.changed:
        yield ["... one scene changed", f"{results.changed.rendering.use.wall:.1f} s"]
    if cold:
        yield ["peak memory, all processes together", f"{cold.use.peak / 1e9:.2f} GB"]
    if long := results.long:
        name = f"... of a story {long.times} times as long, rendered in {long.rendering.ratio:.2f} times its length"
        yield [name, f"{long.rendering.use.peak / 1e9:.2f} GB"]
    if results.lips:
        lips = results.lips[-1]
        yield ["lips and phones: correlation, lag", f"{lips['phones_correlation']:.2f}, {lips['phones_lag']:+.0f} ms"]
        yield ["... lips met at M, B and P", f"{lips['closures_kept']} of {lips['closures']}"]
    if sound := results.sound:
        yield ["loudness, true peak", f"{sound['loudness']:.1f} LUFS, {sound['true_peak']:.1f} dBTP"]
        yield ["words recognised back from the published sound", f"{sound['published']['recognised']:.0%}"]
    if picture := results.picture:
        name = "the presenter's generator on frames it has not seen"
        yield [name, f"{picture['psnr']:.1f} dB PSNR, {picture['ssim']:.3f} SSIM"]


def simulated() -> str:
    """The tables of each simulation, without its chart."""
    return "\n\n".join([f"{provenance()}.", *(f"    {command}\n\n{result(command)}" for command in SIMULATIONS)])


def result(command: str) -> str:
    """The tables that a command prints. Raises CalledProcessError."""
    arguments = [sys.executable, "-m", "cli", *command.split()[1:]]
    printed = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in printed.splitlines() if line.startswith("|"))


if __name__ == "__main__":
    write_section(PAGE, "simulated", simulated())
