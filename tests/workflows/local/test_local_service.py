"""A service of the cluster is a process of this machine while a run needs it."""

import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from local_harness import FinishedRun, Harness, processes_mentioning


class OtherAligner(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"other")

    def log_message(self, *_: object) -> None:
        pass


pytestmark = pytest.mark.slow

SERVER = Path(__file__).with_name("http_service.py")
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
  retryStrategy: {limit: 1, retryPolicy: Always, expression: asInt(lastRetry.exitCode) == 75}
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


def run_with_service(harness: Harness, called: str, *arguments: str, **changes: object) -> FinishedRun:
    folder = harness.home / "manifests"
    folder.mkdir()
    (folder / "gentle.yaml").write_text(gentle(*arguments))
    return harness.run(CALL.replace("CALLED", f"'{called}'"), **changes)


def test_a_service_starts_on_demand_and_ends_with_the_run(harness: Harness) -> None:
    finished = run_with_service(harness, "/hello", "--slow")
    assert finished.result.exit_status == 0, finished.output
    first, second = (finished.log(name).split() for name in ("a", "b"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first[0])
    assert first == second, "one process for both: its address and its process id are the same"
    assert finished.phases["gentle service"] == "Ready"
    assert finished.output.index("before: finished") < finished.output.index("gentle service: started")
    assert processes_mentioning(str(harness.home)) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(first[0].rsplit(":", 1)[1]))) != 0


def test_an_address_from_the_environment_starts_no_service(harness: Harness) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherAligner) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        finished = run_with_service(harness, "/hello", "--broken", environment={"GENTLE_URL": url, "OTHER": ""})
        other.shutdown()
    assert finished.result.exit_status == 0, finished.output
    assert [finished.log(name).split() for name in ("a", "b")] == [[url, "other"]] * 2
    assert "gentle service" not in finished.phases


def test_an_exited_service_is_started_again(harness: Harness) -> None:
    finished = run_with_service(harness, "/exit")
    first, second = (finished.log(name).split() for name in ("a", "b"))
    assert finished.result.exit_status == 0
    assert first[1] != second[1]


def test_a_service_that_cannot_start_is_ex_tempfail(harness: Harness) -> None:
    finished = run_with_service(harness, "/hello", "--broken")
    assert finished.result.exit_status == 75
    assert finished.phases["before"] == "Succeeded"
    assert next(step for step in finished.result.steps if step.name == "a").tries == 2
    assert "service gentle: ended with status 6" in finished.result.message
    assert "weights are damaged" in (harness.home / "logs" / "service-gentle.log").read_text()
