"""The finished video and what belongs to it, with ranges, so that a player can jump."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from cluster.newsroom.identity import Person
from cluster.newsroom.newsroom import Newsroom, newsroom_of, person_of
from cluster.newsroom.stories import NoStory

__all__ = ["ROUTES"]

ROUTES = APIRouter(prefix="/stories/{identifier}/media", tags=["media"])
SHOWN = frozenset({"landscape.mp4", "poster.jpg", "sheet.jpg", "captions.vtt"})
"""What a browser may show; anything else is for the disk, since a page of another's making would be of our origin."""
Here = Annotated[Newsroom, Depends(newsroom_of)]
Me = Annotated[Person, Depends(person_of)]


@ROUTES.get("/{name}", response_class=FileResponse)
def file(here: Here, me: Me, identifier: str, name: str, download: bool = False) -> FileResponse:
    """`landscape.mp4`, `poster.jpg`, `sheet.jpg`, `captions.vtt`, `report.html` or `story.json` of the newest video there is."""
    revision = here.repository.newest(identifier)
    manifest = here.media.newest(identifier, revision) if revision else None
    found = here.media.file(manifest, name) if manifest else None
    if manifest is None or found is None:
        raise NoStory(f"there is no {name[:40]!a} of {identifier[:40]!a}")
    published, path = found
    if download:
        here.product.tell(me.email, "file downloaded", identifier, name=published.name, revision=manifest.revision)
    saved_as = f"{identifier}-r{manifest.revision}-{name}" if download or name not in SHOWN else None
    return FileResponse(
        path, media_type=published.content_type, filename=saved_as, headers={"cache-control": "private, no-cache"}
    )
