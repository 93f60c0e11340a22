"""A step's termination message reaches the pod's status."""

import steps.__main__ as program
from newsreel.runtime.failure import MAX_MESSAGE_CHARACTERS, write_termination_message


def test_the_termination_message_is_written(tmp_path):
    log = tmp_path / "termination-log"
    log.touch()
    write_termination_message("animate: no such voice", log)
    assert log.read_text() == "animate: no such voice"
    write_termination_message("x" * 10_000, log)
    assert len(log.read_text()) == MAX_MESSAGE_CHARACTERS < 4096  # what Kubernetes keeps


def test_outside_a_container_nothing_is_written(tmp_path):
    write_termination_message("animate: no such voice", tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_the_termination_message_equals_the_log_line(tmp_path, monkeypatch, capsys):
    said = []
    monkeypatch.setattr(program, "write_termination_message", said.append)
    assert program.main(["g2p", "--workspace", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{said[0]} (exit 2)\n"
