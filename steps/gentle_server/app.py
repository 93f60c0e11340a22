"""gentle's HTTP API as a WSGI application, exchangeable with lowerquality's gentle (serve.py).

POST /transcriptions                 audio, transcript; 302 to the transcription, or its JSON with ?async=false
GET  /transcriptions/UID/            a page that shows it
GET  /transcriptions/UID/status.json its status; align.json and align.csv when it says OK; a.wav is the aligned audio
GET  /zip/UID.zip                    all of it in one file, with a page that needs no server
GET  /                               a form; also the health check
GET  /metrics                        Prometheus metrics; lowerquality's has none

It differs from lowerquality's on purpose: requests that cannot be aligned (no recording, no transcript) are refused at once with
400 and the reason, also in a synchronous call, which lowerquality's never answers; an unknown transcription is 404, not an empty
status. Every response has `Newsreel-Aligner: newsreel`, so that a client knows which aligner it uses.
"""

import io
import json
import threading
import zipfile
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, BinaryIO, cast

from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
)
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from newsreel.errors import BadInput, Unavailable
from steps.gentle_server.audio import read_recording
from steps.gentle_server.jobs import AlignmentRequest, Job, JobQueue

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 64 * 2**20
MAX_TRANSCRIPT_CHARACTERS = 50_000
RETRY_AFTER_SECONDS = 2
"""Sent when the queue is full."""
ALIGNER_HEADER = ("Newsreel-Aligner", "newsreel")
INLINE_ALIGNMENT = '<script id="alignment" type="application/json">null</script>'
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file, so that the same transcription gives the same bytes."""

ROUTES = Map(
    [
        Rule("/", endpoint="form", methods=["GET"]),
        Rule("/metrics", endpoint="metrics", methods=["GET"]),
        Rule("/transcriptions", endpoint="transcribe", methods=["POST"]),
        Rule("/transcriptions/<uid>", endpoint="to_page", methods=["GET"]),
        Rule("/transcriptions/<uid>/", endpoint="page", methods=["GET"]),
        Rule("/transcriptions/<uid>/status.json", endpoint="status", methods=["GET"]),
        Rule("/transcriptions/<uid>/align.json", endpoint="align_json", methods=["GET"]),
        Rule("/transcriptions/<uid>/align.csv", endpoint="align_csv", methods=["GET"]),
        Rule("/transcriptions/<uid>/a.wav", endpoint="wav", methods=["GET"]),
        Rule("/zip/<uid>.zip", endpoint="zip", methods=["GET"]),
    ],
    strict_slashes=False,
    redirect_defaults=False,
)


class Upload(Request):
    max_content_length = MAX_BODY_BYTES
    max_form_memory_size = 4 * MAX_TRANSCRIPT_CHARACTERS
    max_form_parts = 16


class GentleApp:
    """The application; each endpoint of ROUTES is a method."""

    def __init__(self, jobs: JobQueue) -> None:
        self.jobs = jobs
        self.decoding = threading.Lock()
        """One recording is decoded at a time: a long one takes some 400 MB meanwhile."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Upload(environ)
        try:
            endpoint, parts = ROUTES.bind_to_environ(environ).match()
            response: Response = getattr(self, endpoint)(request, **parts)
        except HTTPException as refusal:
            response = error_response(refusal)
        response.headers.set(*ALIGNER_HEADER)
        return response(environ, start_response)

    def form(self, request: Request) -> Response:
        return Response(load_page("form.html"), mimetype="text/html")

    def metrics(self, request: Request) -> Response:
        return Response(self.jobs.metrics.text(), content_type=CONTENT_TYPE_LATEST)

    def transcribe(self, request: Request) -> Response:
        try:
            with self.decoding:
                alignment_request = parse_request(request)
            job = self.jobs.submit(alignment_request)
        except BadInput as fault:
            raise BadRequest(str(fault)) from fault
        except Unavailable as fault:
            raise ServiceUnavailable(str(fault), retry_after=RETRY_AFTER_SECONDS) from fault
        if request.values.get("async") != "false":
            return redirect(f"/transcriptions/{job.uid}", code=302)
        job.ended.wait()
        if job.status["status"] != "OK":
            raise InternalServerError(str(job.status.get("error")))
        return Response(job.json, mimetype="application/json")

    def to_page(self, request: Request, uid: str) -> Response:
        return redirect(f"/transcriptions/{self.job(uid).uid}/", code=302)

    def page(self, request: Request, uid: str) -> Response:
        self.job(uid)
        return Response(load_page("transcription.html"), mimetype="text/html")

    def status(self, request: Request, uid: str) -> Response:
        return Response(json.dumps(self.job(uid).status), mimetype="application/json")

    def align_json(self, request: Request, uid: str) -> Response:
        return Response(self.finished_job(uid).json, mimetype="application/json")

    def align_csv(self, request: Request, uid: str) -> Response:
        return Response(self.finished_job(uid).csv, mimetype="text/csv")

    def wav(self, request: Request, uid: str) -> Response:
        if not (wav := self.job(uid).wav):
            raise NotFound("the sound is no longer kept")
        return Response(wav, mimetype="audio/x-wav").make_conditional(request, accept_ranges=True, complete_length=len(wav))

    def zip(self, request: Request, uid: str) -> Response:
        return Response(build_zip(self.finished_job(uid)), mimetype="application/zip")

    def job(self, uid: str) -> Job:
        if job := self.jobs.find(uid):
            return job
        raise NotFound("no such transcription; it may have been deleted, send it again")

    def finished_job(self, uid: str) -> Job:
        job = self.job(uid)
        if job.status["status"] != "OK":
            raise NotFound("not done; see status.json")
        return job


def parse_request(request: Request) -> AlignmentRequest:
    """Read the form; like gentle, take the transcript as a field or as a file. Raises BadInput."""
    if not (audio := request.files.get("audio")):
        raise BadInput("audio is missing: send multipart/form-data with a recording in the field audio")
    transcript = parse_transcript(request)
    return AlignmentRequest(
        recording=read_recording(cast(BinaryIO, audio.stream)),
        transcript=transcript,
        disfluency="disfluency" in request.values,
        conservative="conservative" in request.values,
    )


def parse_transcript(request: Request) -> str:
    """Raises BadInput, and RequestEntityTooLarge for a transcript that is too long."""
    text = request.form.get("transcript", "")
    if file := request.files.get("transcript"):
        try:
            text = file.stream.read(4 * MAX_TRANSCRIPT_CHARACTERS + 1).decode()
        except UnicodeDecodeError as fault:
            raise BadInput("transcript: this is not UTF-8") from fault
    if len(text) > MAX_TRANSCRIPT_CHARACTERS:
        raise RequestEntityTooLarge(f"transcript: at most {MAX_TRANSCRIPT_CHARACTERS} characters")
    if not text.strip():
        raise BadInput("transcript is missing; this server aligns words, it does not find them")
    return text


def error_response(error: HTTPException) -> Response:
    """An HTTP error as one line of text."""
    response = Response(f"{error.description}\n", status=error.code, mimetype="text/plain")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


@cache
def load_page(name: str) -> str:
    """An HTML page with its style and script inside, so that it also works in the zip file, without a server."""
    folder = files(__package__) / "page"
    style = (folder / "style.css").read_text(encoding="utf-8")
    return (folder / name).read_text(encoding="utf-8").replace("/* style */", style)


def build_zip(job: Job) -> bytes:
    """The zip file of a finished transcription: audio if it is still kept, the words in each form, a page without a server."""
    alignment = job.json.replace("<", "\\u003c")  # so that no word can end the script element
    page = load_page("transcription.html").replace(INLINE_ALIGNMENT, INLINE_ALIGNMENT.replace("null", alignment))
    contents = {
        "index.html": page.encode(),
        "align.json": job.json.encode(),
        "align.csv": job.csv.encode(),
        "transcript.txt": job.transcript.encode(),
        "a.wav": job.wav,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            if content:
                archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()
