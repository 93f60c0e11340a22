"""`check-presenter`: require a valid presenter.yaml with footage, and a target where the bundle may be published."""

import argparse

from newsreel.errors import Conflict
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.story.priority import require_priority
from newsreel.training_data import TrainingData, open_training_data


def run(arguments: list[str]) -> None:
    """Raises BadInput, Conflict if the bucket has a presenter of that name, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps check-presenter", description=__doc__)
    parser.add_argument(
        "--footage", required=True, metavar="ADDRESS", help="folder or prefix with presenter.yaml and footage.mp4"
    )
    parser.add_argument("--bundles", required=True, metavar="ADDRESS", help="folder or prefix for bundles")
    parser.add_argument("--priority", default="normal", help="normal or breaking")
    options = parser.parse_args(arguments)
    require_priority(options.priority)
    check(Address.parse(options.footage), Address.parse(options.bundles), Storage.from_environment())


def check(footage: Address, bundles: Address, storage: Storage) -> TrainingData:
    storage.allowed.require(bundles)
    data = open_training_data(storage, footage)
    target = bundles.child(data.presenter.name)
    if bundles.scheme == "gs" and storage.find(target.child("presenter.yaml")):
        raise Conflict(f"{target}: the presenter exists, and published bundles are never changed; rename the footage's folder")
    if bundles.scheme == "file" and footage.scheme == "file" and target.file == footage.file:
        raise Conflict(f"{target}: is the footage's own folder; publish the bundle elsewhere")
    return data
