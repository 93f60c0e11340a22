"""Everything that goes wrong, as one line a person can act on and the status that programs go by."""

from http import HTTPStatus
from logging import ERROR
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from cluster.newsroom.drafts import Changed
from cluster.newsroom.limits import TooMany
from cluster.newsroom.log import log
from cluster.newsroom.stories import NoStory
from cluster.newsroom.views import FaultView
from newsreel.errors import BadInput, Conflict, DiskFull, MissingProgram, NewsreelError, Unavailable, pluralize

__all__ = ["FaultyStory", "MayNot", "NoTag", "install"]


class FaultyStory(BadInput):
    """Has faults, each at its place."""

    def __init__(self, faults: tuple[FaultView, ...]) -> None:
        super().__init__(f"the story has {pluralize(len(faults), 'fault')}")
        self.faults = faults


class MayNot(BadInput):
    """The person lacks the role."""


class NoTag(BadInput):
    """A change without the version it is to replace."""


STATUSES: Final[tuple[tuple[type[NewsreelError], HTTPStatus], ...]] = (
    (MayNot, HTTPStatus.FORBIDDEN),
    (NoTag, HTTPStatus.PRECONDITION_REQUIRED),
    (NoStory, HTTPStatus.NOT_FOUND),
    (Changed, HTTPStatus.PRECONDITION_FAILED),
    (Conflict, HTTPStatus.CONFLICT),
    (MissingProgram, HTTPStatus.NOT_IMPLEMENTED),
    (DiskFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY),
)
"""The first that fits."""


def install(app: FastAPI) -> None:
    app.add_exception_handler(NewsreelError, of_ours)
    app.add_exception_handler(TooMany, too_many)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, defect)


def of_ours(request: Request, fault: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUSES if isinstance(fault, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return defect(request, fault)
    content: dict[str, object] = {"detail": str(fault)}
    if isinstance(fault, FaultyStory):
        content["faults"] = [one.model_dump() for one in fault.faults]
    retry = {"retry-after": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse(content, status, retry)


def too_many(request: Request, fault: Exception) -> JSONResponse:
    seconds = fault.seconds if isinstance(fault, TooMany) else 1
    return JSONResponse({"detail": str(fault)}, HTTPStatus.TOO_MANY_REQUESTS, {"retry-after": str(seconds)})


def malformed(request: Request, fault: Exception) -> JSONResponse:
    """Pydantic's words for each part; what was sent is not repeated."""
    errors = fault.errors() if isinstance(fault, RequestValidationError) else ()
    parts = [f"{'.'.join(ascii(part).strip(chr(39)) for part in error['loc'])}: {error['msg']}" for error in errors]
    return JSONResponse({"detail": "; ".join(parts)[:2000] or "not understood"}, HTTPStatus.UNPROCESSABLE_ENTITY)


def defect(request: Request, fault: Exception) -> JSONResponse:
    story = request.path_params.get("identifier")
    log("defect", level=ERROR, story=story, path=request.url.path[:200], error=repr(fault)[:2000])
    return JSONResponse({"detail": "a defect of the newsroom; it has been written down"}, HTTPStatus.INTERNAL_SERVER_ERROR)
