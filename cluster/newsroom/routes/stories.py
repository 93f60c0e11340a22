"""Stories: written, sent off, watched, cancelled, tried again."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from logging import WARNING
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from cluster.newsroom.drafts import Changed
from cluster.newsroom.faults import faults_of
from cluster.newsroom.identity import Person
from cluster.newsroom.log import log
from cluster.newsroom.newsroom import Newsroom, newsroom_of, person_of
from cluster.newsroom.refusals import FaultyStory, MayNot, NoTag
from cluster.newsroom.runs import Run
from cluster.newsroom.stories import MOST_LISTED, Draft
from cluster.newsroom.views import EndedNotice, Progress, SendOrder, StoryView, Summary, fault_views, state_of, video_view
from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.notifications.webhook_target import save_webhook_target

__all__ = ["ROUTES"]

ROUTES = APIRouter(prefix="/stories", tags=["stories"])
Here = Annotated[Newsroom, Depends(newsroom_of)]
Me = Annotated[Person, Depends(person_of)]
Tag = Annotated[str | None, Header(alias="If-Match", description="The ETag of the story as you have seen it.")]
SECONDS_BETWEEN_SIGNS = 15
READERS = 8
ORDINARY = SendOrder()
EVENTS: dict[str, Any] = {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
"""For OpenAPI, which has no way to say what each of them holds."""
CALLBACKS = APIRouter()
"""Not served by us: what we call, for OpenAPI."""


@ROUTES.get("")
def list_stories(
    here: Here,
    words: Annotated[str, Query(max_length=200, description="Of the story's name, each of them at least begun.")] = "",
    most: Annotated[int, Query(ge=1, le=500)] = MOST_LISTED,
) -> list[Summary]:
    """The stories that were written or sent off last, the newest first, each with what has become of it."""
    drafts = here.repository.listed(words, most)
    with ThreadPoolExecutor(READERS) as readers:
        views = list(zip(drafts, readers.map(partial(known, here), drafts), strict=True))
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
def begin(here: Here, me: Me, answer: Response, document: Annotated[dict[str, Any], Body()]) -> StoryView:
    """A new story, under a name made from its title."""
    draft = here.repository.create(document)
    here.audit.add(me.email, "begin", draft.id)
    here.metrics.saves.labels("new").inc()
    here.product.tell(me.email, "story begun", draft.id)
    answer.headers["location"] = f"/stories/{draft.id}"
    return whole(here, draft, answer)


@ROUTES.get("/{identifier}")
def story(here: Here, identifier: str, answer: Response) -> StoryView:
    return whole(here, here.repository.draft(identifier), answer)


@ROUTES.put("/{identifier}")
def save(
    here: Here, me: Me, identifier: str, answer: Response, document: Annotated[dict[str, Any], Body()], tag: Tag = None
) -> StoryView:
    """Replace the draft. 412 where somebody else has saved since the tag was given."""
    try:
        draft = here.repository.save(identifier, document, unquoted(tag))
    except Changed:
        here.metrics.saves.labels("changed").inc()
        raise
    here.audit.add(me.email, "save", identifier, tag=draft.tag)
    here.metrics.saves.labels("saved").inc()
    return whole(here, draft, answer)


@CALLBACKS.post("{$request.body#/webhook}", name="webhook")
def told_of_the_end(notice: EndedNotice) -> None:
    """How the story has ended; three headers sign it. Any status below 300 takes it; 408, 425, 429 and 5xx have it come again."""


@ROUTES.post("/{identifier}/run", status_code=202, callbacks=CALLBACKS.routes)
def send_off(here: Here, me: Me, identifier: str, answer: Response, order: SendOrder = ORDINARY, tag: Tag = None) -> StoryView:
    """Have the draft made into a video: as a new revision where it has changed, else the newest one, tried again where it failed.

    422 with every fault where there are some. Once this answers, the revision is stored and will be made, whatever breaks. 409
    for another priority than the revision was sent off with before.
    """
    if not me.may_publish:
        raise MayNot("you may write stories; sending them off is for publishers")
    draft = here.repository.draft(identifier)
    if order.webhook:
        here.receivers.require(order.webhook)
    if faults := faults_of(draft.document, here.repository.pictures(identifier), here.voice_system):
        raise FaultyStory(fault_views(faults))
    revision = here.repository.revise(identifier, unquoted(tag))
    if order.webhook:
        save_webhook_target(here.repository.storage, here.repository.address(identifier, revision), order.webhook)
    priority = here.runs.keep(identifier, revision, order.priority)
    here.audit.add(me.email, "send off", identifier, revision=revision, priority=priority, webhook=order.webhook or "")
    scenes = len(draft.document["scenes"])
    here.product.tell(me.email, "story sent off", identifier, revision=revision, priority=priority, scenes=scenes)
    try:
        here.runs.submit(identifier, revision, priority)
        here.metrics.sent.labels("submitted").inc()
    except NewsreelError as fault:
        if revision == draft.revision:
            raise Unavailable(f"{fault}; try again in a moment") from fault
        # It is kept: who looks after saved stories finds it there, whatever kept us from saying so.
        here.metrics.sent.labels("later").inc()
        log("not submitted yet", level=WARNING, story=identifier, revision=revision, why=str(fault))
    return whole(here, here.repository.draft(identifier), answer)


@ROUTES.post("/{identifier}/cancel", status_code=202)
def cancel(here: Here, me: Me, identifier: str, answer: Response) -> StoryView:
    """End the run that is under way."""
    if not me.may_publish:
        raise MayNot("you may write stories; cancelling them is for publishers")
    draft = here.repository.draft(identifier)
    here.audit.add(me.email, "cancel", identifier, revision=draft.revision)
    here.runs.cancel(identifier, draft.revision)
    here.product.tell(me.email, "run cancelled", identifier, revision=draft.revision)
    return whole(here, draft, answer)


@ROUTES.get("/{identifier}/events", response_class=StreamingResponse, responses={200: EVENTS})
async def events(here: Here, me: Me, identifier: str) -> StreamingResponse:
    """Server-sent events: `progress` with the story's run whenever it changes, `over` when there is nothing more to come."""
    draft = await to_thread.run_sync(here.repository.draft, identifier)
    watching = ExitStack()
    watching.enter_context(here.streams.let_in(me.email))
    return StreamingResponse(told(here, draft, watching), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def told(here: Newsroom, draft: Draft, watching: ExitStack) -> AsyncIterator[str]:
    with watching, here.metrics.streams.track_inprogress():
        last, silent = "", 0.0
        yield "retry: 2000\n\n"
        while True:
            try:
                now = await to_thread.run_sync(progress, here, draft)
            except Unavailable:
                now = None
            text = now.model_dump_json() if now else last
            if text != last:
                yield f"event: progress\ndata: {text}\n\n"
                last, silent = text, 0.0
            if now and (now.run is None or now.run.over) and now.state != "sent":
                yield "event: over\ndata: {}\n\n"
                return
            if silent >= SECONDS_BETWEEN_SIGNS:
                yield ": still here\n\n"
                silent = 0.0
            await asyncio.sleep(here.seconds_between_looks)
            silent += here.seconds_between_looks


def progress(here: Newsroom, draft: Draft) -> Progress:
    """Raises Unavailable."""
    return standing(here, draft, here.runs.status(draft.id, draft.revision) if draft.revision else None)


def known(here: Newsroom, draft: Draft) -> Progress:
    """The same; a cluster that does not answer keeps nobody from writing."""
    try:
        return progress(here, draft)
    except Unavailable:
        return standing(here, draft, None)


def standing(here: Newsroom, draft: Draft, run: Run | None) -> Progress:
    try:
        video = video_view(here.media.newest(draft.id, draft.revision)) if draft.revision else None
    except BadInput:
        video = None  # being replaced this very moment
    return Progress(revision=draft.revision, state=state_of(draft, run, video), run=run, video=video)


def whole(here: Newsroom, draft: Draft, answer: Response) -> StoryView:
    answer.headers["etag"] = f'"{draft.tag}"'
    return StoryView(**dict(known(here, draft)), id=draft.id, etag=draft.tag, document=draft.document, changed=draft.changed)


def unquoted(tag: str | None) -> str:
    """Raises NoTag: who has not seen the story may not replace it."""
    if not tag:
        raise NoTag("say which version you have seen: If-Match with its ETag")
    return tag.strip().removeprefix("W/").strip('"')
