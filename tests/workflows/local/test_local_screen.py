"""What people see of a run: plain lines in a pipe, live lines on a terminal."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

from local_stage import Stage
from rich.console import Console

from workflows.local.board import Board, State
from workflows.local.live import LiveScreen
from workflows.local.screen import clock, tail

COUNTING = """
- name: main
  dag:
    tasks:
    - {name: pix2pixhd, template: render}
    - {name: compose, template: broken, depends: pix2pixhd}
    - {name: publish, template: broken, depends: compose}
- name: render
  metadata: {annotations: {newsreel/counts: frames}}
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


def test_a_pipe_gets_plain_lines_and_in_the_end_a_table(stage: Stage) -> None:
    played = stage.play(COUNTING)
    said = played.said
    assert re.search(r"pix2pixhd: started\n", said)
    assert re.search(r"pix2pixhd: (25|50|75) %, \d0/40 frames", said)
    assert re.search(r"pix2pixhd: finished in .* s, 40 frames\n", said)
    assert re.search(r"compose: failed after .* s: .*compose: no ffmpeg\n", said)
    assert "not run: publish\n" in said
    assert f"compose: the end of its log, {stage.home / 'logs' / 'compose.log'}:\n  | scene 2\n" in said
    assert "\x1b" not in said and all(character.isprintable() or character == "\n" for character in said)

    lines = played.result.table().splitlines()
    assert re.fullmatch(r"pix2pixhd +\d\.\d s  40 frames", lines[0])
    assert re.fullmatch(r"compose +\d\.\d s  failed", lines[1])
    assert re.fullmatch(r"in all +\d\.\d s", lines[2])


ONE_SENTENCE = """
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


def test_a_sentence_that_is_all_a_log_holds_is_told_once(stage: Stage) -> None:
    said = stage.play(ONE_SENTENCE).said
    assert said.count("no ffmpeg") == 1
    assert "the end of its log" not in said
    assert re.search(r"refuse: ended so after \d\.\d s\n", said)


def test_a_log_cannot_upset_a_terminal(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"old\n" * 9000 + b"one\r\x1b[2Jtwo\xff\n\n" + "\u202eright\x9b5m to left\n".encode() + b"x" * 5000)
    lines = tail(log)
    assert lines[-3:] == ["two\ufffd", "right5m to left", "x" * 200]
    assert len(lines) == 12
    assert tail(tmp_path / "none") == []


def test_times_read_well() -> None:
    assert [clock(seconds) for seconds in (0.04, 59.94, 59.96, 65.2, 3599.7, 7265)] == [
        *("0.0 s", "59.9 s", "1:00", "1:05", "1:00:00", "2:01:05")
    ]


def board_at_work() -> Board:
    board = Board(
        [("w/a", "check", ""), ("w/b", "pix2pixhd", "frames"), ("w/c", "hibari", "seconds of speech"), ("w/d", "compose", "")]
    )
    for path, state, done, total in (
        ("w/a", State.SUCCEEDED, 0, 0),
        ("w/b", State.RUNNING, 1400, 10_143),
        ("w/c", State.RUNNING, 3, 41),
    ):
        line = board.lines[path]
        line.state, line.done, line.total, line.began = state, done, total, board.began
        line.samples.extend([(0.0, 0), (10.0, done)])
    return board


def test_live_lines_fit_any_width_from_80_columns_up() -> None:
    for width in (80, 100, 200):
        with Path(os.devnull).open("w") as nowhere:
            screen = LiveScreen(nowhere)
            screen.live.stop()
            screen.console = Console(width=width, record=True, file=nowhere, force_terminal=True)
            screen.console.print(screen.draw(board_at_work()))
            lines = screen.console.export_text().splitlines()
        assert len(lines) == 5
        assert max(map(len, lines)) <= width
        assert "1400/10143 frames" in lines[1] and "140/s" in lines[1] and "1:02 left" in lines[1]
        assert "3/41 seconds of speech" in lines[2] and "0.3/s" in lines[2]


def test_a_fan_out_takes_the_place_of_its_line() -> None:
    board = Board([("w/a", "a", ""), ("w/b", "b", "frames"), ("w/c", "c", "")])
    board.fan_out("w/b", 2)
    board.fan_out("w/b", 2)
    assert [line.name for line in board.lines.values()] == ["a", "b 1/2", "b 2/2", "c"]
    assert board.lines["w/b(1)"].counts == "frames"


def test_progress_that_makes_no_sense_is_not_shown(tmp_path: Path) -> None:
    board = Board([("a", "a", "frames")])
    line = board.lines["a"]
    line.state, line.progress_file = State.RUNNING, tmp_path / "progress"
    for text in ("2/4", "", "5/4", "-1/4", "x/y", "1", "\xff"):
        line.progress_file.write_text(text)
        board.look()
        assert (line.done, line.total) == (2, 4)


def on_a_terminal(stage: Stage, columns: int) -> str:
    script = f"""if True:
        from pathlib import Path
        from workflows.local import LocalSettings, run
        home = Path({str(stage.home)!r})
        run(home / "manifests", {{}}, LocalSettings(uid="budget-r1", ssd=home / "ssd", logs=home / "logs"))
    """
    stage.write(COUNTING)
    ours, theirs = pty.openpty()
    ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass
    assert child.wait(timeout=20) == 0
    os.close(ours)
    return seen.decode()


def test_a_terminal_gets_one_line_a_step_that_moves_and_stays(stage: Stage) -> None:
    seen = on_a_terminal(stage, 80)
    assert "\x1b[?25l" in seen and seen.count("\x1b[?25h") == seen.count("\x1b[?25l"), "the cursor comes back"
    frames = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part) for part in seen.split("\x1b[1A\x1b[2K")]
    assert any(re.search(r"pix2pixhd .*(10|20|30)/40 frames .*/s .*left", frame) for frame in frames)
    last = frames[-1]
    assert re.search(r"✔ pix2pixhd .*40 frames", last)
    assert re.search(r"✘ compose .*failed", last)
    assert re.search(r"○ publish .*not run", last)
    assert "3 of 3" in last
    assert max(len(line) for frame in frames[:-1] for line in frame.splitlines()) <= 80
    assert "gotcha" not in re.findall(r"\x1b\][^\x07]*\x07", seen)
