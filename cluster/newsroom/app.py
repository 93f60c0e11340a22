"""The application: routes behind the door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from cluster.newsroom import refusals
from cluster.newsroom.guard import Guard
from cluster.newsroom.local_runs import LocalRuns
from cluster.newsroom.newsroom import Newsroom
from cluster.newsroom.routes import craft, media, page, stories
from newsreel.fingerprints import release

__all__ = ["application"]

DESCRIPTION = "Write a story, send it off, get the finished video. Changes need a JSON or image/* body and, where told, If-Match."


def application(newsroom: Newsroom) -> ASGIApp:
    """What uvicorn serves. Runs of this machine begin and end with it, and so do product events."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        newsroom.product.start()
        if isinstance(newsroom.runs, LocalRuns):
            newsroom.runs.start()
        yield
        if isinstance(newsroom.runs, LocalRuns):
            newsroom.runs.stop()
        newsroom.product.stop()

    app = FastAPI(
        title="The newsreel newsroom",
        version=release(),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.newsroom = newsroom
    for part in (stories, craft, media, page):
        app.include_router(part.ROUTES)
    refusals.install(app)
    return Guard(app, newsroom.identity, newsroom.hosts, newsroom.metrics)
