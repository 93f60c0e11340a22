"""`newsreel render`: a story on this machine, by the very manifest that Argo would run."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from newsreel.config.settings import Settings
from newsreel.errors import BadInput, Conflict, DiskFull, NewsreelError
from newsreel.notifications.notifier import Notifier
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.presenters.bundle import BUNDLED_PRESENTERS, PRESENTERS_VARIABLE, presenter_folders
from newsreel.runtime.log import LOG_FORMAT_VARIABLE
from newsreel.storage.address import Address, AllowList
from newsreel.storage.publication import Manifest, publication_folder, read_publication
from newsreel.storage.store import Storage
from newsreel.story.schema import Story
from newsreel.story_loader import VALIDATED_VARIABLE, load_local_story
from workflows import local
from workflows.emit import emit_workflows
from workflows.local import Display, InvalidWorkflow, LocalRunError, LocalSettings, Phase, Result, WorkspaceInUse, run
from workflows.profiles import EMBEDDED, Profile

ERRORS: Mapping[type[LocalRunError], type[NewsreelError]] = {
    InvalidWorkflow: BadInput,
    WorkspaceInUse: Conflict,
    local.DiskFull: DiskFull,
}
"""The local runner's errors in our terms."""
GOOGLE = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "STORAGE_EMULATOR_HOST")
"""In place of Workload Identity: who the user is to the storage."""
OWN = (
    *("NEWSREEL_DONE_TOPIC", "NEWSREEL_WEBHOOK", "NEWSREEL_WEBHOOK_SECRET", "NEWSREEL_RECEIVERS"),
    *("GENTLE_URL", "GENTLE_ALIGNER"),
)
"""What a person may say of this machine, as `newsreel.notifications.notifier`, `newsreel.notifications.webhook_target` and
`steps.gentle` read it."""


def render(story: Path, to: Path, work: Path, profile: Profile = EMBEDDED) -> int:
    """Emit the manifests of a profile, run them, and say where the video is and what took how long.

    Returns the exit status: 0, the failed step's own, 130 or 143 when interrupted. Raises BadInput for a wrong story or picture
    before anything starts.
    """
    with load_local_story(story, profile.voice.name) as loaded:
        sheet, digest = loaded.require_valid(), str(loaded.digest)
    Notifier.from_environment().require_configured(for_others=bool(WebhookAllowList.from_environment().prefixes))
    settings = Settings()
    manifests = work / "manifests"
    emit_workflows(profile, manifests, settings)
    before = draft_of(sheet, to)
    arguments = {"story": address(story), "finals": address(to)}
    own = {**environment(story, to, work), VALIDATED_VARIABLE: digest}
    result = run_locally(manifests, arguments, uid=sheet.id, work=work, environment=own)
    if result.exit_status:
        print(f"{result.message} (exit {result.exit_status})", file=sys.stderr)
        return result.exit_status
    tell(result, to / sheet.id)
    after = draft_of(sheet, to)
    if before and after and before.origin.story_digest != after.origin.story_digest:
        print(f"\nrevision {sheet.revision} had other content here before; a bucket that has it refuses this: raise the revision")
    return 0


def run_locally(
    manifests: Path,
    arguments: Mapping[str, str],
    *,
    uid: str,
    work: Path,
    environment: Mapping[str, str],
    template: str = "story",
    display: Display | None = None,
) -> Result:
    """Run an emitted WorkflowTemplate on this machine. Raises BadInput, DiskFull, Conflict where another run is under way."""
    credentials = {name: os.environ[name] for name in GOOGLE if name in os.environ}
    try:
        settings = LocalSettings(
            template=template,
            uid=uid,
            root=work,
            host_path_root=PurePosixPath(Settings().ssd_root),
            logs=work / "logs" / uid,
            environment={**credentials, **environment, LOG_FORMAT_VARIABLE: "text"},
            unit_annotation="newsreel/counts",
            visibility_annotation="newsreel/shown",
            display=display,
        )
        return run(manifests, arguments, settings)
    except LocalRunError as error:
        raise ERRORS[type(error)](str(error)) from error


def draft_of(story: Story, to: Path) -> Manifest | None:
    """What is published of this revision here. A folder keeps the newest draft alone (`newsreel.storage.publication`)."""
    finals = Address.parse(address(to))
    try:
        draft = read_publication(Storage(AllowList(prefixes=(finals,))), publication_folder(finals, story.id, story.revision))
    except NewsreelError:
        return None
    return draft if draft and draft.revision == story.revision else None


def address(path: Path) -> str:
    return f"file:{path.resolve()}"


def environment(story: Path, to: Path, work: Path) -> Mapping[str, str]:
    """On a laptop a story is read from its own folder, the video goes where it was asked for, finished work stays, a newsroom's
    own presenters, weights and aligner are found, and who is notified of the end."""
    catalogue = catalogue_of_weights()
    also = (os.environ.get("NEWSREEL_ADDRESSES", ""), catalogue.rpartition("/")[0])
    allowed = ",".join(filter(None, [f"{address(story.resolve().parent)}/", f"{address(to)}/", *also]))
    more = os.pathsep.join(str(folder) for folder in presenter_folders() if folder != BUNDLED_PRESENTERS)
    variables = {
        "NEWSREEL_ADDRESSES": allowed,
        "NEWSREEL_KEEP_WORKSPACE": "1",
        "NEWSREEL_CACHE": str(cache(work)),
        "NEWSREEL_WEIGHTS": catalogue,
        "NEWSREEL_UNITS": "",
    }
    own = {name: os.environ[name] for name in OWN if os.environ.get(name)}
    return variables | own | ({PRESENTERS_VARIABLE: more} if more else {})


def catalogue_of_weights() -> str:
    """The address the person has set, if any; `file:weights.yaml` lies where the person stands, not where a step runs."""
    text = os.environ.get("NEWSREEL_WEIGHTS", "")
    scheme, _, path = text.partition(":")
    return address(Path(path)) if scheme == "file" else text


def cache(work: Path) -> Path:
    """Weights are linked from here into the workspace, so it is best on the same disk; the person's own choice comes first."""
    return Path(os.environ.get("NEWSREEL_CACHE") or work / ".weights").resolve()


def tell(result: Result, folder: Path) -> None:
    rendered = any(step.name == "publish" and step.phase is Phase.SUCCEEDED for step in result.steps)
    if not rendered:
        print(f"nothing to do: this revision is published and whole ({result.seconds:.1f} s)")
    elif not sys.stderr.isatty():  # on a terminal each step's line still stands above
        print(result.table())
    print()
    for name in ("landscape.mp4", "poster.jpg", "captions.vtt"):
        path = folder / name
        print(f"{path.stat().st_size / 1000:10,.1f} kB  {shown(path)}")


def shown(path: Path) -> str:
    """Short where the reader stands above it."""
    here = Path.cwd()
    return str(path.resolve().relative_to(here)) if path.resolve().is_relative_to(here) else str(path)
