"""The Workflow that is asked for: a name that says which revision of which story, and a reference to what is installed.

Only addresses and words travel. Title and description are annotations, which Argo shows and never reads as code.

A story as the Argo UI shows it: a title, and a description with the ways to the newsroom and to the video.

Both are Markdown, and Argo expands `{{...}}` in them where they are part of a workflow's spec. So whatever a person wrote is
escaped until it is text and nothing else.
"""

from typing import Any
from urllib.parse import quote

from newsreel.errors import pluralize
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder
from newsreel.story.priority import PRIORITY_VALUE
from newsreel.story.schema import Story

TITLE, DESCRIPTION = "workflows.argoproj.io/title", "workflows.argoproj.io/description"
PLAIN_SIGNS = ",;?%$"
"""Signs that mean nothing in Markdown."""
CONSOLE = "https://console.cloud.google.com/storage/browser"
"""Where a person with leave sees what is in a bucket."""


def story_annotations(story: Story, finals: Address | None = None, newsroom: str | None = None) -> dict[str, str]:
    """Annotations of a story's workflow, for `spec.workflowMetadata.annotations` of the Workflow: there they count for more than
    the template's own, which would overwrite those of its `metadata`.

    `finals` is where its video goes, `newsroom` the address of the newsroom's page.
    """
    words = sum(len(scene.narration.split()) for scene in story.scenes)
    told = [
        as_it_stands(f"{story.id} revision {story.revision}"),
        as_it_stands(f"{story.presenter}, {story.voice}"),
        f"{pluralize(len(story.scenes), 'scene')}, {pluralize(words, 'word')}",
    ]
    if newsroom:
        told.append(link("newsroom", f"{newsroom}/stories/{story.id}"))
    if finals and finals.scheme == "gs":
        where = str(publication_folder(finals, story.id, story.revision)).removeprefix("gs://")
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
    plain = not sign.isascii() or sign.isalnum() or sign.isspace() or sign in PLAIN_SIGNS
    return sign if plain else f"\\{sign}"


GROUP, VERSION, WORKFLOWS = "argoproj.io", "v1alpha1", "workflows"
TEMPLATE = "story"
PART_OF = {"app.kubernetes.io/part-of": "newsreel"}


def workflow_name(story: Story) -> str:
    """Whoever submits a revision a second time meets the first."""
    return f"{story.id}-r{story.revision}"


def build_workflow(story: Story, address: Address, finals: Address, priority: str) -> dict[str, Any]:
    labels = {"story": story.id, "revision": str(story.revision), "priority": priority}
    arguments = {"story": str(address), "finals": str(finals), "priority": priority}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "name": workflow_name(story),
            "labels": PART_OF | {f"newsreel/{name}": value for name, value in labels.items()},
        },
        "spec": {
            "workflowTemplateRef": {"name": TEMPLATE},
            # Here, not in the metadata above: there the template's own would take their place.
            "workflowMetadata": {"annotations": story_annotations(story, finals)},
            # Among workflows that wait for their turn; their pods' class is the template's affair.
            "priority": PRIORITY_VALUE[priority],
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments.items()]},
        },
    }


def story_parameter(workflow: dict[str, Any]) -> tuple[str, str]:
    """What a workflow makes, and where it goes: the addresses it was submitted with, without a generation."""
    listed = workflow.get("spec", {}).get("arguments", {}).get("parameters", [])
    given = {parameter.get("name"): str(parameter.get("value", "")) for parameter in listed}
    return given.get("story", "").partition("#")[0], given.get("finals", "").removesuffix("/")
