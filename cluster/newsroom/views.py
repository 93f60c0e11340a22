"""JSON of the API, requests and responses: OpenAPI is generated from these classes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from cluster.newsroom.runs import Run, State
from cluster.newsroom.stories import Document, Draft
from newsreel.storage.publication import Manifest
from newsreel.story.priority import Priority
from newsreel.validation import StrictModel
from newsreel.yaml_source import Fault

StoryState = Literal["draft", "sent"] | State
TenThousandths = Annotated[int, Field(ge=0, le=10_000)]


class FaultView(BaseModel, frozen=True):
    path: tuple[str | int, ...]
    """Where in the story: `["scenes", 0, "headline"]`."""
    line: int
    """In the story as JSON."""
    message: str


class VideoView(BaseModel, frozen=True):
    revision: int
    created: datetime
    files: dict[str, str]
    """The path of each file, by its name."""
    sizes: dict[str, int]
    """Bytes."""


class Progress(BaseModel, frozen=True):
    """What the page watches: the state of a story's newest revision."""

    revision: int
    state: StoryState
    run: Run | None
    video: VideoView | None


class StoryView(Progress, frozen=True):
    id: str
    etag: str
    document: Document
    changed: bool
    """Whether the draft differs from its newest revision."""


class Summary(BaseModel, frozen=True):
    id: str
    title: str
    revision: int
    state: StoryState
    changed: bool


class CheckResult(BaseModel, frozen=True):
    faults: tuple[FaultView, ...]
    seconds: tuple[float, ...]
    """Estimated length of each scene."""
    total: float
    """Of the whole video, opening and closing included."""


class PictureView(BaseModel, frozen=True):
    file: str
    """As a scene names it."""
    width: int
    height: int


class SetupView(BaseModel, frozen=True):
    person: str
    may_publish: bool
    presenters: dict[str, str]
    """Each with the name that is shown in the video."""
    voices: dict[str, str]
    can_hear: bool
    can_preview: bool


class CheckRequest(StrictModel):
    document: dict[str, Any]
    id: str | None = None
    """The story whose pictures it may use; None for one that was never saved."""


class VoicePreviewRequest(StrictModel):
    narration: Annotated[str, Field(min_length=1, max_length=4000)]
    voice: Annotated[str, Field(max_length=40)] = "heart"
    pronunciations: Annotated[dict[str, str], Field(max_length=200)] = Field(default={})


class SubmissionRequest(StrictModel):
    priority: Priority | None = None
    """`breaking` goes before all that is `normal`, the default. A revision keeps its first priority."""
    webhook: Annotated[str, Field(max_length=500)] | None = None
    """https address that is notified of the run's end, signed as standardwebhooks.com specifies; it must lie below a prefix that
    the installation allows."""


class RunEndedNotification(BaseModel, frozen=True):
    """Body of a webhook call (`newsreel.notifications.notifier`)."""

    class Ended(BaseModel, frozen=True):
        run: str
        story: str
        """Address of the revision."""
        status: Literal["Succeeded", "Failed", "Error"]
        video: str | None
        """Address."""
        why: str | None
        """The reason of a failure, the same sentence as in a run's `message`."""

    id: str
    """The same at every delivery, as in the header `webhook-id`."""
    type: Literal["story.done", "story.failed"]
    timestamp: datetime
    data: Ended


class ScenePreviewRequest(StrictModel):
    document: dict[str, Any]


class CropRequest(StrictModel):
    left: TenThousandths
    top: TenThousandths
    width: TenThousandths
    height: TenThousandths


def fault_views(faults: list[Fault]) -> tuple[FaultView, ...]:
    return tuple(FaultView(path=fault.path, line=fault.line, message=fault.message) for fault in faults)


def video_view(manifest: Manifest | None) -> VideoView | None:
    if manifest is None:
        return None
    return VideoView(
        revision=manifest.revision,
        created=manifest.created,
        files={file.name: f"/stories/{manifest.id}/media/{file.name}?v={file.sha256[:12]}" for file in manifest.files},
        sizes={file.name: file.size for file in manifest.files},
    )


def state_of(draft: Draft, run: Run | None, video: VideoView | None) -> StoryState:
    """The state of a story: that of its newest revision."""
    if draft.revision == 0:
        return "draft"
    if video and video.revision == draft.revision and (run is None or run.over):
        return "succeeded"
    return run.state if run else "sent"
