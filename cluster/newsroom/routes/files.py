"""Routes of files: the finished video with HTTP ranges, the page itself, and the probes of kubelet and Prometheus."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from cluster.newsroom.stories import StoryNotFound
from cluster.newsroom.wiring import Caller, Services

MEDIA_ROUTES = APIRouter(prefix="/stories/{identifier}/media", tags=["media"])
INLINE_FILES = frozenset({"landscape.mp4", "poster.jpg", "sheet.jpg", "captions.vtt"})
"""What a browser may display; anything else is a download, since a foreign page would run in our origin."""


@MEDIA_ROUTES.get("/{name}", response_class=FileResponse)
def media_file(newsroom: Services, caller: Caller, identifier: str, name: str, download: bool = False) -> FileResponse:
    """`landscape.mp4`, `poster.jpg`, `sheet.jpg`, `captions.vtt`, `report.html` or `story.json` of the newest video there is."""
    revision = newsroom.repository.newest(identifier)
    manifest = newsroom.media.newest(identifier, revision) if revision else None
    found = newsroom.media.file(manifest, name) if manifest else None
    if manifest is None or found is None:
        raise StoryNotFound(f"there is no {name[:40]!a} of {identifier[:40]!a}")
    published, path = found
    if download:
        newsroom.product.track(caller.email, "file downloaded", identifier, name=published.name, revision=manifest.revision)
    saved_as = f"{identifier}-r{manifest.revision}-{name}" if download or name not in INLINE_FILES else None
    return FileResponse(
        path, media_type=published.content_type, filename=saved_as, headers={"cache-control": "private, no-cache"}
    )


PAGE_ROUTES = APIRouter(include_in_schema=False)
PAGE_FOLDER: Final = Path(__file__).parents[1] / "page"
CONTENT_TYPES: Final = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2", ".svg": "image/svg+xml",
}  # fmt: skip
PAGE_FILES: Final = {
    path.relative_to(PAGE_FOLDER).as_posix(): path for path in sorted(PAGE_FOLDER.rglob("*")) if path.suffix in CONTENT_TYPES
}
"""All files: no name from a request is ever looked up on the disk."""


@PAGE_ROUTES.get("/")
def page() -> FileResponse:
    return page_file("index.html")


@PAGE_ROUTES.get("/page/{name:path}")
def page_file(name: str) -> FileResponse:
    if name not in PAGE_FILES:
        raise HTTPException(404, "there is no such file")
    return FileResponse(
        PAGE_FILES[name], media_type=CONTENT_TYPES[PAGE_FILES[name].suffix], headers={"cache-control": "no-cache"}
    )


@PAGE_ROUTES.get("/healthz")
def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@PAGE_ROUTES.get("/metrics")
def metrics(newsroom: Services) -> Response:
    return Response(generate_latest(newsroom.metrics.registry), media_type=CONTENT_TYPE_LATEST)
