"""`newsreel submit`: a story file of this machine becomes a workflow of the cluster, once.

It is kept in the stories' bucket first, together with how urgent it is. Then a message says so, as the newsroom's do, or the
workflow is created at once. Should we get no further, the watch over saved stories finds it (`cluster.messages`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.messages.desk import Desk, Revision
from cluster.messages.message import Message
from cluster.messages.publisher import Publisher
from steps.address import Address, AllowList
from steps.errors import BadInput, Conflict, Unavailable
from steps.intake import Intake
from steps.priority import Priority
from steps.storage import Storage
from steps.story import Story
from workflows.submission.order import name_of, order, story_of
from workflows.submission.runs import run_of
from workflows.submission.saving import save

if TYPE_CHECKING:
    from workflows.submission.cluster import Cluster

__all__ = ["Buckets", "Kept", "create", "keep", "publish"]


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """Where an installation has its stories and its videos."""

    stories: Address
    finals: Address


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A story that is saved, and what is asked for."""

    story: Story
    address: Address
    """With the generation that was saved."""
    finals: Address
    message: Message

    @property
    def name(self) -> str:
        return name_of(self.story)


def keep(intake: Intake, buckets: Buckets, priority: Priority) -> Kept:
    """Save a story file, and beside it the message that says how urgent it is; the same twice is done once.

    Raises BadInput for a wrong story, Conflict where the revision was saved with other content or another priority, Unavailable.
    """
    storage = Storage(AllowList(prefixes=(buckets.stories, buckets.finals)))
    story, address = save(intake, storage, buckets.stories)
    desk = Desk(storage, buckets.stories, buckets.finals)
    message = desk.message(Revision(story.id, story.revision), priority)
    desk.save_order(message)
    return Kept(story=story, address=address, finals=buckets.finals, message=message)


def publish(kept: Kept, publisher: Publisher) -> str:
    """Say that it is there; one line for who asked. Published twice it is still one workflow. Raises BadInput, Unavailable."""
    try:
        publisher.publish(kept.message)
    except (BadInput, Unavailable) as fault:
        raise type(fault)(f"{fault}; {kept.name} is saved, and the watch over saved stories submits it") from fault
    return f"{kept.name}: announced; `newsreel status {kept.name}` tells how it goes"


def create(kept: Kept, cluster: "Cluster") -> str:
    """Create its workflow; one line for who asked.

    Raises BadInput for what the cluster refuses, Conflict where the name stands for another story, Unavailable.
    """
    workflow = order(kept.story, kept.address, kept.finals, kept.message.priority)
    if cluster.create(workflow):
        return f"{kept.name}: submitted; `newsreel status {kept.name}` tells how it goes"
    return submitted_before(cluster, kept.name, story_of(workflow))


def submitted_before(cluster: "Cluster", name: str, wanted: tuple[str, str]) -> str:
    """One line for a story whose name is taken. Raises Conflict where another story took it, or where it goes elsewhere."""
    there = cluster.workflow(name)
    if there is None:
        return f"{name}: was submitted before and is removed just now; submit it again if it is not published"
    made = story_of(there)
    if made != wanted:
        kind = "with other content" if made[0] != wanted[0] else f"to {made[1]}"
        raise Conflict(f"{name}: this revision was submitted before {kind}; raise the revision")
    run = run_of(there)
    if run.exit_status:
        mend = f"mend it and raise the revision, or run it again with `argo resubmit {name}`"
        return f"{name}: was submitted before and ended as {run.state}: {run.message or 'no reason is told'}; {mend}"
    return f"{name}: was submitted before, nothing to do: {run.state}"
