"""The work of the workflows: a video, and which run made it."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from newsreel.errors import Conflict, NewsreelError
from newsreel.storage.address import Address
from newsreel.storage.publication import MANIFEST, Manifest, Origin, PublishedFile, publication_folder
from newsreel.submission.revision_store import Revision, RevisionStore
from tests.chaos.argo import Workflow
from tests.chaos.ends import Reports
from tests.chaos.faults import Faults


@dataclass
class Studio:
    """What a story's workflow does in the end: it publishes a video of its own, or fails, or finds that there is one."""

    desk: RevisionStore
    faults: Faults
    reports: Reports
    made_by: dict[Revision, Workflow] = field(default_factory=dict)
    failures: Counter[Revision] = field(default_factory=Counter)
    """Runs that failed."""
    woken_again: int = 0

    def work(self, workflow: Workflow) -> str:
        try:
            phase = self.make(workflow)
        except NewsreelError:
            return "Running"
        self.reports.deliver(workflow, phase)
        return phase

    def make(self, workflow: Workflow) -> str:
        """Its phase; once more with the same where storage did not answer."""
        revision = revision_of(workflow)
        address = publication_folder(Address.parse(workflow.parameters["finals"]), revision.id, revision.number).child(MANIFEST)
        if self.desk.storage.find(address) is None:
            if self.faults.happens("story failed", 0.03, revision.id):
                self.failures[revision] += 1
                return "Failed"
            # Where the answer to this is lost, it is there all the same, and ours.
            with suppress(Conflict):
                self.desk.storage.create(address, manifest_of(workflow).model_dump_json().encode(), "application/json")
        found = Manifest.model_validate_json(self.desk.storage.read(address, at_most=1 << 20))
        if found.origin.story_digest == workflow.uid:
            self.made_by[revision] = workflow
        else:
            self.woken_again += 1
        return "Succeeded"


def revision_of(workflow: Workflow) -> Revision:
    name, number = workflow.story
    return Revision(name, int(number))


def manifest_of(workflow: Workflow) -> Manifest:
    """It tells whose work it is."""
    origin = Origin(story_digest=workflow.uid, software_digest="s", release="0")
    file = PublishedFile(name="landscape.mp4", path="landscape.mp4", size=1, sha256="0", content_type="video/mp4")
    name, number = revision_of(workflow)
    return Manifest(id=name, revision=number, title="x", origin=origin, created=workflow.created, files=(file,))


def contradicted(revision: Revision, maker: Workflow, desk: RevisionStore) -> bool:
    """Whether a story was said to have failed, and its video is not of a workflow that was begun after that."""
    failure = desk.failure(revision)
    return failure is not None and maker.created.replace(microsecond=0) <= failure.time
