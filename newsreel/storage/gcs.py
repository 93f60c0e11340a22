"""`gs:` addresses: Google Cloud Storage, or what STORAGE_EMULATOR_HOST names in its place.

Objects are created with `if_generation_match=0`, which the service decides atomically, and with a CRC32C that it checks
(Cloud Storage, "Request preconditions" and "Hashes and ETags"). The SHA-256 travels as the object's metadata.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from newsreel.errors import BadInput, Conflict, MissingProgram, Unavailable
from newsreel.storage.address import Address
from newsreel.storage.store import ObjectInfo, require_same_content, source_digest

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client


DIGEST_METADATA = "newsreel-sha256"
CONNECT_AND_READ_TIMEOUT = (5, 60)
RETRY_SECONDS = 60.0
"""The client repeats what failed in passing (408, 429, 5xx, lost connections) this long, waiting longer each time."""


@dataclass(frozen=True)
class GcsBackend:
    """`newsreel.storage.store.Backend` over one client."""

    client: "Client"
    call_options: dict[str, Any]
    """Timeout and retry, the same for each call."""

    @classmethod
    def connect(cls, seconds_of_retries: float = RETRY_SECONDS) -> "GcsBackend":
        try:
            from google.auth.exceptions import DefaultCredentialsError
            from google.cloud.storage import Client
            from google.cloud.storage.retry import DEFAULT_RETRY
        except ImportError as fault:
            raise MissingProgram("gs: addresses need google-cloud-storage: pip install 'newsreel[gcs]'") from fault
        try:
            client = Client()
        except (DefaultCredentialsError, OSError) as fault:
            raise BadInput("gs: no credentials; run `gcloud auth application-default login`") from fault
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
        """An object that is not too large, and how this very generation of it is downloaded."""
        blob = self.blob(address)
        with translate_gcs_error(address):
            blob.reload(**self.call_options)
            if blob.size > at_most:
                raise BadInput(f"{address}: larger than {at_most:,} bytes")
            # Raw: an object stored as gzip would otherwise be unpacked here, to any size.
            # A blob made anew asks for the address itself, where the reloaded one follows the link the service has told it.
            yield self.blob(address), {"raw_download": True, "if_generation_match": blob.generation, **self.call_options}

    def find(self, address: Address) -> ObjectInfo | None:
        with translate_gcs_error(address):
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
        with translate_gcs_error(address):
            listed = list(self.client.list_blobs(address.bucket, prefix=prefix, **self.call_options))
        return {blob.name.removeprefix(prefix): blob.updated for blob in listed}

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        from google.api_core.exceptions import PreconditionFailed

        blob = self.blob(address)
        blob.metadata = {DIGEST_METADATA: source_digest(source)}
        options = {"content_type": content_type, "if_generation_match": 0, "checksum": "crc32c", **self.call_options}
        try:
            with translate_gcs_error(address):
                if isinstance(source, bytes):
                    blob.upload_from_string(source, **options)
                else:
                    blob.upload_from_filename(str(source), **options)
        except Conflict as fault:
            # Somebody was first; it may have been ourselves, when the answer to an earlier try was lost.
            if not isinstance(fault.__cause__, PreconditionFailed):
                raise
            require_same_content(address, self.find(address), source)


@contextmanager
def translate_gcs_error(address: Address) -> Iterator[None]:
    """The service's errors as ours."""
    from google.api_core import exceptions as api
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.cloud.storage.exceptions import DataCorruption
    from requests.exceptions import RequestException

    try:
        yield
    except api.NotFound as fault:
        gone = "was changed or removed since it was submitted; submit the story again" if address.generation else None
        raise BadInput(f"{address}: {gone or 'there is no such object or bucket'}") from fault
    except (api.Forbidden, api.Unauthorized) as fault:
        raise BadInput(f"{address}: access is denied; give the step's service account a role on the bucket") from fault
    except api.PreconditionFailed as fault:
        raise Conflict(f"{address}: changed or made by another run meanwhile") from fault
    except (api.TooManyRequests, api.ServerError, api.RetryError, DataCorruption) as fault:
        raise Unavailable(f"{address}: Cloud Storage cannot answer now ({type(fault).__name__})") from fault
    except api.GoogleAPICallError as fault:
        raise BadInput(f"{address}: Cloud Storage refuses it: {fault.message}") from fault
    except GoogleAuthError as fault:
        if isinstance(fault, TransportError) or fault.retryable:
            raise Unavailable(f"{address}: Google's sign-in does not answer") from fault
        raise BadInput(f"{address}: access is denied; the credentials are not valid here") from fault
    except (RequestException, ConnectionError, TimeoutError) as fault:
        raise Unavailable(f"{address}: Cloud Storage does not answer ({type(fault).__name__})") from fault
