"""The one builder of Workflows: a name that says which revision of which story, and a reference to the installed template.

`build_workflow` serves `newsreel submit --direct`, the submitter, and tests of what the Sensor submits
(`cluster.manifests.message_filter`); `build_successor` serves the reconciler and the newsroom. Parameters are addresses
and words. Title and description are annotations: Markdown, in which Argo expands `{{...}}` where they are part of a workflow's
spec. So whatever a person wrote is escaped until it is text and nothing else.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from newsreel.argo.runs import CANCELLED_LABEL, NUMBER_LABEL, ORIGIN_LABEL, PRIORITY_LABEL, REVISION_LABEL, STORY_LABEL, run_of
from newsreel.errors import pluralize
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder
from newsreel.story.priority import PRIORITY_VALUE
from newsreel.story.schema import Story

GROUP, VERSION, WORKFLOWS = "argoproj.io", "v1alpha1", "workflows"
TEMPLATE = "story"
PART_OF = {"app.kubernetes.io/part-of": "newsreel"}

TITLE, DESCRIPTION = "workflows.argoproj.io/title", "workflows.argoproj.io/description"
PLAIN_SIGNS = ",;?%$"
"""Punctuation without a meaning in Markdown."""
CONSOLE = "https://console.cloud.google.com/storage/browser"
"""Google Cloud's page of a bucket, for whoever may read it."""


def story_annotations(story: Story, finals: Address | None = None, newsroom: str | None = None) -> dict[str, str]:
    """Title and description of a story's workflow in the Argo UI, for `spec.workflowMetadata.annotations`: there they win over
    the template's own, which would overwrite those of the Workflow's `metadata`.

    `finals` is where its video goes, `newsroom` the address of the newsroom's page.
    """
    words = sum(len(scene.narration.split()) for scene in story.scenes)
    facts = [
        escape_markdown(f"{story.id} revision {story.revision}"),
        escape_markdown(f"{story.presenter}, {story.voice}"),
        f"{pluralize(len(story.scenes), 'scene')}, {pluralize(words, 'word')}",
    ]
    if newsroom:
        facts.append(link("newsroom", f"{newsroom}/stories/{story.id}"))
    if finals and finals.scheme == "gs":
        where = str(publication_folder(finals, story.id, story.revision)).removeprefix("gs://")
        facts.append(link("video", f"{CONSOLE}/{where}"))
    return {TITLE: escape_markdown(story.title), DESCRIPTION: " \u00b7 ".join(facts)}


def link(text: str, address: str) -> str:
    return f"[{text}]({quote(address, safe=':/')})"


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is: every ASCII punctuation mark is escaped with a backslash (CommonMark, 2.4).

    Those that Argo's list would take for the start of a list entry are numeric character references (2.5).
    """
    return "".join(escape_sign(sign) for sign in text)


def escape_sign(sign: str) -> str:
    if sign in "-*":
        return f"&#{ord(sign)};"
    plain = not sign.isascii() or sign.isalnum() or sign.isspace() or sign in PLAIN_SIGNS
    return sign if plain else f"\\{sign}"


def workflow_name(story: str, revision: int, number: int = 1) -> str:
    """`budget-r3`, its second run `budget-r3-t2`: whoever submits a run that is there already meets it."""
    return f"{story}-r{revision}" + (f"-t{number}" if number > 1 else "")


def build_workflow(
    story: str,
    revision: int,
    *,
    address: str,
    finals: str,
    priority: str,
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The first run of a revision. `address` is that of the story's document, `finals` the prefix of videos."""
    labels = {STORY_LABEL: story, REVISION_LABEL: str(revision), PRIORITY_LABEL: priority}
    arguments = {"story": address, "finals": finals, "priority": priority}
    # Not in the metadata: the template's own annotations would take their place there.
    metadata = {"workflowMetadata": {"annotations": dict(annotations)}} if annotations else {}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {"name": workflow_name(story, revision), "labels": PART_OF | labels},
        "spec": {
            "workflowTemplateRef": {"name": TEMPLATE},
            **metadata,
            # Among workflows that wait for their turn; the priority class of the pods is set by the template.
            "priority": PRIORITY_VALUE[priority],
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments.items()]},
        },
    }


def build_successor(workflow: dict[str, Any], name: str) -> dict[str, Any]:
    """The same story once more: all that was asked for, nothing of how far it came.

    `workflow` is one as the API server has it, whose node was lost, or which failed and is tried again by an editor.
    """
    run = run_of(workflow)
    own = (NUMBER_LABEL, ORIGIN_LABEL, CANCELLED_LABEL)
    labels = {key: value for key, value in run.labels.items() if key.startswith("newsreel/") and key not in own}
    annotations = {key: value for key, value in run.annotations.items() if key.startswith("workflows.argoproj.io/")}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "name": name,
            "labels": {**PART_OF, **labels, NUMBER_LABEL: str(run.number + 1), ORIGIN_LABEL: run.origin},
            "annotations": annotations,
        },
        "spec": {key: value for key, value in workflow.get("spec", {}).items() if key != "shutdown"},
    }


def story_parameter(workflow: dict[str, Any]) -> tuple[str, str]:
    """What a workflow makes, and where it goes: the addresses it was submitted with, without a generation."""
    listed = workflow.get("spec", {}).get("arguments", {}).get("parameters", [])
    given = {parameter.get("name"): str(parameter.get("value", "")) for parameter in listed}
    return given.get("story", "").partition("#")[0], given.get("finals", "").removesuffix("/")
