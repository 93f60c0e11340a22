"""Results of a campaign, and the faults it needs to prove anything."""

from collections import Counter
from dataclasses import dataclass, field

WANTED = frozenset(
    {
        "newsroom killed",
        "editor pressed again",
        "message not ours",
        "publish refused",
        "publish answer lost",
        "acknowledgement lost",
        "delivered again",
        "reordered",
        "EventSource killed",
        "bus full",
        "Sensor killed",
        "Argo 500",
        "Argo answer lost",
        "Argo away",
        "story failed",
        "workflow collected",
        "workflow deleted",
        "submitter killed",
        "submitter killed in the act",
        "storage 503",
        "storage 412",
        "storage answer lost",
        "report lost",
        "report killed before its note",
        "receiver away",
        "receiver's answer lost",
    }
)
"""Faults without which a campaign proves nothing."""


@dataclass
class Counts:
    stories: int = 0
    """That were written."""
    saved: int = 0
    published: int = 0
    failed: int = 0
    lost: int = 0
    most_workflows_at_once: int = 0
    """Of one story, unfinished: each of them would have made its video."""
    woken_again: int = 0
    """Workflows that found the video of an earlier one, and left it at that."""
    untold: int = 0
    """Stories whose end nobody was told."""
    mistold: int = 0
    """Stories that were told to be done, and failed."""
    told_anew: int = 0
    """Ends that were told by a second id: who knows them by their ids takes them for others."""
    told: int = 0
    """Ends that were told, each once for who knows them by their ids."""
    told_again: int = 0
    """Notices that came once more."""
    both: int = 0
    """Stories of which there are a video and word of a failure, and nothing that tried again after that word."""
    good_dead: int = 0
    """Good messages among the dead letters."""
    not_ours: int = 0
    not_ours_dead: int = 0
    """Of these, how many are where they belong."""
    submitted: int = 0
    repeated: int = 0
    """Submissions that met the workflow that was there."""
    by_submitter: int = 0
    ticks: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Nothing went wrong, and enough went wrong around it to say so."""
        kept = self.most_workflows_at_once == 1 and not self.lost and not self.both and not self.good_dead
        tried = self.saved >= 0.9 * self.stories and all(self.faults[name] for name in WANTED)
        told = not self.untold and not self.mistold and not self.told_anew
        return kept and tried and told and self.not_ours == self.not_ours_dead
