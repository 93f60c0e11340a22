"""However a run ends, nothing of it is left running, and the same command goes on."""

import os
import signal
import time
from pathlib import Path

import pytest
from local_stage import Stage, alive, end, eventually, mentioning

from newsreel.errors import Conflict

pytestmark = pytest.mark.slow

FAMILY = """
- name: main
  dag: {tasks: [{name: first, template: first}, {name: long, template: long, depends: first}]}
- name: first
  container: {image: i, command: [sh, -c, "echo done"]}
- name: long
  volumes: [{name: story, hostPath: {path: "/var/lib/kubelet/newsreel/{{workflow.uid}}", type: DirectoryOrCreate}}]
  container:
    image: i
    command: [sh, -c]
    args:
    - |
      cd /story
      test -e finished && exit 0
      sleep 1000 &
      setsid sh -c 'echo $$ > far; exec sleep 1000' &
      setsid sh -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 0.1; done' &
      echo $$ > self
      wait
    volumeMounts: [{name: story, mountPath: /story}]
"""
PEOPLE = ("self", "far", "stubborn")


def story(stage: Stage) -> Path:
    return stage.home / "ssd" / "budget-r1"


def pids(stage: Stage) -> list[int]:
    return [int((story(stage) / name).read_text()) for name in PEOPLE]


def all_there(stage: Stage) -> bool:
    return all((story(stage) / name).exists() and (story(stage) / name).read_text().endswith("\n") for name in PEOPLE)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_process_and_tells_how_to_go_on(stage: Stage, number: signal.Signals, status: int) -> None:
    runner = stage.begin(FAMILY)
    eventually(lambda: all_there(stage))
    people = pids(stage)
    assert all(map(alive, people))
    ended, out, err = end(runner, number)
    assert ended == status
    assert out == f"stopped by {number.name}; the same command goes on from here\n"
    assert "long: stopped after" in err
    assert not [pid for pid in people if alive(pid)]
    assert mentioning(str(stage.home)) == []

    (story(stage) / "finished").touch()
    assert stage.play(FAMILY).result.exit_status == 0


def test_a_killed_runner_leaves_no_process_and_the_next_run_goes_on_at_once(stage: Stage) -> None:
    runner = stage.begin(FAMILY)
    eventually(lambda: all_there(stage))
    people = pids(stage)
    runner.kill()
    eventually(lambda: not alive(runner.pid))
    (story(stage) / "finished").touch()
    assert stage.play(FAMILY).result.exit_status == 0
    assert not [pid for pid in people if alive(pid)], (
        "the next run does not start before the last process of the killed one is gone"
    )
    runner.communicate(timeout=5)
    eventually(lambda: mentioning(str(stage.home)) == [])


def test_a_killed_keeper_takes_its_program_along(stage: Stage) -> None:
    runner = stage.begin(FAMILY)
    eventually(lambda: all_there(stage))
    (program,) = (pid for pid in pids(stage)[:1])
    keeper = int(Path(f"/proc/{program}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not alive(program))
    out, _ = runner.communicate(timeout=10)
    assert runner.returncode != 0 and "long" in out
    for pid in pids(stage):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_second_ctrl_c_waits_for_no_grace(stage: Stage) -> None:
    stubborn = """
- name: main
  activeDeadlineSeconds: 60
  volumes: [{name: story, hostPath: {path: "/var/lib/kubelet/newsreel/{{workflow.uid}}", type: DirectoryOrCreate}}]
  container:
    image: i
    command: [sh, -c, "cd /story; trap 'touch asked' TERM; echo $$ > self; while :; do sleep 0.02; done"]
    volumeMounts: [{name: story, mountPath: /story}]
"""
    stage.write(stubborn)
    runner = stage.begin(stubborn, grace=1000.0)
    eventually(lambda: (story(stage) / "self").exists() and (story(stage) / "self").read_text())
    pid = int((story(stage) / "self").read_text())
    runner.send_signal(signal.SIGINT)
    eventually(lambda: (story(stage) / "asked").exists())
    ended, _, _ = end(runner, signal.SIGINT)
    assert ended == 130
    eventually(lambda: not alive(pid))


def test_what_a_step_leaves_running_ends_with_the_step(stage: Stage) -> None:
    played = stage.play(
        '- {name: main, container: {image: i, command: [sh, -c, "setsid sleep 1000 & echo $!; sleep 1000 & echo $!"]}}'
    )
    assert played.result.exit_status == 0
    assert not [pid for pid in map(int, played.log("main").split()) if alive(pid)]


def test_a_step_killed_by_a_signal_says_so(stage: Stage) -> None:
    played = stage.play("- {name: main, container: {image: i, command: [sh, -c, 'kill -9 $$']}}")
    assert played.result.exit_status == 137
    assert "signal 9" in played.result.message


def test_a_second_runner_on_the_same_workspace_is_refused_at_once(stage: Stage) -> None:
    runner = stage.begin(FAMILY)
    eventually(lambda: all_there(stage))
    with pytest.raises(Conflict, match=f"process {runner.pid} "):
        stage.play(FAMILY)
    assert stage.play("- {name: main, container: {image: i, command: ['true']}}", uid="another-r1").result.exit_status == 0
    end(runner, signal.SIGTERM)


def test_twelve_steps_with_nothing_to_do_cost_little(stage: Stage) -> None:
    """No bound on time here, only on work: every step is one process and one keeper, and the runner hardly computes."""
    tasks = ", ".join(f"{{name: s{n}, template: a{f', depends: s{n - 1}' if n else ''}}}" for n in range(12))
    before = time.process_time()
    played = stage.play(f"- {{name: main, dag: {{tasks: [{tasks}]}}}}\n- {{name: a, container: {{image: i, command: ['true']}}}}")
    assert played.result.exit_status == 0
    assert time.process_time() - before < 2
