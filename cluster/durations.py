"""How long a story keeps a node: the steps' declared durations, or what the configuration says of a kind of node."""

from newsreel.config.gke import NodePoolOption, Speed
from newsreel.config.model import GkeConfig
from newsreel.step import HARDWARE_MEASURED, REFERENCE_VIDEO_SECONDS
from workflows.profiles import PROFILES, critical_path


def speed_of(config: GkeConfig, name: str) -> Speed:
    """Of a kind of node: the configuration's `work.speeds`, else declared by the steps (`newsreel.step.Duration`)."""
    return config.work.speeds.get(name) or declared_speed(name)


def declared_speed(hardware: str) -> Speed:
    profile = next(profile for profile in PROFILES.values() if profile.hardware == hardware)
    durations = {step.name: step.durations[hardware] for step in critical_path(profile)}
    return Speed(
        measured=HARDWARE_MEASURED[hardware],
        of_video_seconds=REFERENCE_VIDEO_SECONDS,
        fixed={name: duration.fixed for name, duration in durations.items() if duration.fixed},
        scaled={name: duration.scaled for name, duration in durations.items() if duration.scaled},
    )


def story_seconds(config: GkeConfig, option: NodePoolOption) -> float:
    """How long a story of usual length takes on a node of this kind."""
    return sum(speed_of(config, option.speed).seconds(config.work.video_seconds.mean, config.work.pod_seconds).values())


def stories_a_node(config: GkeConfig) -> float:
    """How many stories a node may be given, one after the other, so that the last waits no longer than planned."""
    slowest = max(story_seconds(config, option) for option in config.node_pools)
    patience = config.policy.aim * config.policy.wait_minutes * 60 - config.delays.start_seconds.mean
    return max(1.0, 1 + patience / slowest)
