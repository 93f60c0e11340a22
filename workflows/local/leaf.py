"""A template's container, run once: as a step with an end, or as a daemon that is ready."""

import asyncio
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from newsreel.errors import BadInput, Unavailable
from workflows.local.board import Line
from workflows.local.model import Leaf
from workflows.local.outcome import DEFECT, Outcome, Phase
from workflows.local.pod import Volume
from workflows.local.process import Kept, environment, kept
from workflows.local.references import substitute
from workflows.local.room import Room, furnished
from workflows.local.screen import tail
from workflows.local.service import Services
from workflows.local.settings import LocalSettings

__all__ = ["LeafRunner"]

SECONDS_BETWEEN_PROBES = (0.02, 1.0)
"""The first pause and the longest."""
SECONDS_A_PROBE = 10.0
UNAVAILABLE = Unavailable.exit_status


@dataclass(frozen=True, kw_only=True)
class LeafRunner:
    """What every leaf of a run shares."""

    settings: LocalSettings
    volumes: tuple[Volume, ...]
    """Of the whole workflow."""
    services: Services
    scratch: Path
    lock: int

    async def run(self, leaf: Leaf, values: Mapping[str, str], line: Line, deadline: float | None) -> Outcome:
        """Run the container to its end and read its outputs; `deadline` is in seconds of `time.monotonic`."""
        limit = limit_of(leaf, values, deadline)
        try:
            async with asyncio.timeout_at(on_loop(limit)), AsyncExitStack() as stack:
                process, room = await self.start(leaf, values, line, stack)
                status = await process.wait()
                line.look()
                return read_outputs(leaf, room, line) if status == 0 else failed(line, status)
        except TimeoutError:
            took = f"stopped after {line.seconds:.0f} s"
            return late(line, f"{took}: its activeDeadlineSeconds or its retries' maxDuration is over")
        except Unavailable as fault:
            return failed(line, UNAVAILABLE, str(fault))

    async def run_daemon(self, leaf: Leaf, values: Mapping[str, str], line: Line, boundary: AsyncExitStack) -> Outcome:
        """Start the container and wait until it is ready; it is stopped when `boundary`, that of its DAG, is left."""
        async with AsyncExitStack() as stack:
            process, room = await self.start(leaf, values, line, stack)
            try:
                async with asyncio.timeout_at(on_loop(limit_of(leaf, values, None))):
                    status = await until_ready(leaf, room, process)
            except TimeoutError:
                return late(line, "was not ready within its activeDeadlineSeconds")
            if status is not None:
                return failed(line, status or DEFECT, f"ended with status {status} before it was ready")
            await boundary.enter_async_context(stack.pop_all())
        return Outcome(phase=Phase.DAEMONED, step=line.name)

    async def start(self, leaf: Leaf, values: Mapping[str, str], line: Line, stack: AsyncExitStack) -> tuple[Kept, Room]:
        volumes = {volume.name: volume for volume in (*self.volumes, *leaf.volumes)}
        room = stack.enter_context(furnished(leaf.container, [*volumes.values()], values, self.settings, self.scratch))
        command = [await self.services.reach(part) for part in room.command(leaf.container, self.settings.python)]
        own = {
            name: await self.services.reach(value)
            for name, value in room.environment(leaf.container).items()
            if name not in self.settings.environment
        }
        variables = environment(own, self.settings.environment)
        line.log = line.log or self.settings.logs / f"{line.name.replace(' ', '-').replace('/', '-of-')}.log"
        if line.tries == 1:
            line.log.unlink(missing_ok=True)
        line.progress_file = room.progress
        running = kept(command, variables, room.folder, line.log, self.lock, self.settings.grace)
        return await stack.enter_async_context(running), room


def limit_of(leaf: Leaf, values: Mapping[str, str], deadline: float | None) -> float | None:
    """When, by `time.monotonic`, a container has to be over. Raises BadInput where its own limit is no number."""
    stated = substitute(str(leaf.active_deadline_seconds or ""), values)
    if stated and not stated.isdecimal():
        raise BadInput(f"template `{leaf.name}`: activeDeadlineSeconds: {stated[:40]!a} is no number")
    own = time.monotonic() + int(stated) if stated else None
    return min((one for one in (own, deadline) if one is not None), default=None)


def on_loop(moment: float | None) -> float | None:
    """The event loop's own clock is `time.monotonic` too, but only in fact."""
    return None if moment is None else asyncio.get_running_loop().time() + moment - time.monotonic()


async def until_ready(leaf: Leaf, room: Room, process: Kept) -> int | None:
    """None once the readiness probe succeeds, the exit status where the program ends first."""
    probe = leaf.container.readiness_probe
    if not probe or not probe.exec:
        return None
    command = [room.text(part) for part in probe.exec.command]
    ended = asyncio.create_task(process.wait())
    pause, longest = SECONDS_BETWEEN_PROBES
    try:
        while not await succeeds(command, room):
            await asyncio.wait([ended], timeout=pause)
            if ended.done():
                return ended.result()
            pause = min(pause * 2, longest)
        return None
    finally:
        ended.cancel()


async def succeeds(command: list[str], room: Room) -> bool:
    quiet = asyncio.subprocess.DEVNULL
    try:
        probe = await asyncio.create_subprocess_exec(
            *command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=room.folder, env=environment(), start_new_session=True
        )
    except OSError:
        return False
    try:
        return await asyncio.wait_for(probe.wait(), SECONDS_A_PROBE) == 0
    except TimeoutError:
        return False
    finally:
        if probe.returncode is None:
            with suppress(ProcessLookupError):
                probe.kill()


def read_outputs(leaf: Leaf, room: Room, line: Line) -> Outcome:
    """The output parameters a container has left as files; a missing one without a default is an Error, as in Argo."""
    outputs = {}
    for output in leaf.outputs.parameters:
        path = room.path(output.value_from.path or "")
        try:
            outputs[output.name] = path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as fault:
            if output.value_from.default is None:
                reason = f"its output `{output.name}` is missing: {output.value_from.path}: {type(fault).__name__}"
                return replace(failed(line, DEFECT, reason), phase=Phase.ERROR)
            outputs[output.name] = output.value_from.default
    return Outcome(phase=Phase.SUCCEEDED, step=line.name, outputs=outputs, exit_status=0)


def late(line: Line, message: str) -> Outcome:
    """Past a deadline: a program that had no end has no exit status, but the same command may well go on where it stopped."""
    return Outcome(phase=Phase.FAILED, step=line.name, run_status=UNAVAILABLE, message=message)


def failed(line: Line, status: int, message: str = "") -> Outcome:
    return Outcome(phase=Phase.FAILED, step=line.name, exit_status=status, message=message or last_word(line, status))


def last_word(line: Line, status: int) -> str:
    """A step's own last line is the best message, see `steps.__main__`; one that was killed had no time for it."""
    if status > 128:
        return f"killed by signal {status - 128}" + ("; was there memory enough?" if status == 128 + signal.SIGKILL else "")
    last = tail(line.log)
    return last[-1].removesuffix(f" (exit {status})") if last else f"ended with status {status} and said nothing"
