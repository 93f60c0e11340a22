"""Results of a campaign of killed processes, and the faults it needs to prove anything."""

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["KILLED", "Tally"]

KILLED = frozenset(
    {
        "newsroom killed",
        "watch-1 killed",
        "watch-2 killed",
        "letters killed",
        "eventsource killed",
        "sensor killed",
        "bus killed",
        "killed with a message in its hands",
        "message twice",
        "message late",
        "message not ours",
    }
)
"""Faults without which a campaign proves nothing."""


@dataclass
class Tally:
    sent_off: int = 0
    """Revisions that editors have sent off."""
    answered: int = 0
    """Of these, as saved."""
    refused: int = 0
    """Answered otherwise, though nothing was wrong with them."""
    died_over: int = 0
    """The newsroom died when it had been asked to save them, once at least."""
    unanswered: int = 0
    """Of these, those whose editor went home."""
    unanswered_saved: int = 0
    """Of these, how many are there, and are made as any other."""
    published: int = 0
    superseded: int = 0
    """Told to be late: a later revision of theirs was published before anything was heard of them."""
    late: int = 0
    """Published though it was told that they would not come: their message was on its way all the time."""
    lost: int = 0
    """Answered as saved and not there, or there and without an end."""
    half: int = 0
    """There with other content than was sent off; or not there, and yet with an order, a workflow or an end."""
    most_workflows: int = 0
    """Of one revision, over all."""
    made_again: int = 0
    """Workflows that found a video of their revision."""
    announced: int = 0
    """Messages that asked for a story to be made, those that were published twice included."""
    vanished: int = 0
    """Of these, those that never came to Argo: somebody has acknowledged them who had not handed them on. The watch makes their
    stories, late, so that nothing else tells."""
    unannounced: int = 0
    """Answered as saved by a newsroom that nobody killed, and no message says so."""
    not_ours: int = 0
    not_ours_dead: int = 0
    good_dead: int = 0
    by_watch: int = 0
    """Workflows that the watches submitted, before any message did."""
    met_the_watchs: int = 0
    """Messages that came after that, and found the submitter's workflow: with another name the story would be made twice."""
    repeated: int = 0
    """Submissions that met the workflow that was there."""
    ended: Counter[str] = field(default_factory=Counter)
    """Programs of ours that ended though nobody killed them."""
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> list[str]:
        """What never happened."""
        met = {
            "save without an answer": self.died_over,
            "story left to the submitter": self.by_watch,
            "message that came after the submitter": self.met_the_watchs,
        }
        return sorted(name for name in KILLED if not self.faults[name]) + [name for name, number in met.items() if not number]

    @property
    def sound(self) -> bool:
        wrong = [self.refused, self.lost, self.half, self.made_again, self.vanished, self.unannounced]
        wrong += [self.good_dead, self.not_ours - self.not_ours_dead]
        counted = self.answered + self.unanswered_saved == self.published + self.superseded
        return not any(wrong) and not self.ended and self.most_workflows == 1 and counted and not self.missing

    def lines(self) -> list[tuple[str, int]]:
        return [
            ("revisions sent off", self.sent_off),
            ("  answered: saved", self.answered),
            ("  answered otherwise", self.refused),
            ("  that the newsroom died over", self.died_over),
            ("  never answered", self.unanswered),
            ("    and there all the same", self.unanswered_saved),
            ("published", self.published),
            ("superseded, and told", self.superseded),
            ("published after that was told", self.late),
            ("lost", self.lost),
            ("half there", self.half),
            ("workflows of a revision, at most", self.most_workflows),
            ("workflows that met a video", self.made_again),
            ("messages of stories", self.announced),
            ("  that never came to Argo", self.vanished),
            ("saved, and no message says so", self.unannounced),
            ("messages not ours", self.not_ours),
            ("  in the dead letters", self.not_ours_dead),
            ("good messages in the dead letters", self.good_dead),
            ("workflows submitted by a watch", self.by_watch),
            ("  messages that met one of these", self.met_the_watchs),
            ("submissions that met a workflow", self.repeated),
            *((f"ended of its own accord: {name}", number) for name, number in sorted(self.ended.items())),
            *((f"fault: {name}", number) for name, number in sorted(self.faults.items())),
        ]
