"""The Argo server's certificate, by which the Sensor knows whom it tells a story: made here, signed by itself."""

from base64 import b64decode, b64encode
from binascii import Error
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["good_until", "secrets"]

LIFE = timedelta(days=825)
CLOCKS = timedelta(hours=1)
"""That two machines' may differ."""


def secrets(name: str, server: str, theirs: str, ours: str, now: datetime) -> list[dict[str, Any]]:
    """A Secret in the server's namespace with certificate and key, and one in ours to know it by. `server` is its Service."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = encoded(made(key, server, theirs, now).public_bytes(serialization.Encoding.PEM))
    private = encoded(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return [
        secret(name, theirs, "kubernetes.io/tls", {"tls.crt": certificate, "tls.key": private}),
        secret(name, ours, "Opaque", {"ca.crt": certificate}),
    ]


def made(key: ec.EllipticCurvePrivateKey, server: str, namespace: str, now: datetime) -> x509.Certificate:
    names = (f"{server}.{namespace}.svc", f"{server}.{namespace}.svc.cluster.local", f"{server}.{namespace}", server)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def secret(name: str, namespace: str, kind: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "newsreel"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": data}


def good_until(data: str) -> datetime | None:
    """Until when the certificate in a Secret's `tls.crt` is good; None for what is none."""
    try:
        return x509.load_pem_x509_certificate(b64decode(data, validate=True)).not_valid_after_utc
    except (ValueError, Error):
        return None
