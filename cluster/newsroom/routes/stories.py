"""Routes of stories: write, submit, watch, cancel, retry."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from logging import WARNING
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import StreamingResponse

from cluster.newsroom.checks import find_faults
from cluster.newsroom.error_handlers import FaultyStory, MissingIfMatch, NotAllowed
from cluster.newsroom.runs import Run
from cluster.newsroom.stories import MAX_LISTED, Changed, Draft
from cluster.newsroom.telemetry import log
from cluster.newsroom.views import (
    Progress,
    RunEndedNotification,
    StoryView,
    SubmissionRequest,
    Summary,
    fault_views,
    state_of,
    video_view,
)
from cluster.newsroom.wiring import Caller, Newsroom, Services
from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.notifications.webhook_target import save_webhook_target

ROUTES = APIRouter(prefix="/stories", tags=["stories"])
Tag = Annotated[str | None, Header(alias="If-Match", description="The ETag of the version you have read.")]
Document = Annotated[dict[str, Any], Body()]
KEEPALIVE_SECONDS = 15
READERS = 8
DEFAULT_SUBMISSION = SubmissionRequest()
EVENTS: dict[str, Any] = {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
"""For OpenAPI, which cannot describe the content of each event."""
CALLBACKS = APIRouter()
"""The webhook that we call, for OpenAPI; not served."""


@ROUTES.get("")
def list_stories(
    newsroom: Services,
    words: Annotated[str, Query(max_length=200, description="Beginnings of words of the story's id; all must match.")] = "",
    most: Annotated[int, Query(ge=1, le=500)] = MAX_LISTED,
) -> list[Summary]:
    """The stories that were saved or submitted last, the newest first, each with its state."""
    drafts = newsroom.repository.list_drafts(words, most)
    with ThreadPoolExecutor(READERS) as readers:
        views = list(zip(drafts, readers.map(partial(progress_or_unknown, newsroom), drafts), strict=True))
    return [
        Summary(
            id=draft.id,
            title=str(draft.document.get("title") or ""),
            revision=draft.revision,
            state=at.state,
            changed=draft.changed,
        )
        for draft, at in views
    ]


@ROUTES.post("", status_code=201)
def create_story(
    newsroom: Services, caller: Caller, response: Response, document: Annotated[dict[str, Any], Body()]
) -> StoryView:
    """Create a story, under an id made from its title."""
    draft = newsroom.repository.create(document)
    newsroom.audit.add(caller.email, "begin", draft.id)
    newsroom.metrics.saves.labels("new").inc()
    newsroom.product.track(caller.email, "story begun", draft.id)
    response.headers["location"] = f"/stories/{draft.id}"
    return story_view(newsroom, draft, response)


@ROUTES.get("/{identifier}")
def get_story(newsroom: Services, identifier: str, response: Response) -> StoryView:
    return story_view(newsroom, newsroom.repository.draft(identifier), response)


@ROUTES.put("/{identifier}")
def save_draft(
    newsroom: Services,
    caller: Caller,
    identifier: str,
    response: Response,
    document: Document,
    tag: Tag = None,
) -> StoryView:
    """Replace the draft. 412 where the draft has changed since the ETag was given."""
    try:
        draft = newsroom.repository.save(identifier, document, parse_etag(tag))
    except Changed:
        newsroom.metrics.saves.labels("changed").inc()
        raise
    newsroom.audit.add(caller.email, "save", identifier, tag=draft.tag)
    newsroom.metrics.saves.labels("saved").inc()
    return story_view(newsroom, draft, response)


@CALLBACKS.post("{$request.body#/webhook}", name="webhook")
def webhook(notice: RunEndedNotification) -> None:
    """How the run ended; three headers sign it. Any 2xx status accepts it; after 408, 425, 429 and 5xx it is sent again."""


@ROUTES.post("/{identifier}/run", status_code=202, callbacks=CALLBACKS.routes)
def submit_revision(
    newsroom: Services,
    caller: Caller,
    identifier: str,
    response: Response,
    body: SubmissionRequest = DEFAULT_SUBMISSION,
    tag: Tag = None,
) -> StoryView:
    """Make a video of the draft: of a new revision where it has changed, else of the newest one, again where its run failed.

    422 with every fault of the story. Once this responds, the revision is stored and will be made, whatever fails meanwhile. 409
    for another priority than the revision was submitted with before.
    """
    if not caller.may_publish:
        raise NotAllowed("you may write stories; only publishers may submit them")
    draft = newsroom.repository.draft(identifier)
    if body.webhook:
        newsroom.receivers.require(body.webhook)
    if faults := find_faults(draft.document, newsroom.repository.pictures(identifier), newsroom.voice_system):
        raise FaultyStory(fault_views(faults))
    revision = newsroom.repository.revise(identifier, parse_etag(tag))
    if body.webhook:
        save_webhook_target(newsroom.repository.storage, newsroom.repository.address(identifier, revision), body.webhook)
    priority = newsroom.runs.reserve(identifier, revision, body.priority)
    newsroom.audit.add(caller.email, "send off", identifier, revision=revision, priority=priority, webhook=body.webhook or "")
    scenes = len(draft.document["scenes"])
    newsroom.product.track(caller.email, "story sent off", identifier, revision=revision, priority=priority, scenes=scenes)
    try:
        newsroom.runs.submit(identifier, revision, priority)
        newsroom.metrics.sent.labels("submitted").inc()
    except NewsreelError as fault:
        if revision == draft.revision:
            raise Unavailable(f"{fault}; try again in a moment") from fault
        # It is stored: the submitter, or the newsroom itself after a restart, finds it there.
        newsroom.metrics.sent.labels("later").inc()
        log("not submitted yet", level=WARNING, story=identifier, revision=revision, why=str(fault))
    return story_view(newsroom, newsroom.repository.draft(identifier), response)


@ROUTES.post("/{identifier}/cancel", status_code=202)
def cancel(newsroom: Services, caller: Caller, identifier: str, response: Response) -> StoryView:
    """End the run that is under way."""
    if not caller.may_publish:
        raise NotAllowed("you may write stories; only publishers may cancel their runs")
    draft = newsroom.repository.draft(identifier)
    newsroom.audit.add(caller.email, "cancel", identifier, revision=draft.revision)
    newsroom.runs.cancel(identifier, draft.revision)
    newsroom.product.track(caller.email, "run cancelled", identifier, revision=draft.revision)
    return story_view(newsroom, draft, response)


@ROUTES.get("/{identifier}/events", response_class=StreamingResponse, responses={200: EVENTS})
async def events(newsroom: Services, caller: Caller, identifier: str) -> StreamingResponse:
    """Server-sent events: `progress` with the story's run whenever it changes, `over` after the last one."""
    draft = await to_thread.run_sync(newsroom.repository.draft, identifier)
    slot = ExitStack()
    slot.enter_context(newsroom.stream_limit.admit(caller.email))
    return StreamingResponse(
        event_stream(newsroom, draft, slot), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def event_stream(newsroom: Newsroom, draft: Draft, slot: ExitStack) -> AsyncIterator[str]:
    with slot, newsroom.metrics.streams.track_inprogress():
        last, quiet_seconds = "", 0.0
        yield "retry: 2000\n\n"
        while True:
            try:
                now = await to_thread.run_sync(progress, newsroom, draft)
            except Unavailable:
                now = None
            text = now.model_dump_json() if now else last
            if text != last:
                yield f"event: progress\ndata: {text}\n\n"
                last, quiet_seconds = text, 0.0
            if now and (now.run is None or now.run.over) and now.state != "sent":
                yield "event: over\ndata: {}\n\n"
                return
            if quiet_seconds >= KEEPALIVE_SECONDS:
                yield ": keep-alive\n\n"
                quiet_seconds = 0.0
            await asyncio.sleep(newsroom.poll_seconds)
            quiet_seconds += newsroom.poll_seconds


def progress(newsroom: Newsroom, draft: Draft) -> Progress:
    """Raises Unavailable."""
    return progress_with(newsroom, draft, newsroom.runs.status(draft.id, draft.revision) if draft.revision else None)


def progress_or_unknown(newsroom: Newsroom, draft: Draft) -> Progress:
    """The same without the run where the cluster does not response, so that writing goes on."""
    try:
        return progress(newsroom, draft)
    except Unavailable:
        return progress_with(newsroom, draft, None)


def progress_with(newsroom: Newsroom, draft: Draft, run: Run | None) -> Progress:
    try:
        video = video_view(newsroom.media.newest(draft.id, draft.revision)) if draft.revision else None
    except BadInput:
        video = None  # being replaced at this moment
    return Progress(revision=draft.revision, state=state_of(draft, run, video), run=run, video=video)


def story_view(newsroom: Newsroom, draft: Draft, response: Response) -> StoryView:
    response.headers["etag"] = f'"{draft.tag}"'
    return StoryView(
        **dict(progress_or_unknown(newsroom, draft)), id=draft.id, etag=draft.tag, document=draft.document, changed=draft.changed
    )


def parse_etag(tag: str | None) -> str:
    """Raises MissingIfMatch for a request that names no version."""
    if not tag:
        raise MissingIfMatch("the header If-Match is missing: give the ETag of the version you have read")
    return tag.strip().removeprefix("W/").strip('"')
