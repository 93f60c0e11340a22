"""What stories and machines take, and what the market puts in the way: the groups of pool.yaml that the simulation lives on."""

from typing import Annotated

from pydantic import Field

from cluster.manager.fields import Range, Record, Several, Some

__all__ = ["Market", "Speed", "Start", "Work"]


class Speed(Record):
    """Seconds a step works on a node, for a video of `of_video_seconds`: the steps one after the other on the story's way."""

    measured: bool = False
    """Whether on such a node; what is assumed is told to be so beside each figure that rests on it."""
    of_video_seconds: Several
    fixed: dict[str, Some]
    scaled: dict[str, Some]

    def seconds(self, video: float, pod: float) -> dict[str, float]:
        """By step, in order: `pod` is what each costs beside its work."""
        names = [*(name for name in self.fixed if name not in self.scaled), *self.scaled]
        scale = video / self.of_video_seconds
        return {name: pod + self.fixed.get(name, 0) + self.scaled.get(name, 0) * scale for name in names}


class Start(Record):
    machine: Range
    driver: Range
    images: Range

    @property
    def mean(self) -> float:
        return self.machine.mean + self.driver.mean + self.images.mean


class Work(Record):
    video_seconds: Range
    pod_seconds: Some
    taken_seconds: Some
    heard_seconds: Some
    metric_seconds: Range
    speeds: dict[str, Speed]


class Market(Record):
    quotas: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]]
    """GPUs that the project may have in the region, by Compute Engine's name for each kind; one that is not named is no limit."""
    preemptions_an_hour: Some
    stock_out_every_hours: Several
    stock_out_hours: Some
    autoscaler_idle_minutes: Several
