"""A server over real TLS, as 127.0.0.1, that is posted to and asked: who calls it must be told of its authority."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Receiver(ThreadingHTTPServer):
    """`heard` has path, headers and body of each; answered with `says`."""

    def __init__(self, authority: Path) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.says: tuple[int, bytes] = (204, b"")
        self.authority = authority
        super().__init__(("127.0.0.1", 0), Answering)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified(authority))
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        self.answer(b"")

    def answer(self, body: bytes) -> None:
        self.server.heard.append((self.path, dict(self.headers.items()), body))
        status, content = self.server.says
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """A test says enough."""


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    server = Receiver(folder / "authority.pem")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def certified(path: Path) -> Path:
    """A key and its own certificate, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    certificate = made.add_extension(address, False).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
