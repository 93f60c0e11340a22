"""`publish-presenter`: write the bundle to a folder or prefix, under the presenter's name.

presenter.yaml is written last: readers look for it and never see an incomplete bundle. Samples and report of the training are
published with the bundle, in `training/`. Publishing is idempotent; objects in a bucket are never changed.
"""

import argparse
from pathlib import Path

from newsreel.errors import BadInput
from newsreel.files import content_digest
from newsreel.presenters.bundle import load_presenter_at
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.training_data import BUNDLE_FILES, REPORT_FILE, SAMPLES_FILE, bundle_file, read_training_job
from newsreel.workspace import Workspace

CONTENT_TYPES = {".yaml": "application/yaml", ".mp4": "video/mp4", ".png": "image/png", ".json": "application/json"}
TRAINING_FILES = (SAMPLES_FILE, REPORT_FILE)
"""Published under their paths in the workspace."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, BadWeights, Conflict if another presenter of that name is published, DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps publish-presenter", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the training's directory")
    parser.add_argument("--bundles", required=True, metavar="ADDRESS", help="folder or prefix for bundles")
    options = parser.parse_args(arguments)
    progress = Progress.from_environment("publish-presenter")
    folder = publish_bundle(Workspace(options.workspace), Address.parse(options.bundles), Storage.from_environment(), progress)
    progress.info(f"published at {folder}")


def publish_bundle(workspace: Workspace, bundles: Address, storage: Storage, progress: Progress) -> Address:
    """Publish the bundle of a workspace; returns its address."""
    load_presenter_at(workspace.path("bundle"))
    folder = bundles.child(read_training_job(workspace).name)
    sources = {
        **{name: workspace.path(name) for name in TRAINING_FILES},
        **{name: workspace.path(bundle_file(name)) for name in BUNDLE_FILES},
    }
    for path in sources.values():
        if not path.is_file():
            raise BadInput(f"{path}: is missing; run the steps before publish-presenter again")
    progress.set_total(len(sources), "files")
    if folder.scheme == "file" and any(not is_same(storage, folder.child(name), path) for name, path in sources.items()):
        storage.remove(folder.child("presenter.yaml"))
    for name, path in sources.items():
        with progress.unit(name, 1):
            publish_file(storage, folder.child(name), path)
    return folder


def is_same(storage: Storage, address: Address, path: Path) -> bool:
    found = storage.find(address)
    return found is not None and found.sha256 == content_digest(path)


def publish_file(storage: Storage, address: Address, path: Path) -> None:
    if address.scheme == "gs":
        storage.create(address, path, CONTENT_TYPES.get(path.suffix, "application/octet-stream"))
    elif not is_same(storage, address, path):
        storage.replace(address, path)
