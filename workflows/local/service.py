"""Services of the cluster (a Deployment behind a Service) as processes of this machine, started when a step first needs them."""

import asyncio
import re
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from workflows.local.container import ContainerRuntime
from workflows.local.manifest import Backend
from workflows.local.model import Container, HTTPGetAction
from workflows.local.settings import LocalRunError
from workflows.local.status import Phase, RunStatus, StepStatus

LOOPBACK = "127.0.0.1"
READY_TIMEOUT = 120.0
PROBE_PAUSE = 0.05


class ServiceUnavailable(LocalRunError):
    """A service did not become ready."""


@dataclass(frozen=True)
class RunningService:
    port: int
    ended: asyncio.Task[int]
    """Done when the program has ended."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services of a run; they are stopped when `stack` is left."""

    backends: dict[str, Backend]
    runtime: ContainerRuntime
    status: RunStatus
    stack: AsyncExitStack
    running: dict[str, RunningService] = field(default_factory=dict)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def localize(self, text: str) -> str:
        """Replace the addresses of services in a text by local ones, and start those that do not run.

        `http://gentle:8765/x` becomes `http://127.0.0.1:43211/x`. Raises ServiceUnavailable where one cannot be started.
        """
        for name, backend in self.backends.items():
            address = re.compile(rf"(?<![\w.-]){re.escape(name)}:{backend.port}(?!\d)")
            if address.search(text):
                text = address.sub(f"{LOOPBACK}:{await self.port(backend)}", text)
        return text

    async def port(self, backend: Backend) -> int:
        async with self.starting:
            running = self.running.get(backend.name)
            if not running or running.ended.done() or not await answers(running.port, None):
                running = self.running[backend.name] = await self.start(backend)
            return running.port

    async def start(self, backend: Backend) -> RunningService:
        step, port = self.status.step(f"service/{backend.name}", f"{backend.name} service"), free_port()
        step.begin()
        container = backend.pod.containers[0]

        async def use_port(text: str) -> str:
            return with_port(text, container, port)

        runtime = replace(self.runtime, rewrite=use_port)
        process, _ = await runtime.start(container, backend.pod.volumes, {}, step, f"service-{backend.name}", self.stack)
        ended = asyncio.create_task(process.wait())
        await until_ready(backend.name, container, port, ended, step)
        step.finish(Phase.READY)
        return RunningService(port, ended)


async def until_ready(name: str, container: Container, port: int, ended: asyncio.Task[int], step: StepStatus) -> None:
    probe = container.readiness_probe.http_get if container.readiness_probe else None
    deadline = time.monotonic() + READY_TIMEOUT
    while not await answers(port, probe):
        if ended.done() or time.monotonic() > deadline:
            step.finish(
                Phase.FAILED, f"ended with status {ended.result()}" if ended.done() else f"not ready in {READY_TIMEOUT:.0f} s"
            )
            raise ServiceUnavailable(f"service {name}: {step.message}; its log: {step.log}")
        await asyncio.sleep(PROBE_PAUSE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def with_port(text: str, container: Container, port: int) -> str:
    """Replace the container's port by the local one, and `0.0.0.0` by the loopback address: other machines cannot connect."""
    for one in container.ports:
        text = re.sub(rf"(?<![\w.]){one.container_port}(?![\w.])", str(port), text)
    return text.replace("0.0.0.0", LOOPBACK)  # noqa: S104 this replaces the wildcard address


async def answers(port: int, probe: HTTPGetAction | None) -> bool:
    """Whether a program listens and, where there is a probe, answers it with a status from 200 to 399."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        if probe is None:
            return True
        writer.write(f"GET {probe.path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = (await asyncio.wait_for(reader.readline(), READY_TIMEOUT)).split()
        return len(status) > 1 and status[1].isdigit() and 200 <= int(status[1]) < 400
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
