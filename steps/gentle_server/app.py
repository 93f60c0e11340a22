"""gentle's HTTP API as a WSGI application.

POST /transcriptions                 audio, transcript; 302 to the transcription, or its JSON with ?async=false
GET  /transcriptions/UID             a page that shows it
GET  /transcriptions/UID/status.json how far it is; align.json and align.csv when it says OK
GET  /                               a form; also tells a probe that the server lives
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

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

from steps.errors import BadInput, Unavailable
from steps.gentle_server.audio import read_wav
from steps.gentle_server.jobs import Job, Jobs, Order
from steps.gentle_server.pages import FORM, TRANSCRIPTION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["BODY_BYTES", "Gentle"]

BODY_BYTES = 64 * 2**20
TRANSCRIPT_CHARACTERS = 50_000
RETRY_AFTER = 2
"""Seconds that a caller is asked to wait when the line is full."""

ROUTES = Map(
    [
        Rule("/", endpoint="form", methods=["GET"]),
        Rule("/transcriptions", endpoint="transcribe", methods=["POST"]),
        Rule("/transcriptions/<uid>", endpoint="page", methods=["GET"]),
        Rule("/transcriptions/<uid>/", endpoint="page", methods=["GET"]),
        Rule("/transcriptions/<uid>/status.json", endpoint="status", methods=["GET"]),
        Rule("/transcriptions/<uid>/align.json", endpoint="align_json", methods=["GET"]),
        Rule("/transcriptions/<uid>/align.csv", endpoint="align_csv", methods=["GET"]),
    ]
)


class Upload(Request):
    max_content_length = BODY_BYTES
    max_form_memory_size = 4 * TRANSCRIPT_CHARACTERS
    max_form_parts = 16


class Gentle:
    """The application. `jobs` does the work."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Upload(environ)
        try:
            endpoint, parts = ROUTES.bind_to_environ(environ).match()
            response: Response = getattr(self, endpoint)(request, **parts)
        except HTTPException as refusal:
            response = told(refusal)
        return response(environ, start_response)

    def form(self, request: Request) -> Response:
        return Response(FORM, mimetype="text/html")

    def transcribe(self, request: Request) -> Response:
        try:
            job = self.jobs.submit(order_of(request))
        except BadInput as fault:
            raise BadRequest(str(fault)) from fault
        except Unavailable as fault:
            raise ServiceUnavailable(str(fault), retry_after=RETRY_AFTER) from fault
        if request.values.get("async") != "false":
            return redirect(f"/transcriptions/{job.uid}", code=302)
        job.ended.wait()
        if job.status["status"] != "OK":
            raise InternalServerError(str(job.status.get("error")))
        return Response(job.json, mimetype="application/json")

    def page(self, request: Request, uid: str) -> Response:
        self.job(uid)
        return Response(TRANSCRIPTION, mimetype="text/html")

    def status(self, request: Request, uid: str) -> Response:
        return Response(json.dumps(self.job(uid).status), mimetype="application/json")

    def align_json(self, request: Request, uid: str) -> Response:
        return Response(self.finished(uid).json, mimetype="application/json")

    def align_csv(self, request: Request, uid: str) -> Response:
        return Response(self.finished(uid).csv, mimetype="text/csv")

    def job(self, uid: str) -> Job:
        if job := self.jobs.find(uid):
            return job
        raise NotFound("no such transcription; it may have been forgotten, send it again")

    def finished(self, uid: str) -> Job:
        job = self.job(uid)
        if job.status["status"] != "OK":
            raise NotFound("not done; see status.json")
        return job


def order_of(request: Request) -> Order:
    """Read the form; like gentle, take the transcript as a field or as a file. Raises BadInput."""
    if not (audio := request.files.get("audio")):
        raise BadInput("audio is missing: send multipart/form-data with a WAV file in the field audio")
    return Order(
        sound=read_wav(audio.stream.read()),
        transcript=transcript_of(request),
        disfluency="disfluency" in request.values,
        conservative="conservative" in request.values,
    )


def transcript_of(request: Request) -> str:
    """Raises BadInput; RequestEntityTooLarge is werkzeug's for a field that is too long."""
    text = request.form.get("transcript", "")
    if file := request.files.get("transcript"):
        try:
            text = file.stream.read(4 * TRANSCRIPT_CHARACTERS + 1).decode()
        except UnicodeDecodeError as fault:
            raise BadInput("transcript: this is not UTF-8") from fault
    if len(text) > TRANSCRIPT_CHARACTERS:
        raise RequestEntityTooLarge(f"transcript: at most {TRANSCRIPT_CHARACTERS} characters")
    if not text.strip():
        raise BadInput("transcript is missing; this server aligns words, it does not find them")
    return text


def told(refusal: HTTPException) -> Response:
    """A refusal as one line of text."""
    response = Response(f"{refusal.description}\n", status=refusal.code, mimetype="text/plain")
    for name, value in refusal.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response
