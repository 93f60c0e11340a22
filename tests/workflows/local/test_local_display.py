"""Displays of a run: lines of text in a pipe, a live table on a terminal."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

from local_harness import Harness
from rich.console import Console

from workflows.local import LiveDisplay, Phase, RunStatus
from workflows.local.display import clock
from workflows.local.status import log_tail

COUNTING = """
- name: main
  dag:
    tasks:
    - {name: pix2pixhd, template: render}
    - {name: compose, template: broken, depends: pix2pixhd}
    - {name: publish, template: broken, depends: compose}
- name: render
  metadata: {annotations: {unit: frames}}
  container:
    image: i
    command: [sh, -c, 'for n in 0 10 20 30 40; do echo $n/40 > $ARGO_PROGRESS_FILE; sleep 0.3; done']
- name: broken
  container:
    image: i
    command: [sh, -c]
    args:
    - |
      printf "opening\\tscene 1\\r\\033[31mscene 2\\033[0m\\n" >&2
      printf "\\033]0;gotcha\\007compose: no ffmpeg (exit 4)\\n" >&2
      exit 4
"""


def test_a_pipe_gets_lines_of_text_and_finally_a_table(harness: Harness) -> None:
    finished = harness.run(COUNTING)
    output = finished.output
    assert re.search(r"pix2pixhd: started\n", output)
    assert re.search(r"pix2pixhd: (25|50|75) %, \d0/40 frames", output)
    assert re.search(r"pix2pixhd: finished in .* s, 40 frames\n", output)
    assert re.search(r"compose: failed after .* s: .*compose: no ffmpeg\n", output)
    assert "not run: publish\n" in output
    assert f"compose: end of its log, {harness.home / 'logs' / 'compose.log'}:\n  | scene 2\n" in output
    assert "\x1b" not in output and all(character.isprintable() or character == "\n" for character in output)

    lines = finished.result.table().splitlines()
    assert re.fullmatch(r"pix2pixhd +\d\.\d s  40 frames", lines[0])
    assert re.fullmatch(r"compose +\d\.\d s  failed", lines[1])
    assert re.fullmatch(r"in all +\d\.\d s", lines[2])


ONE_MESSAGE = """
- name: main
  dag:
    tasks:
    - {name: compose, template: broken}
    - {name: refuse, template: passed-on, depends: compose.Failed}
- name: broken
  container: {image: i, command: [sh, -c, 'echo "compose: no ffmpeg (exit 4)" >&2; exit 4']}
- name: passed-on
  container: {image: i, command: [sh, -c, 'echo "compose: no ffmpeg (exit 4)" >&2; exit 4']}
"""


def test_a_message_that_is_the_whole_log_is_shown_once(harness: Harness) -> None:
    output = harness.run(ONE_MESSAGE).output
    assert output.count("no ffmpeg") == 1
    assert "end of its log" not in output
    assert re.search(r"refuse: same failure after \d\.\d s\n", output)


def test_control_sequences_of_a_log_are_not_shown(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"old\n" * 9000 + b"one\r\x1b[2Jtwo\xff\n\n" + "\u202eright\x9b5m to left\n".encode() + b"x" * 5000)
    lines = log_tail(log)
    assert lines[-3:] == ["two\ufffd", "right5m to left", "x" * 200]
    assert len(lines) == 12
    assert log_tail(tmp_path / "none") == []


def test_durations_are_formatted() -> None:
    assert [clock(seconds) for seconds in (0.04, 59.94, 59.96, 65.2, 3599.7, 7265)] == [
        *("0.0 s", "59.9 s", "1:00", "1:05", "1:00:00", "2:01:05")
    ]


def running_status() -> RunStatus:
    status = RunStatus([("w/check", ""), ("w/pix2pixhd", "frames"), ("w/hibari", "seconds of speech"), ("w/compose", "")])
    for path, phase, done, total in (
        ("w/check", Phase.SUCCEEDED, 0, 0),
        ("w/pix2pixhd", Phase.RUNNING, 1400, 10_143),
        ("w/hibari", Phase.RUNNING, 3, 41),
    ):
        step = status.steps[path]
        step.phase, step.done, step.total, step.started = phase, done, total, status.started
        step.samples.extend([(0.0, 0), (10.0, done)])
    return status


def test_live_table_fits_any_width_from_80_columns() -> None:
    for width in (80, 100, 200):
        with Path(os.devnull).open("w") as nowhere:
            display = LiveDisplay(nowhere)
            display.live.stop()
            display.console = Console(width=width, record=True, file=nowhere, force_terminal=True)
            display.console.print(display.draw(running_status()))
            lines = display.console.export_text().splitlines()
        assert len(lines) == 5
        assert max(map(len, lines)) <= width
        assert "1400/10143 frames" in lines[1] and "140/s" in lines[1] and "1:02 left" in lines[1]
        assert "3/41 seconds of speech" in lines[2] and "0.3/s" in lines[2]


def test_a_fan_out_replaces_its_step() -> None:
    status = RunStatus([("w/a", ""), ("w/b", "frames"), ("w/c", "")])
    status.fan_out("w/b", 2)
    status.fan_out("w/b", 2)
    assert [step.name for step in status.steps.values()] == ["a", "b 1/2", "b 2/2", "c"]
    assert status.steps["w/b(1)"].unit == "frames"


def test_invalid_progress_is_not_shown(tmp_path: Path) -> None:
    status = RunStatus([("a", "frames")])
    step = status.steps["a"]
    step.phase, step.progress_file = Phase.RUNNING, tmp_path / "progress"
    for text in ("2/4", "", "5/4", "-1/4", "x/y", "1", "\xff"):
        step.progress_file.write_text(text)
        status.read_progress()
        assert (step.done, step.total) == (2, 4)


def on_a_terminal(harness: Harness, columns: int) -> str:
    harness.write(COUNTING)
    ours, theirs = pty.openpty()
    ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    child = subprocess.Popen(
        [sys.executable, "-c", harness.program()],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass
    assert child.wait(timeout=20) == 4
    os.close(ours)
    return seen.decode()


def test_a_terminal_gets_a_line_per_step_that_stays(harness: Harness) -> None:
    seen = on_a_terminal(harness, 80)
    assert "\x1b[?25l" in seen and seen.count("\x1b[?25h") == seen.count("\x1b[?25l"), "the cursor is shown again"
    frames = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part) for part in seen.split("\x1b[1A\x1b[2K")]
    assert any(re.search(r"pix2pixhd .*(10|20|30)/40 frames .*/s .*left", frame) for frame in frames)
    last = frames[-1]
    assert re.search(r"✔ pix2pixhd .*40 frames", last)
    assert re.search(r"✘ compose .*failed", last)
    assert re.search(r"○ publish .*not run", last)
    assert "3 of 3" in last
    assert max(len(line) for frame in frames[:-1] for line in frame.splitlines()) <= 80
    assert "gotcha" not in re.findall(r"\x1b\][^\x07]*\x07", seen)
