"""A bounded queue of alignments, each in a process of its own, with their metrics.

A separate process keeps other alignments running when pocketsphinx's C code crashes, and can be stopped when it takes too long.
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

MAX_FINISHED_JOBS = 200
"""Finished transcriptions that can still be fetched."""
MAX_AUDIO_BYTES = 128 * 2**20
"""Audio of all jobs that can still be fetched; of older jobs only the words are kept."""
BUCKETS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0)
"""Seconds."""
OUTCOMES = ("aligned", "failed", "refused")


class AlignmentMetrics:
    """Prometheus metrics: duration and outcome of alignments, length of the queue."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.ended = Counter("newsreel_alignments", "Transcriptions requested, by outcome", ["outcome"], registry=registry)
        self.seconds = Histogram("newsreel_alignment_seconds", "Duration of an alignment", buckets=BUCKETS, registry=registry)
        self.in_line = Gauge("newsreel_alignments_in_line", "Transcriptions that are waiting or running", registry=registry)
        for outcome in OUTCOMES:
            self.ended.labels(outcome)  # exists from the start, so that the first one is an increase

    def text(self) -> bytes:
        return generate_latest(self.registry)


@dataclass(frozen=True)
class AlignmentRequest:
    recording: Recording
    transcript: str
    disfluency: bool
    conservative: bool


@dataclass
class Job:
    """The state of a request. `status` is the content of status.json; `json` and `csv` are set when it says OK."""

    uid: str
    transcript: str
    wav: bytes
    """The aligned audio, for people to listen to; empty for old jobs."""
    status: dict[str, object] = field(default_factory=lambda: {"status": "STARTED"})
    json: str = ""
    csv: str = ""
    ended: threading.Event = field(default_factory=threading.Event)


class JobQueue:
    """At most `workers` jobs running and `waiting` in the queue; an alignment may take `seconds`."""

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self.seconds = seconds
        self.metrics = AlignmentMetrics()
        self.slots = threading.BoundedSemaphore(workers + waiting)
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="alignment")
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload([__name__, "steps.gentle_server.aligner"])
        forkserver.ensure_running()
        self.lock = threading.Lock()
        self.jobs: OrderedDict[str, Job] = OrderedDict()

    def submit(self, request: AlignmentRequest) -> Job:
        """Queue a request. Raises Unavailable when the queue is full."""
        if not self.slots.acquire(blocking=False):
            self.metrics.ended.labels("refused").inc()
            raise Unavailable("too many transcriptions are waiting; try again in a moment")
        job = Job(uuid.uuid4().hex[:8], request.transcript, request.recording.to_wav())
        with self.lock:
            self.jobs[job.uid] = job
            self.evict()
        self.metrics.in_line.inc()
        self.pool.submit(self.run, job, request)
        return job

    def evict(self) -> None:
        """Remove the oldest finished jobs, and the audio of old jobs."""
        ended = [uid for uid, job in self.jobs.items() if job.ended.is_set()]
        for uid in ended[: max(len(self.jobs) - MAX_FINISHED_JOBS, 0)]:
            del self.jobs[uid]
        left = MAX_AUDIO_BYTES
        for job in reversed(self.jobs.values()):
            left -= len(job.wav)
            if left < 0:
                job.wav = b""

    def find(self, uid: str) -> Job | None:
        with self.lock:
            return self.jobs.get(uid)

    def run(self, job: Job, request: AlignmentRequest) -> None:
        try:
            job.status = {"status": "TRANSCRIBING", "duration": request.recording.seconds}
            with self.metrics.seconds.time():
                job.json, job.csv = self.align_in_process(request)
            job.status = {**job.status, "status": "OK"}
            self.metrics.ended.labels("aligned").inc()
        except Exception as fault:
            job.status = {**job.status, "status": "ERROR", "error": str(fault) or "the alignment failed"}
            self.metrics.ended.labels("failed").inc()
        finally:
            self.metrics.in_line.dec()
            self.slots.release()
            job.ended.set()

    def align_in_process(self, request: AlignmentRequest) -> tuple[str, str]:
        """align.json and align.csv. Raises Unavailable where the process crashes or takes too long."""
        receiver, sender = self.processes.Pipe(duplex=False)
        process = self.processes.Process(target=align_and_send, args=(request, sender), daemon=True)
        process.start()
        sender.close()
        try:
            if not receiver.poll(self.seconds):
                raise Unavailable(f"the alignment took more than {self.seconds:.0f} s; send a shorter recording")
            answer: tuple[str, str] = receiver.recv()
            return answer
        except EOFError as fault:
            raise Unavailable("the aligner crashed on this recording") from fault
        finally:
            process.kill()
            process.join()
            receiver.close()

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


def align_and_send(request: AlignmentRequest, sender: Connection) -> None:
    """Main function of the process."""
    from steps.gentle_server.aligner import align

    transcription = align(
        request.recording.samples, request.transcript, disfluency=request.disfluency, conservative=request.conservative
    )
    sender.send((transcription.to_json(), transcription.to_csv()))
