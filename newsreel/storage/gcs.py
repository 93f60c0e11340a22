"""The backend of `gs:` addresses: Google Cloud Storage, or the emulator that STORAGE_EMULATOR_HOST names.

Objects are created with `if_generation_match=0`, which the service checks atomically, and with a CRC32C that it verifies
(Cloud Storage, "Request preconditions" and "Hashes and ETags"). The SHA-256 travels as the object's metadata.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from newsreel.errors import BadInput, Conflict, MissingProgram, Unavailable
from newsreel.google_errors import translate_google_errors, translate_missing_credentials
from newsreel.storage.address import Address
from newsreel.storage.backend import ObjectInfo, require_same_content, source_digest

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client


DIGEST_METADATA = "newsreel-sha256"
CONNECT_AND_READ_TIMEOUT = (5, 60)
RETRY_SECONDS = 60.0
"""The client retries transient failures (408, 429, 5xx, lost connections) this long, with growing pauses."""


@dataclass(frozen=True)
class GcsBackend:
    """`newsreel.storage.store.Backend` over one client."""

    client: "Client"
    call_options: dict[str, Any]
    """Timeout and retry, the same for each call."""

    @classmethod
    def connect(cls, seconds_of_retries: float = RETRY_SECONDS) -> "GcsBackend":
        try:
            from google.cloud.storage import Client
            from google.cloud.storage.retry import DEFAULT_RETRY
        except ImportError as fault:
            raise MissingProgram("gs: addresses need google-cloud-storage: pip install 'newsreel[gcs]'") from fault
        with translate_missing_credentials("gs"):
            client = Client()
        retry = DEFAULT_RETRY.with_timeout(seconds_of_retries)
        return cls(client, {"timeout": CONNECT_AND_READ_TIMEOUT, "retry": retry})

    def blob(self, address: Address) -> "Blob":
        return self.client.bucket(address.bucket).blob(address.path, generation=address.generation)

    def read(self, address: Address, at_most: int) -> bytes:
        with self.readable(address, at_most) as (blob, options):
            return bytes(blob.download_as_bytes(**options))

    def copy(self, address: Address, into: BinaryIO, at_most: int) -> None:
        with self.readable(address, at_most) as (blob, options):
            blob.download_to_file(into, **options)

    @contextmanager
    def readable(self, address: Address, at_most: int) -> Iterator[tuple["Blob", dict[str, Any]]]:
        """An object that is not too large, and the options to download this very generation."""
        blob = self.blob(address)
        with translate_gcs_errors(address):
            blob.reload(**self.call_options)
            if blob.size > at_most:
                raise BadInput(f"{address}: larger than {at_most:,} bytes")
            # Raw: an object stored as gzip would otherwise be decompressed here, to any size.
            # A new blob requests the address itself; the reloaded one would follow the link in the service's answer.
            yield self.blob(address), {"raw_download": True, "if_generation_match": blob.generation, **self.call_options}

    def find(self, address: Address) -> ObjectInfo | None:
        with translate_gcs_errors(address):
            blob = self.client.bucket(address.bucket).get_blob(address.path, generation=address.generation, **self.call_options)
        return (
            ObjectInfo(size=blob.size, sha256=(blob.metadata or {}).get(DIGEST_METADATA), generation=blob.generation)
            if blob
            else None
        )

    def names(self, address: Address) -> list[str]:
        return sorted(self.dates(address))

    def dates(self, address: Address) -> dict[str, datetime]:
        prefix = f"{address.path}/" if address.path else ""
        with translate_gcs_errors(address):
            listed = list(self.client.list_blobs(address.bucket, prefix=prefix, **self.call_options))
        return {blob.name.removeprefix(prefix): blob.updated for blob in listed}

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        from google.api_core.exceptions import PreconditionFailed

        blob = self.blob(address)
        blob.metadata = {DIGEST_METADATA: source_digest(source)}
        options = {"content_type": content_type, "if_generation_match": 0, "checksum": "crc32c", **self.call_options}
        try:
            with translate_gcs_errors(address):
                if isinstance(source, bytes):
                    blob.upload_from_string(source, **options)
                else:
                    blob.upload_from_filename(str(source), **options)
        except Conflict as fault:
            # Another process was first, or this one, when the answer to an earlier attempt was lost.
            if not isinstance(fault.__cause__, PreconditionFailed):
                raise
            require_same_content(address, self.find(address), source)


@contextmanager
def translate_gcs_errors(address: Address) -> Iterator[None]:
    """Raise the errors of Cloud Storage, and of the HTTP client below it, as ours."""
    from google.cloud.storage.exceptions import DataCorruption
    from requests.exceptions import RequestException

    changed = "was changed or removed since it was submitted; submit the story again"
    not_found = changed if address.generation else "there is no such object or bucket"
    denied = "access is denied; give the step's service account a role on the bucket"
    with translate_google_errors(address, "Cloud Storage", not_found=not_found, denied=denied):
        try:
            yield
        except (RequestException, DataCorruption) as fault:
            raise Unavailable(f"{address}: Cloud Storage does not answer ({type(fault).__name__})") from fault
