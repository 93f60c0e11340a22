"""An HTTP service for tests: answers every path with its process id, and exits after `/exit`."""

import argparse
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

parser = argparse.ArgumentParser()
parser.add_argument("--host")
parser.add_argument("--port", type=int)
parser.add_argument("--slow", action="store_true")
parser.add_argument("--broken", action="store_true")
options = parser.parse_args()

if options.broken:
    sys.stderr.write("the weights are damaged\n")
    sys.exit(6)
ready_at = time.monotonic() + (0.3 if options.slow else 0.0)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if time.monotonic() < ready_at else 200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())
        if self.path == "/exit":
            threading.Timer(0.0, os._exit, [0]).start()


HTTPServer((options.host, options.port), Answer).serve_forever()
