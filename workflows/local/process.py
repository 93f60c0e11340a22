"""A program of a template as a process of this machine, behind a keeper."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsreel.runtime.log import LOG_FORMAT_VARIABLE

__all__ = ["Kept", "environment", "kept"]

KEEPER = Path(__file__).with_name("keeper.py")
INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "STORAGE_EMULATOR_HOST",
    "SSL_CERT_FILE",
)
"""All that a step gets of the user's own environment: where programs are, which language, whose certificates are believed, and,
in the place of Workload Identity, who the user is to the storage."""


def environment(*more: Mapping[str, str]) -> dict[str, str]:
    """A program's whole environment; of two values for a name the later counts. What it says a person reads here, and the runner:
    plain lines, whatever a cluster is told."""
    found = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **found,
        **{name: value for one in more for name, value in one.items()},
        LOG_FORMAT_VARIABLE: "text",
    }


@dataclass(frozen=True)
class Kept:
    """A program that runs; `wait` may be called more than once."""

    keeper: asyncio.subprocess.Process

    async def wait(self) -> int:
        """The program's exit status; 128 + n where signal n ended it."""
        return await self.keeper.wait()

    async def stop(self) -> int:
        """End it: SIGTERM to its process group, SIGKILL to what still runs after the grace."""
        with suppress(ProcessLookupError):
            self.keeper.terminate()
        return await self.keeper.wait()


@asynccontextmanager
async def kept(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path, lock: int, grace: float
) -> AsyncIterator[Kept]:
    """Run a command in a session of its own, its output at the end of `log`; stopped, if need be, when the context is left.

    Cancelled while it is stopping, it kills at once: the closing of the lifeline does that.
    """
    reads, lifeline = os.pipe()
    try:
        try:
            with log.open("ab") as output:
                keeper = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-S", str(KEEPER), str(grace), str(lock), *command),
                    stdin=reads,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=output,
                    env=variables,
                    cwd=folder,
                    start_new_session=True,
                    pass_fds=(lock,),
                )
        finally:
            os.close(reads)
        process = Kept(keeper)
        try:
            yield process
        finally:
            await process.stop()
    finally:
        os.close(lifeline)
