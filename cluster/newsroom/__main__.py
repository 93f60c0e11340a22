"""`python -m cluster.newsroom`: on this machine with --folder, on a cluster with --stories and --finals."""

import argparse
import errno
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import uvicorn

from cluster.newsroom.app import application
from cluster.newsroom.telemetry import configure_logging
from cluster.newsroom.wiring import cluster_newsroom, local_newsroom
from newsreel.errors import BadInput, NewsreelError, Unavailable, translate_os_error

GRACE_SECONDS = 5
"""For requests under way when the newsroom is stopped."""
LAST_PORT = 65_535
DEFECT = 70


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.newsroom", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--folder", type=Path, help="one machine: everything is stored here, and only 127.0.0.1 can connect")
    cluster = parser.add_argument_group("on a cluster")
    cluster.add_argument("--stories", help="address of the stories, gs://bucket/prefix")
    cluster.add_argument("--finals", help="address of the finished videos")
    cluster.add_argument("--namespace", default="newsreel", help="where stories run (newsreel)")
    cluster.add_argument("--topic", help="projects/PROJECT/topics/NAME on which stories are announced")
    cluster.add_argument("--hosts", default="", help="host names of the page, comma-separated: newsroom.example.org")
    cluster.add_argument("--voice-system", default="hibari", help="voice system of the cluster: hibari or tacotron2 (hibari)")
    options = parser.parse_args()
    try:
        # A pod must be reachable from outside; its NetworkPolicy says by whom.
        listener = listen("127.0.0.1" if options.folder else "0.0.0.0", options.port)  # noqa: S104
        if options.folder:
            make_writable(options.folder)
        newsroom = local_newsroom(options.folder, options.port) if options.folder else cluster_newsroom(options, os.environ)
    except NewsreelError as fault:
        print(f"newsroom: {fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    if options.folder:
        print(f"The newsroom is at http://127.0.0.1:{options.port}/ and everything in {options.folder}/. Ctrl-C ends it.")
    configure_logging()
    settings = uvicorn.Config(
        application(newsroom),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=65_536,
    )
    server = uvicorn.Server(settings)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean shutdown
        server.run(sockets=[listener])
    return 0 if server.started else DEFECT


def listen(host: str, port: int) -> socket.socket:
    """Bound before the address is printed. Raises BadInput for an invalid or forbidden port, Unavailable for one in use."""
    if not 0 < port <= LAST_PORT:
        raise BadInput(f"--port {port}: must be 1 to {LAST_PORT}")
    try:
        return socket.create_server((host, port))
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise Unavailable(f"--port {port} is in use; end what listens there, or choose another") from fault
        raise BadInput(f"--port {port}: {os.strerror(fault.errno or 0).lower()}") from fault


def make_writable(folder: Path) -> None:
    """Raises BadInput where it cannot be created or written, DiskFull."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise translate_os_error(OSError(fault.errno, fault.strerror, str(folder))) from fault


if __name__ == "__main__":
    sys.exit(main())
