"""The Workflow that is asked for: a name that says which revision of which story, and a reference to what is installed.

Only addresses and words travel. Title and description are annotations, which Argo shows and never reads as code.
"""

from typing import Any

from steps.address import Address
from steps.priority import WORTH
from steps.story import Story
from workflows.described import described

__all__ = ["GROUP", "PART_OF", "VERSION", "name_of", "order", "story_of"]

GROUP, VERSION = "argoproj.io", "v1alpha1"
TEMPLATE = "story"
PART_OF = {"app.kubernetes.io/part-of": "newsreel"}


def name_of(story: Story) -> str:
    """Whoever submits a revision a second time meets the first."""
    return f"{story.id}-r{story.revision}"


def order(story: Story, address: Address, finals: Address, priority: str) -> dict[str, Any]:
    labels = {"story": story.id, "revision": str(story.revision), "priority": priority}
    arguments = {"story": str(address), "finals": str(finals), "priority": priority}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "name": name_of(story),
            "labels": PART_OF | {f"newsreel/{name}": value for name, value in labels.items()},
        },
        "spec": {
            "workflowTemplateRef": {"name": TEMPLATE},
            # Here, not in the metadata above: there the template's own would take their place.
            "workflowMetadata": {"annotations": described(story, finals)},
            # Among workflows that wait for their turn; their pods' class is the template's affair.
            "priority": WORTH[priority],
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments.items()]},
        },
    }


def story_of(workflow: dict[str, Any]) -> tuple[str, str]:
    """What a workflow makes, and where it goes: the addresses it was submitted with, without a generation."""
    listed = workflow.get("spec", {}).get("arguments", {}).get("parameters", [])
    given = {parameter.get("name"): str(parameter.get("value", "")) for parameter in listed}
    return given.get("story", "").partition("#")[0], given.get("finals", "").removesuffix("/")
