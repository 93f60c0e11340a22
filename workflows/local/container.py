"""Runs a container as a process of this machine: its folders and environment, its supervisor, its end."""

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workflows.local.expression import substitute
from workflows.local.model import Container, ContainerTemplate, Volume
from workflows.local.settings import InvalidWorkflow, LocalSettings, disk_full_named
from workflows.local.status import Outcome, Phase, StepStatus, log_tail

SUPERVISOR = Path(__file__).with_name("supervisor.py")
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")
"""Variables that a container gets from the caller's environment: where programs are, language, trusted certificates."""
PROBE_PAUSES = (0.02, 1.0)
"""Seconds: the first pause between readiness probes and the longest."""
PROBE_TIMEOUT = 10.0


@dataclass(frozen=True)
class Sandbox:
    """A container's private folder, and the local folder of each mount path."""

    folder: Path
    mounts: Mapping[str, Path]
    values: Mapping[str, str]

    @property
    def progress_file(self) -> Path:
        return self.folder / "progress"

    def text(self, text: str) -> str:
        """A text of the template with mount paths replaced by local ones, then references by values.

        In that order, so that values stay as they are: `/tmp/story.yaml` given by the caller is not a path of the container.
        `--into=/tmp/x` becomes `--into=/home/me/.../x`; `https://host/tmp` and `/tmpfile` stay.
        """
        if self.mounts:
            mounts = "|".join(re.escape(mount) for mount in sorted(self.mounts, key=len, reverse=True))
            text = re.sub(rf"(?<![\w./~}}-])({mounts})(?![\w.-])", lambda found: str(self.mounts[found[1]]), text)
        return substitute(text, self.values)

    def environment(self, container: Container) -> dict[str, str]:
        temporary = self.mounts.get("/tmp", self.folder)  # noqa: S108 the container's own, not this machine's
        own = {variable.name: self.text(variable.value) for variable in container.env}
        return own | {"TMPDIR": str(temporary), "ARGO_PROGRESS_FILE": str(self.progress_file)}


@contextmanager
def prepare_sandbox(
    container: Container, volumes: Sequence[Volume], values: Mapping[str, str], settings: LocalSettings, scratch: Path
) -> Iterator[Sandbox]:
    """Make a container's folders; its emptyDirs are removed at the end. Raises InvalidWorkflow for a hostPath without a local
    folder, DiskFull."""
    with disk_full_named(scratch):
        folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        sources = {
            volume.name: settings.local_path(substitute(volume.host_path.path, values))
            if volume.host_path
            else folder / "volumes" / volume.name
            for volume in volumes
        }
        mounts = {mount.mount_path.rstrip("/"): sources[mount.name] for mount in container.volume_mounts}
        for path in mounts.values():
            with disk_full_named(path):
                path.mkdir(parents=True, exist_ok=True)
        yield Sandbox(folder, mounts, values)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def inherited_environment() -> dict[str, str]:
    return {"LANG": "C.UTF-8"} | {name: os.environ[name] for name in INHERITED if name in os.environ}


@asynccontextmanager
async def supervise(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, lock: int, grace: float
) -> AsyncIterator[Process]:
    """Run a command in its own session, its output appended to `log`; yields its supervisor, which ends with its exit status.

    When the context is left, SIGTERM is sent to the program's process group and SIGKILL to what still runs after the grace
    period. Cancelled while it is stopping, it is killed at once, because its lifeline is closed.
    """
    lifeline, held = os.pipe()
    try:
        try:
            with log.open("ab") as output:
                supervisor = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-S", str(SUPERVISOR), str(grace), str(lock), *command),
                    stdin=lifeline,
                    stdout=DEVNULL,
                    stderr=output,
                    env=environment,
                    cwd=folder,
                    start_new_session=True,
                    pass_fds=(lock,),
                )
        finally:
            os.close(lifeline)
        try:
            yield supervisor
        finally:
            with suppress(ProcessLookupError):
                supervisor.terminate()
            await supervisor.wait()
    finally:
        os.close(held)


async def unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, kw_only=True)
class ContainerRuntime:
    """Starts every container of a run."""

    settings: LocalSettings
    scratch: Path
    lock: int
    rewrite: Callable[[str], Awaitable[str]] = unchanged
    """Replaces addresses or ports in a container's command and variables."""

    async def start(
        self,
        container: Container,
        volumes: Sequence[Volume],
        values: Mapping[str, str],
        step: StepStatus,
        log_name: str,
        stack: AsyncExitStack,
    ) -> tuple[Process, Sandbox]:
        """Start a container that runs until it exits or `stack` is left."""
        log = step.open_log(self.settings.logs / f"{log_name}.log")
        sandbox = stack.enter_context(prepare_sandbox(container, volumes, values, self.settings, self.scratch))
        step.progress_file = sandbox.progress_file
        command = [await self.rewrite(sandbox.text(part)) for part in (*container.command, *container.args)]
        if command[0] == "python":
            command[0] = self.settings.python
        own = sandbox.environment(container)
        variables = {name: await self.rewrite(own[name]) for name in own if name not in self.settings.environment}
        environment = inherited_environment() | variables | dict(self.settings.environment)
        process = supervise(command, environment, sandbox.folder, log, self.lock, self.settings.grace)
        return await stack.enter_async_context(process), sandbox

    async def start_step(
        self, template: ContainerTemplate, values: Mapping[str, str], step: StepStatus, stack: AsyncExitStack
    ) -> tuple[Process, Sandbox]:
        log_name = step.name.replace(" ", "-").replace("/", "-of-")
        return await self.start(template.container, template.volumes, values, step, log_name, stack)

    async def run(self, template: ContainerTemplate, values: Mapping[str, str], step: StepStatus) -> Outcome:
        """Run the container to its end and read its outputs."""
        try:
            async with asyncio.timeout(deadline_seconds(template, values)), AsyncExitStack() as stack:
                process, sandbox = await self.start_step(template, values, step, stack)
                status = await process.wait()
                step.read_progress()
                return read_outputs(template, sandbox, step) if status == 0 else failed(step, status)
        except TimeoutError:
            return timed_out(step, f"stopped after {step.seconds:.0f} s: activeDeadlineSeconds exceeded")

    async def run_daemon(
        self, template: ContainerTemplate, values: Mapping[str, str], step: StepStatus, daemons: AsyncExitStack
    ) -> Outcome:
        """Start the container and wait until it is ready; it is stopped when `daemons`, the stack of its DAG, is left."""
        async with AsyncExitStack() as stack:
            process, sandbox = await self.start_step(template, values, step, stack)
            try:
                async with asyncio.timeout(deadline_seconds(template, values)):
                    status = await until_ready(template, sandbox, process)
            except TimeoutError:
                return timed_out(step, "was not ready within its activeDeadlineSeconds")
            if status is not None:
                return failed(step, status or os.EX_SOFTWARE, f"ended with status {status} before it was ready")
            await daemons.enter_async_context(stack.pop_all())
        return Outcome(phase=Phase.READY, step=step.name)


def deadline_seconds(template: ContainerTemplate, values: Mapping[str, str]) -> int | None:
    """`activeDeadlineSeconds`. Raises InvalidWorkflow where the value it refers to is not a number."""
    text = substitute(str(template.active_deadline_seconds or ""), values)
    if text and not text.isdecimal():
        raise InvalidWorkflow(f"template `{template.name}`: activeDeadlineSeconds: {text[:40]!a} is not a number")
    return int(text) if text else None


async def until_ready(template: ContainerTemplate, sandbox: Sandbox, process: Process) -> int | None:
    """None once the readiness probe succeeds, the exit status where the program ends before that."""
    probe = template.container.readiness_probe
    if not probe or not probe.exec:
        return None
    command = [sandbox.text(part) for part in probe.exec.command]
    ended = asyncio.create_task(process.wait())
    pause, longest = PROBE_PAUSES
    try:
        while not await probe_succeeds(command, sandbox):
            await asyncio.wait([ended], timeout=pause)
            if ended.done():
                return ended.result()
            pause = min(pause * 2, longest)
        return None
    finally:
        ended.cancel()


async def probe_succeeds(command: list[str], sandbox: Sandbox) -> bool:
    try:
        probe = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            cwd=sandbox.folder,
            env=inherited_environment(),
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return await asyncio.wait_for(probe.wait(), PROBE_TIMEOUT) == 0
    except TimeoutError:
        return False
    finally:
        if probe.returncode is None:
            with suppress(ProcessLookupError):
                probe.kill()


def read_outputs(template: ContainerTemplate, sandbox: Sandbox, step: StepStatus) -> Outcome:
    """Output parameters from the files a container left; a missing one without a default is an Error, as in Argo."""
    outputs = {}
    for output in template.outputs.parameters:
        source = output.value_from
        try:
            outputs[output.name] = Path(sandbox.text(source.path or "")).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            if source.default is None:
                message = f"its output `{output.name}` is missing: {source.path}: {type(error).__name__}"
                return Outcome(phase=Phase.ERROR, step=step.name, exit_status=os.EX_SOFTWARE, message=message)
            outputs[output.name] = source.default
    return Outcome(phase=Phase.SUCCEEDED, step=step.name, outputs=outputs, exit_status=0)


def timed_out(step: StepStatus, message: str) -> Outcome:
    """Past its deadline a program has no exit status; the run ends with EX_TEMPFAIL, because it may resume where it stopped."""
    return Outcome(phase=Phase.FAILED, step=step.name, run_status=os.EX_TEMPFAIL, message=message)


def failed(step: StepStatus, status: int, message: str = "") -> Outcome:
    return Outcome(phase=Phase.FAILED, step=step.name, exit_status=status, message=message or failure_message(step, status))


def failure_message(step: StepStatus, status: int) -> str:
    """The last line of the log, where a program says what is wrong; one that was killed by a signal cannot."""
    if status > 128:
        return f"killed by signal {status - 128}" + ("; out of memory?" if status == 128 + signal.SIGKILL else "")
    last = log_tail(step.log)
    return last[-1].removesuffix(f" (exit {status})") if last else f"ended with status {status} without a message"
