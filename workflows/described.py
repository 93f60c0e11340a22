"""A story as the Argo UI shows it: a title, and a description with the ways to the newsroom and to the video.

Both are Markdown, and Argo expands `{{...}}` in them where they are part of a workflow's spec. So whatever a person wrote is
escaped until it is text and nothing else.
"""

from urllib.parse import quote

from steps.address import Address
from steps.counted import counted
from steps.publication import home_of
from steps.story import Story

__all__ = ["DESCRIPTION", "TITLE", "as_it_stands", "described"]

TITLE, DESCRIPTION = "workflows.argoproj.io/title", "workflows.argoproj.io/description"
PLAIN = ",;?%$"
"""Signs that mean nothing in Markdown."""
CONSOLE = "https://console.cloud.google.com/storage/browser"
"""Where a person with leave sees what is in a bucket."""


def described(story: Story, finals: Address | None = None, newsroom: str | None = None) -> dict[str, str]:
    """Annotations of a story's workflow, for `spec.workflowMetadata.annotations` of the Workflow: there they count for more than
    the template's own, which would overwrite those of its `metadata`.

    `finals` is where its video goes, `newsroom` the address of the newsroom's page.
    """
    words = sum(len(scene.narration.split()) for scene in story.scenes)
    told = [
        as_it_stands(f"{story.id} revision {story.revision}"),
        as_it_stands(f"{story.presenter}, {story.voice}"),
        f"{counted(len(story.scenes), 'scene')}, {counted(words, 'word')}",
    ]
    if newsroom:
        told.append(link("newsroom", f"{newsroom}/stories/{story.id}"))
    if finals and finals.scheme == "gs":
        where = str(home_of(finals, story.id, story.revision)).removeprefix("gs://")
        told.append(link("video", f"{CONSOLE}/{where}"))
    return {TITLE: as_it_stands(story.title), DESCRIPTION: " \u00b7 ".join(told)}


def link(text: str, address: str) -> str:
    return f"[{text}]({quote(address, safe=':/')})"


def as_it_stands(text: str) -> str:
    """Text that Markdown shows as it is: every ASCII sign that could mean something is told to be one (CommonMark, 2.4).

    Those that Argo's list would take for the start of an entry, whatever stands before them, are told by their number (2.5).
    """
    return "".join(sign_of(sign) for sign in text)


def sign_of(sign: str) -> str:
    if sign in "-*":
        return f"&#{ord(sign)};"
    plain = not sign.isascii() or sign.isalnum() or sign.isspace() or sign in PLAIN
    return sign if plain else f"\\{sign}"
