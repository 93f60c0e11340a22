"""Routes that help while a story is written: faults and length, a sentence spoken, a scene's still, pictures."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError

from cluster.newsroom import pictures
from cluster.newsroom import preview as still
from cluster.newsroom import preview as voice
from cluster.newsroom.checks import BOOKENDS, find_faults, scene_seconds, story_lexicon
from cluster.newsroom.error_handlers import FaultyStory
from cluster.newsroom.stories import Document, encode_document, with_identity
from cluster.newsroom.views import (
    CheckRequest,
    CheckResult,
    CropRequest,
    PictureView,
    ScenePreviewRequest,
    SetupView,
    VoicePreviewRequest,
    fault_views,
)
from cluster.newsroom.wiring import Caller, Services
from newsreel.errors import BadInput
from newsreel.presenters.bundle import find_presenter, presenter_names
from newsreel.story.pronunciation import Lexicon, Pronunciations
from newsreel.story.schema import VOICES
from newsreel.story.source import parse_story

ROUTES = APIRouter(tags=["craft"])
BRAND = "newsreel"
PLACEHOLDERS = {"narration": "Nothing yet.", "headline": "Headline"}
Responses = dict[int | str, dict[str, Any]]
JPEG: Responses = {200: {"content": {"image/jpeg": {}}}}
WAV: Responses = {200: {"content": {"audio/wav": {}}}}
ANY_PICTURE = {"requestBody": {"required": True, "content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp")}}}


@ROUTES.get("/desk")
def get_setup(newsroom: Services, caller: Caller) -> SetupView:
    """Who is signed in, and what there is to choose from."""
    return SetupView(
        person=caller.email,
        may_publish=caller.may_publish,
        presenters={name: find_presenter(name).shown_as for name in sorted(presenter_names())},
        voices={name: one.description for name, one in VOICES.items() if one.system == newsroom.voice_system},
        can_hear=voice.can_preview_voice(),
        can_preview=still.can_preview_scene(),
    )


@ROUTES.post("/check")
def check(newsroom: Services, body: CheckRequest) -> CheckResult:
    """Every fault of a story as it is now, and how long the video will be."""
    there = newsroom.repository.pictures(body.id) if body.id else None
    faults = find_faults(with_identity(body.document, body.id or "story", 1), there, newsroom.voice_system)
    seconds = tuple(scene_seconds(body.document, document_lexicon(body.document)))
    return CheckResult(faults=fault_views(faults), seconds=seconds, total=round(sum(seconds) + BOOKENDS, 1))


@ROUTES.post("/voice", response_class=Response, responses=WAV)
def voice_preview(newsroom: Services, caller: Caller, body: VoicePreviewRequest) -> Response:
    """A sentence, spoken: a WAV file."""
    with newsroom.voice_limit.admit(caller.email):
        sound = voice.preview_voice(body.narration, body.voice, document_lexicon({"pronunciations": body.pronunciations}))
    newsroom.product.track(caller.email, "sentence heard", letters=len(body.narration))
    return Response(sound, media_type="audio/wav")


@ROUTES.post("/stories/{identifier}/stills/{scene}", response_class=Response, responses=JPEG)
def scene_preview(newsroom: Services, caller: Caller, identifier: str, scene: int, body: ScenePreviewRequest) -> Response:
    """A scene as it will look: a JPEG, 1280 pixels wide."""
    file = parse_story(encode_document(single_scene(body.document, scene)), identifier)
    if file.story is None:
        raise FaultyStory(fault_views(list(file.faults)))
    name = file.story.scenes[0].picture.file
    pictures.require_name(name.removeprefix("pictures/"))
    content = newsroom.repository.storage.read(
        newsroom.repository.home(identifier).child(name), at_most=pictures.MAX_PICTURE_BYTES
    )
    with newsroom.preview_limit.admit(caller.email), TemporaryDirectory(prefix="newsreel-") as folder:
        picture, target = Path(folder) / "picture.jpg", Path(folder) / "still.jpg"
        picture.write_bytes(content)
        still.preview_scene(file.story, 0, picture, target)
        newsroom.product.track(caller.email, "scene previewed", identifier)
        return Response(target.read_bytes(), media_type="image/jpeg")


@ROUTES.post("/stories/{identifier}/pictures", status_code=201, openapi_extra=ANY_PICTURE)
async def add_picture(newsroom: Services, caller: Caller, identifier: str, request: Request) -> PictureView:
    """Add a picture: the body is the file, a JPEG, PNG or WebP. It is encoded again, without its metadata."""
    content = await request.body()

    def work() -> pictures.StoredPicture:
        home = newsroom.repository.home(newsroom.repository.draft(identifier).id)
        with newsroom.picture_limit.admit(caller.email):
            return pictures.add(newsroom.repository.storage, home, content)

    shown = await run_in_threadpool(work)
    await run_in_threadpool(newsroom.audit.add, caller.email, "add picture", identifier, picture=shown.file)
    newsroom.product.track(caller.email, "picture added", identifier)
    return PictureView(file=shown.file, width=shown.width, height=shown.height)


@ROUTES.post("/stories/{identifier}/pictures/{name}/crop", status_code=201)
def crop_picture(newsroom: Services, caller: Caller, identifier: str, name: str, body: CropRequest) -> PictureView:
    """Store a part of a picture as a picture of its own."""
    home = newsroom.repository.home(identifier)
    part = pictures.Crop(left=body.left, top=body.top, width=body.width, height=body.height)
    with newsroom.picture_limit.admit(caller.email):
        shown = pictures.crop(newsroom.repository.storage, home, name, part)
    newsroom.audit.add(caller.email, "crop picture", identifier, picture=shown.file)
    newsroom.product.track(caller.email, "picture cropped", identifier)
    return PictureView(file=shown.file, width=shown.width, height=shown.height)


@ROUTES.get("/stories/{identifier}/pictures/{name}", response_class=Response, responses=JPEG)
def picture(newsroom: Services, identifier: str, name: str) -> Response:
    pictures.require_name(name)
    address = newsroom.repository.home(identifier).child(f"pictures/{name}")
    content = newsroom.repository.storage.read(address, at_most=pictures.MAX_PICTURE_BYTES)
    return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=31536000, immutable"})


def document_lexicon(document: Document) -> Lexicon:
    """The pronunciations of a story that may still have faults; none where they are invalid."""
    try:
        pronunciations = TypeAdapter(Pronunciations).validate_python(document.get("pronunciations") or {})
    except ValidationError:
        pronunciations = {}
    return story_lexicon(BRAND, pronunciations)


def single_scene(document: Document, index: int) -> dict[str, Any]:
    """One scene as a story of its own, with placeholders where nothing is written yet."""
    scenes = document.get("scenes")
    if not isinstance(scenes, list) or not 0 <= index < len(scenes) or not isinstance(scenes[index], dict):
        raise BadInput(f"there is no scene {index + 1} any more; load the page again")
    scene, picture = scenes[index], scenes[index].get("picture")
    shown = picture if isinstance(picture, dict) else {}
    scene = PLACEHOLDERS | {name: value for name, value in scene.items() if value}
    scene["picture"] = {"credit": "Credit", "alt": "Picture"} | {name: value for name, value in shown.items() if value}
    wanted = ("presenter", "brand")
    with_identity = {name: document[name] for name in wanted if name in document}
    whole = {"id": "still", "revision": 1, "title": document.get("title") or "Untitled", "voice": "heart", "presenter": "maya"}
    return whole | with_identity | {"scenes": [scene]}
