"""Transcriptions on their way: a queue with an end, each aligned in a process of its own.

A process apart keeps other transcriptions going where one meets a fault in pocketsphinx's C, and can be stopped when it takes
too long.

What Prometheus is told of the aligner: how long alignments take, how they end, and how long the line is.
"""

import multiprocessing
import threading
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from newsreel.errors import Unavailable
from steps.gentle_server.audio import Recording

SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0)
OUTCOMES = ("aligned", "failed", "refused")


class AlignmentMetrics:
    def __init__(self) -> None:
        self.registry = to = CollectorRegistry()
        self.ended = Counter("newsreel_alignments", "Transcriptions ordered, by how they ended", ["outcome"], registry=to)
        self.seconds = Histogram("newsreel_alignment_seconds", "An alignment's time at work", buckets=SECONDS, registry=to)
        self.line = Gauge("newsreel_alignments_in_line", "Transcriptions that wait or are at work", registry=to)
        for outcome in OUTCOMES:
            # There from the beginning, so that the first one is an increase.
            self.ended.labels(outcome)

    def text(self) -> bytes:
        return generate_latest(self.registry)


MAX_FINISHED_JOBS = 200
"""Finished transcriptions that can still be fetched."""
MAX_AUDIO_BYTES = 128 * 2**20
"""Sounds that can still be listened to, all together; of older transcriptions the words alone are kept."""


@dataclass(frozen=True)
class AlignmentRequest:
    """What is asked for."""

    sound: Recording
    transcript: str
    disfluency: bool
    conservative: bool


@dataclass
class Job:
    """How far an order is. `status` is what status.json says; `json` and `csv` are there when it says OK."""

    uid: str
    transcript: str
    wav: bytes
    """What is aligned, for people to listen to; empty when it is long ago."""
    status: dict[str, object] = field(default_factory=lambda: {"status": "STARTED"})
    json: str = ""
    csv: str = ""
    ended: threading.Event = field(default_factory=threading.Event)


class JobQueue:
    """At most `workers` at work and `waiting` in line."""

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self.seconds = seconds
        self.metrics = AlignmentMetrics()
        self.room = threading.BoundedSemaphore(workers + waiting)
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="alignment")
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload([__name__, "steps.gentle_server.aligner"])
        forkserver.ensure_running()
        self.lock = threading.Lock()
        self.known: OrderedDict[str, Job] = OrderedDict()

    def submit(self, order: AlignmentRequest) -> Job:
        """Put an order in line. Raises Unavailable where the line is full."""
        if not self.room.acquire(blocking=False):
            self.metrics.ended.labels("refused").inc()
            raise Unavailable("too many transcriptions are waiting; try again in a moment")
        job = Job(uuid.uuid4().hex[:8], order.transcript, order.sound.to_wav())
        with self.lock:
            self.known[job.uid] = job
            self.forget()
        self.metrics.line.inc()
        self.pool.submit(self.run, job, order)
        return job

    def forget(self) -> None:
        """Let the oldest go that have ended."""
        ended = [uid for uid, job in self.known.items() if job.ended.is_set()]
        for uid in ended[: max(len(self.known) - MAX_FINISHED_JOBS, 0)]:
            del self.known[uid]
        room = MAX_AUDIO_BYTES
        for job in reversed(self.known.values()):
            room -= len(job.wav)
            if room < 0:
                job.wav = b""

    def find(self, uid: str) -> Job | None:
        with self.lock:
            return self.known.get(uid)

    def run(self, job: Job, order: AlignmentRequest) -> None:
        try:
            job.status = {"status": "TRANSCRIBING", "duration": order.sound.seconds}
            with self.metrics.seconds.time():
                job.json, job.csv = self.align_apart(order)
            job.status = {**job.status, "status": "OK"}
            self.metrics.ended.labels("aligned").inc()
        except Exception as fault:
            job.status = {**job.status, "status": "ERROR", "error": str(fault) or "the alignment failed"}
            self.metrics.ended.labels("failed").inc()
        finally:
            self.metrics.line.dec()
            self.room.release()
            job.ended.set()

    def align_apart(self, order: AlignmentRequest) -> tuple[str, str]:
        """align.json and align.csv. Raises Unavailable where the process fails or takes too long."""
        ours, theirs = self.processes.Pipe(duplex=False)
        process = self.processes.Process(target=align_and_send, args=(order, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            if not ours.poll(self.seconds):
                raise Unavailable(f"the alignment took more than {self.seconds:.0f} s; send a shorter recording")
            answer: tuple[str, str] = ours.recv()
            return answer
        except EOFError as fault:
            raise Unavailable("the aligner gave up on this recording") from fault
        finally:
            process.kill()
            process.join()
            ours.close()

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


def align_and_send(order: AlignmentRequest, answers: Connection) -> None:
    """The process's whole life."""
    from steps.gentle_server.aligner import align

    found = align(order.sound.samples, order.transcript, disfluency=order.disfluency, conservative=order.conservative)
    answers.send((found.to_json(), found.to_csv()))
