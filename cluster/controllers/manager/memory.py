"""What the manager remembers, with its lease, as one object in a bucket: {"holder", "until", "memory"}.

It is changed only with the generation that was read (Cloud Storage, "Request preconditions"): of two managers that write at once,
one is refused and does nothing. A lease that has run out is anybody's, so a manager that died is followed within minutes.
"""

from datetime import datetime, timedelta
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Client
from pydantic import AwareDatetime, ValidationError

from cluster.controllers.manager.world import Memory
from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.validation import StrictModel

MOST_BYTES = 1_000_000


class Note(StrictModel):
    holder: str
    until: AwareDatetime
    memory: Memory


class Notebook:
    """One manager's access to the note."""

    def __init__(self, bucket: Client, address: Address, holder: str, lease: timedelta, calls: dict[str, Any]) -> None:
        self.client, self.address, self.holder, self.lease, self.calls = bucket, address, holder, lease, calls
        self.generation = 0
        """Of the note that was read; 0 where there was none."""

    def read(self, now: datetime, *, to_act: bool = True) -> Memory:
        """Raises Conflict, if one means to act, while another manager has the lease; BadInput for an object that is no note;
        the service's errors."""
        blob = self.client.bucket(self.address.bucket).blob(self.address.path)
        try:
            blob.reload(**self.calls)
        except NotFound:
            self.generation = 0
            return Memory()
        self.generation = int(blob.generation)
        if blob.size > MOST_BYTES:
            raise BadInput(f"{self.address}: is too large to be the manager's note")
        try:
            note = Note.model_validate_json(blob.download_as_bytes(if_generation_match=self.generation, **self.calls))
        except ValidationError as fault:
            raise BadInput(f"{self.address}: is not the manager's note; remove it, and every span begins anew") from fault
        except PreconditionFailed as fault:
            raise Conflict(f"{self.address}: another manager is writing it") from fault
        # A lease far ahead was written by a clock that is wrong, ours or the other's: it must not stop us for ever.
        if to_act and note.holder != self.holder and now < note.until <= now + 2 * self.lease:
            raise Conflict(f"{note.holder} is the manager until {note.until:%H:%M:%S}")
        return note.memory

    def write(self, memory: Memory, now: datetime, *, to_the_next: bool = False) -> None:
        """Before anything is done, or `to_the_next` manager, who need not wait. Raises Conflict where another has written since
        we read."""
        note = Note(holder=self.holder, until=now if to_the_next else now + self.lease, memory=memory)
        blob = self.client.bucket(self.address.bucket).blob(self.address.path)
        try:
            blob.upload_from_string(
                note.model_dump_json(), content_type="application/json", if_generation_match=self.generation, **self.calls
            )
        except PreconditionFailed as fault:
            raise Conflict(f"{self.address}: another manager was first") from fault
        self.generation = int(blob.generation)
