"""The page itself: plain files, served as they are, and what the kubelet and Prometheus ask for."""

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from cluster.newsroom.newsroom import Newsroom, newsroom_of

__all__ = ["ROUTES"]

ROUTES = APIRouter(include_in_schema=False)
HOME: Final = Path(__file__).parents[1] / "page"
KINDS: Final = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2", ".svg": "image/svg+xml",
}  # fmt: skip
FILES: Final = {path.relative_to(HOME).as_posix(): path for path in sorted(HOME.rglob("*")) if path.suffix in KINDS}
"""All there are: no name is ever looked up on the disk."""


@ROUTES.get("/")
def page() -> FileResponse:
    return static("index.html")


@ROUTES.get("/page/{name:path}")
def static(name: str) -> FileResponse:
    if name not in FILES:
        raise HTTPException(404, "there is no such file")
    return FileResponse(FILES[name], media_type=KINDS[FILES[name].suffix], headers={"cache-control": "no-cache"})


@ROUTES.get("/healthz")
def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@ROUTES.get("/metrics")
def metrics(here: Annotated[Newsroom, Depends(newsroom_of)]) -> Response:
    return Response(generate_latest(here.metrics.registry), media_type=CONTENT_TYPE_LATEST)
