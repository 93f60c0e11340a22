"""Programs as processes of their own: killed by the kernel at any moment, and begun again at once, as a kubelet does it, or when
their machine is back."""

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

__all__ = ["Pod", "Pods", "pods"]

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_ANSWER = 1
SECONDS_TO_BEGIN = 60


@dataclass
class Pod:
    command: tuple[str, ...]
    probe: str
    """Where it answers when it is ready."""
    log: Path
    """What it says, over all its lives."""
    process: subprocess.Popen[bytes]
    away: bool = False
    """Whether it is not to be begun again yet."""
    ended: int = 0
    """Times that it ended of its own accord, which none of them should."""


@dataclass
class Pods:
    folder: Path
    environment: Mapping[str, str]
    """Of all of them."""
    running: dict[str, Pod] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def begin(self, name: str, probe: str, *command: str) -> None:
        log = self.folder / f"{name}.log"
        with self.lock:
            self.running[name] = Pod(command, probe, log, self.process(command, log))

    def await_ready(self, name: str) -> None:
        for _ in range(int(SECONDS_TO_BEGIN / SECONDS_BETWEEN_LOOKS)):
            if answers(self.running[name].probe):
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)
        raise TimeoutError(f"{name} is not ready: see {self.running[name].log}")

    def kill(self, name: str) -> None:
        """As the kernel does it where memory has run out: nothing is said, finished or closed."""
        with self.lock:
            self.running[name].process.kill()
            self.again(self.running[name])

    def take(self, name: str) -> None:
        """As `kill`, and its machine is lost with it, until it is given back."""
        with self.lock:
            pod = self.running[name]
            pod.away = True
            pod.process.kill()
            pod.process.wait()

    def give_back(self, name: str) -> None:
        with self.lock:
            self.running[name].away = False
            self.again(self.running[name])

    def said(self, name: str, what: str) -> list[str]:
        """The rests of the lines that began with this, over all its lives."""
        lines = self.running[name].log.read_text(errors="replace").splitlines()
        return [line.removeprefix(what) for line in lines if line.startswith(what)]

    def ready(self) -> list[str]:
        """Those that do their work, by name."""
        with self.lock:
            probes = {name: pod.probe for name, pod in self.running.items()}
        return [name for name, probe in sorted(probes.items()) if answers(probe)]

    @property
    def ended(self) -> dict[str, int]:
        """How often each has ended of its own accord, where it has."""
        return {name: pod.ended for name, pod in self.running.items() if pod.ended}

    def look(self) -> None:
        with self.lock:
            for pod in self.running.values():
                if not pod.away and pod.process.poll() is not None:
                    pod.ended += 1
                    self.again(pod)

    def again(self, pod: Pod) -> None:
        pod.process.wait()
        pod.process = self.process(pod.command, pod.log)

    def process(self, command: tuple[str, ...], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as said:
            return subprocess.Popen(command, env=self.environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL)


def answers(probe: str) -> bool:
    try:
        return requests.get(probe, timeout=SECONDS_TO_ANSWER).ok
    except requests.RequestException:
        return False


@contextmanager
def pods(folder: Path, environment: Mapping[str, str]) -> Iterator[Pods]:
    """Looked after until the block ends; none of them outlives it."""
    here, over = Pods(folder, environment), threading.Event()

    def look_after() -> None:
        while not over.wait(SECONDS_BETWEEN_LOOKS):
            here.look()

    kubelet = threading.Thread(target=look_after)
    kubelet.start()
    try:
        yield here
    finally:
        over.set()
        kubelet.join()
        for pod in here.running.values():
            pod.process.kill()
            pod.process.wait()
