"""Replaces `python -m steps NAME ...` in tests of the manifest and the runner.

Every step uses the files that its arguments and variables name, so that a wrong path or a lost variable fails it.
"""

import json
import os
import signal
import sys
from pathlib import Path

assert sys.argv[1:3] == ["-m", "steps"], sys.argv
step = sys.argv[3]
words = [word for argument in sys.argv[4:] for word in argument.split("=", 1)]
options = dict(zip(words[::2], words[1::2], strict=True))
workspace = Path(options.get("--workspace", "/nowhere"))


def once(name: str) -> None:
    """A step's result: it is not made again."""
    result = workspace / name
    print("unchanged" if result.exists() else "worked", flush=True)
    result.touch()


match step:
    case "check":
        assert options["--finals"].startswith(os.environ["NEWSREEL_ADDRESSES"])
        outputs = {"state": os.environ.get("STATE", "todo"), "story": options["--story"]}
        outputs |= {"digest": "0" * 64, "step-seconds": "60", "attempt-seconds": "300"}
        for name, value in outputs.items():
            (Path(options["--outputs"]) / name).write_text(value)
    case "anchor":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        workspace.mkdir(parents=True, exist_ok=True)
        (workspace / "lease.json").write_text("{}")
        signal.sigwait({signal.SIGTERM})
        (workspace / "lease.json").unlink()
    case "gentle-server":
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()

        assert options["--host"] == "127.0.0.1"
        HTTPServer((options["--host"], int(options["--port"])), Answer).serve_forever()
    case "report":
        print(options["--story"], options["--status"])
    case "refuse":
        assert options["--refusal"] == "wrong"
        print("animate: wrong (exit 2)", file=sys.stderr)
        sys.exit(2)
    case _:
        assert (workspace / "lease.json").exists()
        if step == "init-story":
            shards = [f"{k}/{options['--shards']}" for k in range(int(options["--shards"]))]
            Path(options["--shards-file"]).write_text(json.dumps(shards))
        if step == "gentle":
            from http.client import HTTPConnection

            server = HTTPConnection(os.environ["GENTLE_URL"].removeprefix("http://"))
            server.request("GET", "/")
            assert server.getresponse().status == 200
        if step == "triage":
            Path(options["--refusal-file"]).write_text("wrong")
        if step == os.environ.get("FAIL"):
            print(f"{step}: wrong (exit 2)", file=sys.stderr)
            sys.exit(2)
        once(f"{step}-{options.get('--shard', 'all').replace('/', '-')}")
