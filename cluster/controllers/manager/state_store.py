"""State and lease of the manager, in one object of a bucket: {"holder", "until", "memory"}.

It is written only with the generation that was read (Cloud Storage, "Request preconditions"): of two managers that write at once,
one is refused and does nothing. Anyone may take an expired lease, so a manager that died is replaced within minutes.
"""

from datetime import datetime, timedelta
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Client
from pydantic import AwareDatetime, ValidationError

from cluster.controllers.manager.types import State
from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.validation import StrictModel

MAX_STATE_BYTES = 1_000_000


class StoredState(StrictModel):
    holder: str
    until: AwareDatetime
    memory: State


class StateStore:
    """One manager's access to the object."""

    def __init__(self, bucket: Client, address: Address, holder: str, lease: timedelta, calls: dict[str, Any]) -> None:
        self.client, self.address, self.holder, self.lease, self.calls = bucket, address, holder, lease, calls
        self.generation = 0
        """Generation that was read; 0 for no object."""

    def read(self, now: datetime, *, to_act: bool = True) -> State:
        """Read the state; an empty one if there is no object.

        Raises Conflict while another manager holds the lease, unless `to_act` is false; BadInput for an object that is not the
        manager's state; the service's errors.
        """
        blob = self.client.bucket(self.address.bucket).blob(self.address.path)
        try:
            blob.reload(**self.calls)
        except NotFound:
            self.generation = 0
            return State()
        self.generation = int(blob.generation)
        if blob.size > MAX_STATE_BYTES:
            raise BadInput(f"{self.address}: is too large to be the manager's state")
        try:
            stored = StoredState.model_validate_json(blob.download_as_bytes(if_generation_match=self.generation, **self.calls))
        except ValidationError as fault:
            raise BadInput(f"{self.address}: is not the manager's state; delete it, and every timer restarts") from fault
        except PreconditionFailed as fault:
            raise Conflict(f"{self.address}: another manager is writing it") from fault
        # A lease far ahead was written with a wrong clock, ours or the other's: it must not block us for ever.
        if to_act and stored.holder != self.holder and now < stored.until <= now + 2 * self.lease:
            raise Conflict(f"{stored.holder} holds the lease until {stored.until:%H:%M:%S}")
        return stored.memory

    def write(self, state: State, now: datetime, *, release: bool = False) -> None:
        """Write the state and renew the lease, or `release` it. Raises Conflict if another manager has written since we read."""
        stored = StoredState(holder=self.holder, until=now if release else now + self.lease, memory=state)
        blob = self.client.bucket(self.address.bucket).blob(self.address.path)
        try:
            blob.upload_from_string(
                stored.model_dump_json(), content_type="application/json", if_generation_match=self.generation, **self.calls
            )
        except PreconditionFailed as fault:
            raise Conflict(f"{self.address}: another manager has written it first") from fault
        self.generation = int(blob.generation)
