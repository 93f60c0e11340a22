"""However a run ends, none of its processes is left, and the same command resumes."""

import os
import signal
import time
from pathlib import Path

import pytest
from local_harness import Harness, alive, eventually, processes_mentioning, send_signal

from workflows.local import WorkspaceInUse

pytestmark = pytest.mark.slow

PROCESSES = """
- name: main
  dag: {tasks: [{name: first, template: first}, {name: long, template: long, depends: first}]}
- name: first
  container: {image: i, command: [sh, -c, "echo done"]}
- name: long
  volumes: [{name: story, hostPath: {path: "/var/lib/kubelet/ssd/{{workflow.uid}}", type: DirectoryOrCreate}}]
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
PID_FILES = ("self", "far", "stubborn")


def story(harness: Harness) -> Path:
    return harness.home / "ssd" / "budget-r1"


def pids(harness: Harness) -> list[int]:
    return [int((story(harness) / name).read_text()) for name in PID_FILES]


def all_started(harness: Harness) -> bool:
    return all((story(harness) / name).exists() and (story(harness) / name).read_text().endswith("\n") for name in PID_FILES)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_process_and_resumes(harness: Harness, number: signal.Signals, status: int) -> None:
    runner = harness.start(PROCESSES)
    eventually(lambda: all_started(harness))
    processes = pids(harness)
    assert all(map(alive, processes))
    ended, out, err = send_signal(runner, number)
    assert ended == status
    assert out == f"stopped by {number.name}; the same command resumes here\n"
    assert "long: stopped after" in err
    assert not [pid for pid in processes if alive(pid)]
    assert processes_mentioning(str(harness.home)) == []

    (story(harness) / "finished").touch()
    assert harness.run(PROCESSES).result.exit_status == 0


def test_a_killed_run_leaves_no_process_and_resumes(harness: Harness) -> None:
    runner = harness.start(PROCESSES)
    eventually(lambda: all_started(harness))
    processes = pids(harness)
    runner.kill()
    eventually(lambda: not alive(runner.pid))
    (story(harness) / "finished").touch()
    assert harness.run(PROCESSES).result.exit_status == 0
    assert not [pid for pid in processes if alive(pid)], (
        "the next run does not start before the last process of the killed one is gone"
    )
    runner.communicate(timeout=5)
    eventually(lambda: processes_mentioning(str(harness.home)) == [])


def test_a_killed_supervisor_ends_its_program(harness: Harness) -> None:
    runner = harness.start(PROCESSES)
    eventually(lambda: all_started(harness))
    (program,) = (pid for pid in pids(harness)[:1])
    supervisor = int(Path(f"/proc/{program}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: not alive(program))
    out, _ = runner.communicate(timeout=10)
    assert runner.returncode != 0 and "long" in out
    for pid in pids(harness):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_a_second_ctrl_c_kills_at_once(harness: Harness) -> None:
    stubborn = """
- name: main
  activeDeadlineSeconds: 60
  volumes: [{name: story, hostPath: {path: "/var/lib/kubelet/ssd/{{workflow.uid}}", type: DirectoryOrCreate}}]
  container:
    image: i
    command: [sh, -c, "cd /story; trap 'touch asked' TERM; echo $$ > self; while :; do sleep 0.02; done"]
    volumeMounts: [{name: story, mountPath: /story}]
"""
    harness.write(stubborn)
    runner = harness.start(stubborn, grace=1000.0)
    eventually(lambda: (story(harness) / "self").exists() and (story(harness) / "self").read_text())
    pid = int((story(harness) / "self").read_text())
    runner.send_signal(signal.SIGINT)
    eventually(lambda: (story(harness) / "asked").exists())
    ended, _, _ = send_signal(runner, signal.SIGINT)
    assert ended == 130
    eventually(lambda: not alive(pid))


def test_background_processes_end_with_their_step(harness: Harness) -> None:
    finished = harness.run(
        '- {name: main, container: {image: i, command: [sh, -c, "setsid sleep 1000 & echo $!; sleep 1000 & echo $!"]}}'
    )
    assert finished.result.exit_status == 0
    assert not [pid for pid in map(int, finished.log("main").split()) if alive(pid)]


def test_a_signal_is_named_in_the_message(harness: Harness) -> None:
    finished = harness.run("- {name: main, container: {image: i, command: [sh, -c, 'kill -9 $$']}}")
    assert finished.result.exit_status == 137
    assert "signal 9" in finished.result.message


def test_a_second_run_on_a_workspace_is_refused(harness: Harness) -> None:
    runner = harness.start(PROCESSES)
    eventually(lambda: all_started(harness))
    with pytest.raises(WorkspaceInUse, match=f"process {runner.pid} "):
        harness.run(PROCESSES)
    assert harness.run("- {name: main, container: {image: i, command: ['true']}}", uid="another-r1").result.exit_status == 0
    send_signal(runner, signal.SIGTERM)


def test_twelve_empty_steps_take_little_cpu_time(harness: Harness) -> None:
    """A bound on the runner's CPU time only: every step is one process and one supervisor."""
    tasks = ", ".join(f"{{name: s{n}, template: a{f', depends: s{n - 1}' if n else ''}}}" for n in range(12))
    before = time.process_time()
    finished = harness.run(
        f"- {{name: main, dag: {{tasks: [{tasks}]}}}}\n- {{name: a, container: {{image: i, command: ['true']}}}}"
    )
    assert finished.result.exit_status == 0
    assert time.process_time() - before < 2
