"""How long a story may take, by its length: long enough for a slow machine, short enough that a hung step is found."""

from dataclasses import dataclass

from newsreel.story.schema import Story

__all__ = ["Allowance", "allowance"]

CHARACTERS_A_SECOND = 12
"""Read aloud; less than the 14 or so of a newsreader, since `£1,200` is longer than it looks."""
STEP_START, ATTEMPT_START = 300, 900
"""Seconds for what does not depend on length: images pulled, models loaded, a service that is not up yet."""
STEP_PACE, ATTEMPT_PACE = 20, 60
"""Seconds of work for each of speech. On two cores the slowest step takes 1.1, the whole story 1.7."""


@dataclass(frozen=True)
class Allowance:
    step: int
    """Seconds a step may take."""
    attempt: int
    """Seconds all steps on one node may take together."""


def allowance(story: Story) -> Allowance:
    speech = -(-sum(len(scene.narration) for scene in story.scenes) // CHARACTERS_A_SECOND)
    return Allowance(step=STEP_START + STEP_PACE * speech, attempt=ATTEMPT_START + ATTEMPT_PACE * speech)
