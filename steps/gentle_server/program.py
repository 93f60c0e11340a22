"""`python -m steps gentle-server`: serve gentle's HTTP API until SIGTERM or Ctrl-C."""

import argparse
import os
import signal
import socket
import sys
from types import FrameType

from newsreel.errors import BadInput, MissingProgram
from newsreel.runtime.log import log


def run(arguments: list[str]) -> None:
    """Serve until stopped. Logs `listening on http://HOST:PORT` when it accepts requests; `--port 0` takes any free port."""
    parser = argparse.ArgumentParser(prog="python -m steps gentle-server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="alignments at a time (default: one per core)")
    parser.add_argument("--waiting", type=int, default=16, help="transcriptions in the queue before others get 503")
    parser.add_argument("--seconds", type=float, default=300, help="time limit of an alignment")
    options = parser.parse_args(arguments)
    try:
        from waitress.server import create_server

        from steps.gentle_server.app import MAX_BODY_BYTES, GentleApp
        from steps.gentle_server.jobs import JobQueue
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install newsreel[gentle]") from fault

    try:
        listener = socket.create_server((options.host, options.port))
    except OSError as fault:
        raise BadInput(f"cannot listen on {options.host}:{options.port}: {fault.strerror or fault}") from fault
    jobs = JobQueue(options.workers, options.waiting, options.seconds)
    server = create_server(
        GentleApp(jobs),
        sockets=[listener],
        threads=options.workers + options.waiting + 8,
        max_request_body_size=MAX_BODY_BYTES,
        channel_timeout=60,
        ident="gentle",
    )
    signal.signal(signal.SIGTERM, stop)
    log("gentle-server", f"listening on http://{options.host}:{listener.getsockname()[1]}")
    server.run()
    jobs.close()


def stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)
