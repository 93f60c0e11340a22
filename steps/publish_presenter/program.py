"""`publish-presenter`: the bundle goes below a folder or prefix, under the presenter's name.

The sheet is written last: who looks for bundles looks for sheets, and never sees half of one. Beside the bundle, in `training/`,
lie the samples and the report. Publishing twice changes nothing; what a bucket holds is never changed.
"""

import argparse
from pathlib import Path

from newsreel.errors import BadInput
from newsreel.files import content_digest
from newsreel.presenters.bundle import load_presenter_at
from newsreel.presenters.training_data import BUNDLE_FILES, REPORT_FILE, SAMPLES_FILE, bundle_file, read_training_job
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.workspace import Workspace

__all__ = ["publish", "run"]

CONTENT_TYPES = {".yaml": "application/yaml", ".mp4": "video/mp4", ".png": "image/png", ".json": "application/json"}
BESIDE = (SAMPLES_FILE, REPORT_FILE)
"""Keep their place in the workspace's tree."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, BadWeights, Conflict where another presenter of that name is published, DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps publish-presenter", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the training's directory")
    parser.add_argument("--bundles", required=True, metavar="ADDRESS", help="folder or prefix for bundles")
    options = parser.parse_args(arguments)
    progress = Progress.from_environment("publish-presenter")
    home = publish(Workspace(options.workspace), Address.parse(options.bundles), Storage.from_environment(), progress)
    progress.info(f"published at {home}")


def publish(workspace: Workspace, bundles: Address, storage: Storage, progress: Progress) -> Address:
    """Publish what is in the workspace; where it is."""
    load_presenter_at(workspace.path("bundle"))
    home = bundles.child(read_training_job(workspace).name)
    sources = {
        **{name: workspace.path(name) for name in BESIDE},
        **{name: workspace.path(bundle_file(name)) for name in BUNDLE_FILES},
    }
    for path in sources.values():
        if not path.is_file():
            raise BadInput(f"{path}: is missing; run the steps before publish-presenter again")
    progress.set_total(len(sources), "files")
    if home.scheme == "file" and any(not alike(storage, home.child(name), path) for name, path in sources.items()):
        storage.remove(home.child("presenter.yaml"))
    for name, path in sources.items():
        with progress.unit(name, 1):
            put(storage, home.child(name), path)
    return home


def alike(storage: Storage, address: Address, path: Path) -> bool:
    found = storage.find(address)
    return found is not None and found.sha256 == content_digest(path)


def put(storage: Storage, address: Address, path: Path) -> None:
    if address.scheme == "gs":
        storage.create(address, path, CONTENT_TYPES.get(path.suffix, "application/octet-stream"))
    elif not alike(storage, address, path):
        storage.replace(address, path)
