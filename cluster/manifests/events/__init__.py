"""How a message becomes a workflow: Pub/Sub, EventSource, EventBus, Sensor, the Argo server's `submit`.

60-eventbus.yaml      JetStream, three of it, on disks that outlive their pods
61-messages.yaml      where the Sensor takes what it cannot submit, and who submits what was lost on the way
62-sensor.yaml        a message of ours is submitted; any other goes to the letters with its reason
63-eventsource.yaml   takes messages from the subscription and puts them on the bus

They are applied in this order, each when the one before is ready (`newsreel apply`). The stream keeps a message for those who
listen: one that an EventSource puts there before the first Sensor listens is gone. After that, either may be away: the bus and
the subscription keep what comes meanwhile. What is lost in spite of all this, the reconciler finds.

No rename: the Sensor's place in the stream is kept under the names of sensor, trigger and dependency, and new names begin at
what comes next.
"""

from typing import Any

from cluster.manifests.events.bus import bus
from cluster.manifests.events.network import network
from cluster.manifests.events.programs import programs
from cluster.manifests.events.sensor import sensor
from cluster.manifests.events.source import source
from newsreel.config.model import Events
from newsreel.config.settings import Settings

__all__ = ["Events", "events"]


def events(settings: Settings, chosen: Events) -> dict[str, list[dict[str, Any]]]:
    """The objects of each file, by its name."""
    return {
        "60-eventbus.yaml": [*network(settings, chosen), *bus(settings, chosen)],
        "61-messages.yaml": programs(settings, chosen),
        "62-sensor.yaml": sensor(settings, chosen),
        "63-eventsource.yaml": source(settings, chosen),
    }
