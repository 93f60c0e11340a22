"""Exceptions as HTTP responses: a status, and one line that says what to do."""

from http import HTTPStatus
from logging import ERROR
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from cluster.newsroom.guard import TooManyRequests
from cluster.newsroom.stories import Changed, StoryNotFound
from cluster.newsroom.telemetry import log
from cluster.newsroom.views import FaultView
from newsreel.errors import BadInput, Conflict, DiskFull, MissingProgram, NewsreelError, Unavailable, pluralize


class FaultyStory(BadInput):
    """A story with faults, each with its path and line."""

    def __init__(self, faults: tuple[FaultView, ...]) -> None:
        super().__init__(f"the story has {pluralize(len(faults), 'fault')}")
        self.faults = faults


class NotAllowed(BadInput):
    """The person lacks the role."""


class MissingIfMatch(BadInput):
    """A change that does not name the version it replaces."""


STATUSES: Final[tuple[tuple[type[NewsreelError], HTTPStatus], ...]] = (
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (MissingIfMatch, HTTPStatus.PRECONDITION_REQUIRED),
    (StoryNotFound, HTTPStatus.NOT_FOUND),
    (Changed, HTTPStatus.PRECONDITION_FAILED),
    (Conflict, HTTPStatus.CONFLICT),
    (MissingProgram, HTTPStatus.NOT_IMPLEMENTED),
    (DiskFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY),
)
"""The first that fits."""


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(NewsreelError, handle_newsreel_error)
    app.add_exception_handler(TooManyRequests, handle_too_many_requests)
    app.add_exception_handler(RequestValidationError, handle_invalid_request)
    app.add_exception_handler(Exception, handle_defect)


def handle_newsreel_error(request: Request, fault: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUSES if isinstance(fault, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return handle_defect(request, fault)
    content: dict[str, object] = {"detail": str(fault)}
    if isinstance(fault, FaultyStory):
        content["faults"] = [one.model_dump() for one in fault.faults]
    retry = {"retry-after": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(content, status, retry)


def handle_too_many_requests(request: Request, fault: Exception) -> JSONResponse:
    seconds = fault.seconds if isinstance(fault, TooManyRequests) else 1
    return JSONResponse({"detail": str(fault)}, HTTPStatus.TOO_MANY_REQUESTS, {"retry-after": str(seconds)})


def handle_invalid_request(request: Request, fault: Exception) -> JSONResponse:
    """Pydantic's message for each field; the input is not repeated."""
    errors = fault.errors() if isinstance(fault, RequestValidationError) else ()
    parts = [f"{'.'.join(ascii(part).strip(chr(39)) for part in error['loc'])}: {error['msg']}" for error in errors]
    return JSONResponse({"detail": "; ".join(parts)[:2000] or "not understood"}, HTTPStatus.UNPROCESSABLE_ENTITY)


def handle_defect(request: Request, fault: Exception) -> JSONResponse:
    story = request.path_params.get("identifier")
    log("defect", level=ERROR, story=story, path=request.url.path[:200], error=repr(fault)[:2000])
    return JSONResponse({"detail": "a defect of the newsroom; its log has the details"}, HTTPStatus.INTERNAL_SERVER_ERROR)
