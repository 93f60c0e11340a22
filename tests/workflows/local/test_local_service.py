"""A service of the cluster is a process of this machine while a run needs it."""

import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from local_stage import Played, Stage, mentioning

pytestmark = pytest.mark.slow


class Theirs(BaseHTTPRequestHandler):
    """An aligner that is not ours."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"theirs")

    def log_message(self, *_: object) -> None:
        pass


SERVER = Path(__file__).with_name("answering.py")
CALL = """
- name: main
  dag:
    tasks:
    - {name: before, template: before}
    - {name: a, template: call, depends: before}
    - {name: b, template: call, depends: a}
- name: before
  container: {image: i, command: ['true']}
- name: call
  retryStrategy: {limit: 1, expression: asInt(lastRetry.exitCode) == 75}
  container:
    image: i
    command: [python, -c]
    args:
    - |
      import os, urllib.request
      url = os.environ["GENTLE_URL"]
      print(url, urllib.request.urlopen(url + CALLED).read().decode())
    env: [{name: GENTLE_URL, value: "http://gentle:8765"}, {name: OTHER, value: "http://gentle:87650 http://ungentle:8765"}]
"""


def gentle(*arguments: str) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: gentle}}
spec:
  template:
    metadata: {{labels: {{app: gentle, tier: service}}}}
    spec:
      containers:
      - name: gentle
        image: i
        command: [python, "{SERVER}"]
        args: [{"".join(f"{one}, " for one in arguments)}--host, 0.0.0.0, --port, "8765"]
        ports: [{{name: http, containerPort: 8765}}]
        readinessProbe: {{httpGet: {{path: /ready, port: http}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: gentle}}
spec: {{selector: {{app: gentle}}, ports: [{{name: http, port: 8765, targetPort: http}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: gentle}}
spec: {{podSelector: {{}}}}
"""


def play(stage: Stage, called: str, *arguments: str, **changes: object) -> Played:
    folder = stage.home / "manifests"
    folder.mkdir()
    (folder / "gentle.yaml").write_text(gentle(*arguments))
    return stage.play(CALL.replace("CALLED", f"'{called}'"), **changes)


def test_it_starts_when_it_is_called_for_serves_all_and_ends_with_the_run(stage: Stage) -> None:
    played = play(stage, "/hello", "--slow")
    assert played.result.exit_status == 0, played.said
    first, second = (played.log(name).split() for name in ("a", "b"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first[0])
    assert first == second, "one process for both: its address and its process id are the same"
    assert played.steps["gentle service"] == "Ready"
    assert played.said.index("before: finished") < played.said.index("gentle service: started")
    assert mentioning(str(stage.home)) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(first[0].rsplit(":", 1)[1]))) != 0


def test_one_that_a_person_has_elsewhere_is_called_there_and_none_is_started(stage: Stage) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Theirs) as theirs:
        Thread(target=theirs.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{theirs.server_port}"
        played = play(stage, "/hello", "--broken", environment={"GENTLE_URL": url, "OTHER": ""})
        theirs.shutdown()
    assert played.result.exit_status == 0, played.said
    assert [played.log(name).split() for name in ("a", "b")] == [[url, "theirs"]] * 2
    assert "gentle service" not in played.steps


def test_one_that_has_died_is_started_again_for_the_next_step(stage: Stage) -> None:
    played = play(stage, "/die")
    first, second = (played.log(name).split() for name in ("a", "b"))
    assert played.result.exit_status == 0
    assert first[1] != second[1]


def test_one_that_cannot_start_fails_the_step_as_unavailable(stage: Stage) -> None:
    played = play(stage, "/hello", "--broken")
    assert played.result.exit_status == 75
    assert played.steps["before"] == "Succeeded"
    assert next(step for step in played.result.steps if step.step == "a").tries == 2
    assert "service gentle: ended with status 6" in played.result.message
    assert "weights are damaged" in (stage.home / "logs" / "service-gentle.log").read_text()
