"""What helps while a story is written: its faults and length, a sentence heard, a scene seen, pictures added and cropped."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError

from cluster.newsroom import pictures, still, voice
from cluster.newsroom.documents import Document, content_of, kept
from cluster.newsroom.faults import faults_of, lexicon_of
from cluster.newsroom.identity import Person
from cluster.newsroom.length import BOOKENDS, seconds_of_scenes
from cluster.newsroom.newsroom import Newsroom, newsroom_of, person_of
from cluster.newsroom.refusals import FaultyStory
from cluster.newsroom.views import Checked, CheckOrder, CropOrder, DeskView, HearOrder, PictureView, StillOrder, fault_views
from newsreel.errors import BadInput
from newsreel.presenters.bundle import find_presenter, presenter_names
from newsreel.story.pronunciation import Lexicon, Pronunciations
from newsreel.story.schema import VOICES
from newsreel.story.source import parse_story

__all__ = ["ROUTES"]

ROUTES = APIRouter(tags=["craft"])
Here = Annotated[Newsroom, Depends(newsroom_of)]
Me = Annotated[Person, Depends(person_of)]
BRAND = "newsreel"
PLACEHOLDERS = {"narration": "Nothing yet.", "headline": "Headline"}
Responses = dict[int | str, dict[str, Any]]
JPEG: Responses = {200: {"content": {"image/jpeg": {}}}}
WAV: Responses = {200: {"content": {"audio/wav": {}}}}
ANY_PICTURE = {"requestBody": {"required": True, "content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp")}}}


@ROUTES.get("/desk")
def desk(here: Here, me: Me) -> DeskView:
    """Who you are, and what there is to choose from."""
    return DeskView(
        person=me.email,
        may_publish=me.may_publish,
        presenters={name: find_presenter(name).shown_as for name in sorted(presenter_names())},
        voices={name: one.description for name, one in VOICES.items() if one.system == here.voice_system},
        can_hear=voice.can_speak(),
        can_preview=still.can_draw(),
    )


@ROUTES.post("/check")
def check(here: Here, order: CheckOrder) -> Checked:
    """Every fault of a story as it stands, and how long it will be."""
    there = here.repository.pictures(order.id) if order.id else None
    faults = faults_of(kept(order.document, order.id or "story", 1), there, here.voice_system)
    seconds = tuple(seconds_of_scenes(order.document, lexicon_in(order.document)))
    return Checked(faults=fault_views(faults), seconds=seconds, total=round(sum(seconds) + BOOKENDS, 1))


@ROUTES.post("/voice", response_class=Response, responses=WAV)
def hear(here: Here, me: Me, order: HearOrder) -> Response:
    """A sentence, spoken: a WAV file."""
    with here.voices.let_in(me.email):
        sound = voice.hear(order.narration, order.voice, lexicon_in({"pronunciations": order.pronunciations}))
    here.product.tell(me.email, "sentence heard", letters=len(order.narration))
    return Response(sound, media_type="audio/wav")


@ROUTES.post("/stories/{identifier}/stills/{scene}", response_class=Response, responses=JPEG)
def preview(here: Here, me: Me, identifier: str, scene: int, order: StillOrder) -> Response:
    """A scene as it will look: a JPEG, 1280 pixels wide."""
    file = parse_story(content_of(alone(order.document, scene)), identifier)
    if file.story is None:
        raise FaultyStory(fault_views(list(file.faults)))
    name = file.story.scenes[0].picture.file
    pictures.require_name(name.removeprefix("pictures/"))
    content = here.repository.storage.read(here.repository.home(identifier).child(name), at_most=pictures.MOST_BYTES)
    with here.stills.let_in(me.email), TemporaryDirectory(prefix="newsreel-") as folder:
        picture, target = Path(folder) / "picture.jpg", Path(folder) / "still.jpg"
        picture.write_bytes(content)
        still.draw(file.story, 0, picture, target)
        here.product.tell(me.email, "scene previewed", identifier)
        return Response(target.read_bytes(), media_type="image/jpeg")


@ROUTES.post("/stories/{identifier}/pictures", status_code=201, openapi_extra=ANY_PICTURE)
async def add_picture(here: Here, me: Me, identifier: str, request: Request) -> PictureView:
    """Add a picture: the body is the file, a JPEG, PNG or WebP. It is written anew, without what a camera wrote into it."""
    content = await request.body()

    def work() -> pictures.Shown:
        home = here.repository.home(here.repository.draft(identifier).id)
        with here.pictures.let_in(me.email):
            return pictures.add(here.repository.storage, home, content)

    shown = await run_in_threadpool(work)
    await run_in_threadpool(here.audit.add, me.email, "add picture", identifier, picture=shown.file)
    here.product.tell(me.email, "picture added", identifier)
    return PictureView(file=shown.file, width=shown.width, height=shown.height)


@ROUTES.post("/stories/{identifier}/pictures/{name}/crop", status_code=201)
def crop_picture(here: Here, me: Me, identifier: str, name: str, order: CropOrder) -> PictureView:
    """A part of a picture, as a picture of its own."""
    home = here.repository.home(identifier)
    part = pictures.Part(left=order.left, top=order.top, width=order.width, height=order.height)
    with here.pictures.let_in(me.email):
        shown = pictures.crop(here.repository.storage, home, name, part)
    here.audit.add(me.email, "crop picture", identifier, picture=shown.file)
    here.product.tell(me.email, "picture cropped", identifier)
    return PictureView(file=shown.file, width=shown.width, height=shown.height)


@ROUTES.get("/stories/{identifier}/pictures/{name}", response_class=Response, responses=JPEG)
def picture(here: Here, identifier: str, name: str) -> Response:
    pictures.require_name(name)
    address = here.repository.home(identifier).child(f"pictures/{name}")
    content = here.repository.storage.read(address, at_most=pictures.MOST_BYTES)
    return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=31536000, immutable"})


def lexicon_in(document: Document) -> Lexicon:
    """The pronunciations of a story that may still have faults; none where they are wrong."""
    try:
        told = TypeAdapter(Pronunciations).validate_python(document.get("pronunciations") or {})
    except ValidationError:
        told = {}
    return lexicon_of(BRAND, told)


def alone(document: Document, index: int) -> dict[str, Any]:
    """One scene as a story of its own, with words where none are written yet."""
    scenes = document.get("scenes")
    if not isinstance(scenes, list) or not 0 <= index < len(scenes) or not isinstance(scenes[index], dict):
        raise BadInput(f"there is no scene {index + 1} any more; load the page again")
    scene, picture = scenes[index], scenes[index].get("picture")
    shown = picture if isinstance(picture, dict) else {}
    scene = PLACEHOLDERS | {name: value for name, value in scene.items() if value}
    scene["picture"] = {"credit": "Credit", "alt": "Picture"} | {name: value for name, value in shown.items() if value}
    wanted = ("presenter", "brand")
    kept = {name: document[name] for name in wanted if name in document}
    whole = {"id": "still", "revision": 1, "title": document.get("title") or "Untitled", "voice": "heart", "presenter": "maya"}
    return whole | kept | {"scenes": [scene]}
