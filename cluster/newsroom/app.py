"""The ASGI application: routes behind the guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from cluster.newsroom.error_handlers import install_error_handlers
from cluster.newsroom.guard import Guard
from cluster.newsroom.local_runs import LocalRuns
from cluster.newsroom.routes import authoring, files, stories
from cluster.newsroom.wiring import Newsroom
from newsreel.fingerprints import release

DESCRIPTION = "Write a story, submit it, get the finished video. Changes need a JSON or image/* body and, where stated, If-Match."


def application(newsroom: Newsroom) -> ASGIApp:
    """What uvicorn serves. Local runs and product events start and stop with it."""

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
    for router in (stories.ROUTES, authoring.ROUTES, files.MEDIA_ROUTES, files.PAGE_ROUTES):
        app.include_router(router)
    install_error_handlers(app)
    return Guard(app, newsroom.identity, newsroom.hosts, newsroom.metrics)
