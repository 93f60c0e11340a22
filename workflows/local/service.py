"""Services of the cluster (a Deployment behind a Service) as programs of this machine, started when a step first needs them."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from newsreel.errors import Unavailable
from workflows.local.board import Line, State
from workflows.local.manifest import Backend
from workflows.local.pod import Container, HttpGet
from workflows.local.process import Kept, environment, kept
from workflows.local.room import furnished
from workflows.local.settings import LocalSettings

__all__ = ["Services"]

LOOPBACK = "127.0.0.1"
SECONDS_TO_BE_READY = 120.0
SECONDS_BETWEEN_PROBES = 0.05


@dataclass(frozen=True)
class Running:
    process: Kept
    port: int
    watch: asyncio.Task[int]
    """Done when the program has ended."""


class Services:
    """The services of a run. Leave the stack, and they end."""

    def __init__(
        self,
        backends: Mapping[str, Backend],
        settings: LocalSettings,
        scratch: Path,
        lock: int,
        stack: AsyncExitStack,
        line: Callable[[str], Line],
    ) -> None:
        self.backends = backends
        self.settings = settings
        self.scratch = scratch
        self.lock = lock
        self.stack = stack
        self.line = line
        self.running: dict[str, Running] = {}
        self.starting = {name: asyncio.Lock() for name in backends}

    async def reach(self, text: str) -> str:
        """Replace the address of every service in a text by the local one, and start those that do not run.

        `http://gentle:8765/x` becomes `http://127.0.0.1:43211/x`. Raises Unavailable where one cannot be started.
        """
        for name, backend in self.backends.items():
            address = re.compile(rf"(?<![\w.-]){re.escape(name)}:{backend.service.spec.ports[0].port}(?!\d)")
            if address.search(text):
                text = address.sub(f"{LOOPBACK}:{await self.port(name)}", text)
        return text

    async def port(self, name: str) -> int:
        async with self.starting[name]:
            running = self.running.get(name)
            if not running or running.watch.done() or not await answers(running.port, None):
                running = self.running[name] = await self.start(self.backends[name])
            return running.port

    async def start(self, backend: Backend) -> Running:
        line, port = self.line(backend.name), free_port()
        line.state, line.began, line.ended = State.RUNNING, time.monotonic(), None
        line.tries += 1
        line.log = self.settings.logs / f"service-{backend.name}.log"
        if line.tries == 1:
            line.log.unlink(missing_ok=True)
        pod = backend.deployment.spec.template.spec
        container = pod.containers[0]
        room = self.stack.enter_context(furnished(container, pod.volumes, {}, self.settings, self.scratch))
        command = [on_port(part, container, port) for part in room.command(container, self.settings.python)]
        variables = {name: on_port(value, container, port) for name, value in room.environment(container).items()}
        process = await self.stack.enter_async_context(
            kept(
                command,
                environment(variables, self.settings.environment),
                room.folder,
                line.log,
                self.lock,
                self.settings.grace,
            )
        )
        watch = asyncio.create_task(process.wait())
        await self.ready(backend, container, port, watch, line)
        line.state, line.ended = State.READY, time.monotonic()
        return Running(process, port, watch)

    async def ready(self, backend: Backend, container: Container, port: int, watch: asyncio.Task[int], line: Line) -> None:
        probe = container.readiness_probe.http_get if container.readiness_probe else None
        patience = time.monotonic() + SECONDS_TO_BE_READY
        while not await answers(port, probe):
            if watch.done() or time.monotonic() > patience:
                line.state, line.ended = State.FAILED, time.monotonic()
                line.message = (
                    f"ended with status {watch.result()}" if watch.done() else f"not ready in {SECONDS_TO_BE_READY:.0f} s"
                )
                raise Unavailable(f"service {backend.name}: {line.message}; its log: {line.log}")
            await asyncio.sleep(SECONDS_BETWEEN_PROBES)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def on_port(text: str, container: Container, port: int) -> str:
    """The port of the container becomes ours, and `0.0.0.0` this machine alone: a story is nobody else's business."""
    for one in container.ports:
        text = re.sub(rf"(?<![\w.]){one.container_port}(?![\w.])", str(port), text)
    return text.replace("0.0.0.0", LOOPBACK)  # noqa: S104


async def answers(port: int, probe: HttpGet | None) -> bool:
    """Whether a program listens and, where a probe asks for it, answers with a status from 200 to 399."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        if probe is None:
            return True
        writer.write(f"GET {probe.path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = (await asyncio.wait_for(reader.readline(), SECONDS_TO_BE_READY)).split()
        return len(status) > 1 and status[1].isdigit() and 200 <= int(status[1]) < 400
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
