"""A step's last word reaches who looks at its pod."""

import steps.__main__ as program
from newsreel.runtime.failure import MAX_MESSAGE_CHARACTERS, write_termination_message


def test_the_last_word_is_left_where_kubernetes_looks(tmp_path):
    log = tmp_path / "termination-log"
    log.touch()
    write_termination_message("animate: no such voice", log)
    assert log.read_text() == "animate: no such voice"
    write_termination_message("x" * 10_000, log)
    assert len(log.read_text()) == MAX_MESSAGE_CHARACTERS < 4096  # what Kubernetes keeps


def test_outside_a_container_nothing_is_written(tmp_path):
    write_termination_message("animate: no such voice", tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_a_step_that_fails_says_there_what_it_says_on_its_log(tmp_path, monkeypatch, capsys):
    said = []
    monkeypatch.setattr(program, "write_termination_message", said.append)
    assert program.main(["g2p", "--workspace", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{said[0]} (exit 2)\n"
