"""The installation's catalogue of weights, and the weights of a story's voice in its workspace.

The catalogue is a YAML file at the address NEWSREEL_WEIGHTS; it and all files that it names lie below the allowed addresses:

    linda-tacotron2:
      address: gs://newsroom-weights/linda/tacotron2.safetensors
      sha256: 4b1f...            # as `newsreel weights inspect FILE` prints it
      licence: CC-BY-4.0
      source: https://...        # optional: where it came from, for people

A story's workspace has for each system of its voice:

    weights/SYSTEM.weights   the file, verified, in whatever format it was published
    weights/SYSTEM.json      a small sheet that says which file it is                          `WeightsSheet`

A step's units read the sheet, so that their keys change with the weights and no 400 MB are hashed to find that nothing has
changed.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, RootModel

from newsreel.errors import BadInput, BadWeights
from newsreel.files import link_or_copy, write_atomically
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.story.schema import VOICES
from newsreel.validation import Matches, StrictModel, parse_document
from newsreel.weights.cache import WeightsCache
from newsreel.workspace import Workspace

VOICE_WEIGHTS_VARIABLE = "NEWSREEL_WEIGHTS"
"""The address of the installation's catalogue."""


def weights_sheet(system: str) -> str:
    """The name of the sheet in the workspace, which units read: `weights_sheet("waveglow")` is `weights/waveglow.json`."""
    return f"weights/{system}.json"


def weights_file(system: str) -> str:
    """The name of the weights in the workspace."""
    return f"weights/{system}.weights"


def voice_weights(workspace: Workspace, system: str) -> Path:
    """The weights of a system for the story's voice, verified by `init-story`. Raises BadWeights where there are none."""
    path = workspace.path(weights_file(system))
    if not path.is_file() or not workspace.path(weights_sheet(system)).is_file():
        raise BadWeights(
            f"{path}: no weights for {system}; set {VOICE_WEIGHTS_VARIABLE} to a catalogue that names them, run init-story again"
        )
    return path


MAX_CATALOGUE_BYTES = 1_000_000


def require_address(text: str) -> str:
    try:
        Address.parse(text)
    except BadInput as fault:
        raise ValueError(fault) from fault
    return text


def require_printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of text")
    return text


WeightsName = Annotated[
    str,
    Matches(
        r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", "must be 1 to 40 lower-case letters, digits and hyphens, such as linda-waveglow"
    ),
]
CatalogueLine = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(require_printable)]


class CatalogueEntry(StrictModel, strict=True):
    """A file of weights."""

    address: Annotated[str, AfterValidator(require_address)]
    sha256: Annotated[str, Matches(r"^[0-9a-f]{64}$", "must be 64 digits 0-9 and a-f, as `newsreel weights inspect` prints them")]
    licence: CatalogueLine
    source: CatalogueLine | None = None


class CatalogueFile(RootModel[dict[WeightsName, CatalogueEntry]]):
    """A catalogue as it is written: entries by name."""


class WeightsSheet(StrictModel, strict=True):
    """Identifies the weights file of a system."""

    name: str
    """The name in the catalogue: `linda-tacotron2`."""
    sha256: str
    licence: str
    address: str
    """Where it was fetched from."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    name: str
    """The name in messages: its address."""
    entries: Mapping[str, CatalogueEntry]

    @classmethod
    def from_environment(cls, storage: Storage, environment: Mapping[str, str] = os.environ) -> "Catalogue":
        """Raises BadInput where no catalogue is configured or it has faults, and what `Storage.read` raises."""
        text = environment.get(VOICE_WEIGHTS_VARIABLE)
        if not text:
            raise BadInput(f"no catalogue of weights: set {VOICE_WEIGHTS_VARIABLE} to its address, such as file:weights.yaml")
        return cls(name=text, entries=read_catalogue(storage.read(Address.parse(text), at_most=MAX_CATALOGUE_BYTES), text))

    def entry(self, name: str) -> CatalogueEntry:
        """Raises BadInput for an unknown name."""
        if name not in self.entries:
            raise BadInput(f"{self.name}: has no {name}; it has {', '.join(sorted(self.entries)) or 'nothing'}")
        return self.entries[name]

    def sheet(self, name: str) -> WeightsSheet:
        entry = self.entry(name)
        return WeightsSheet(name=name, sha256=entry.sha256, licence=entry.licence, address=entry.address)

    def fetch(self, name: str, storage: Storage, cache: WeightsCache) -> Path:
        """The verified file. Raises BadInput, BadWeights where its digest is another, DiskFull, Unavailable."""
        entry = self.entry(name)
        return cache.fetch(Address.parse(entry.address), entry.sha256, storage)


def read_catalogue(content: bytes, name: str) -> dict[str, CatalogueEntry]:
    """The entries of a catalogue, YAML or JSON. Raises BadInput that lists every fault."""
    return parse_document(content, name, CatalogueFile).root


def require_voice_weights(voice: str, storage: Storage) -> None:
    """Raises BadInput, with what to configure, where a voice needs weights that this installation does not have."""
    for _ in needed_weights(voice, storage):
        pass


def link_voice_weights(workspace: Workspace, voice: str, storage: Storage) -> None:
    """Link a voice's weights into the workspace. Raises what `require_voice_weights` and `Catalogue.fetch` raise."""
    for system, name, catalogue in needed_weights(voice, storage):
        sheet = catalogue.sheet(name).model_dump_json(indent=2) + "\n"
        path, sheet_path = workspace.path(weights_file(system)), workspace.path(weights_sheet(system))
        if path.is_file() and sheet_path.is_file() and sheet_path.read_text() == sheet:
            continue
        # The sheet vouches for the file, so it is removed first and written last.
        sheet_path.unlink(missing_ok=True)
        link_or_copy(catalogue.fetch(name, storage, WeightsCache.from_environment()), path)
        write_atomically(sheet_path, sheet)


def needed_weights(voice: str, storage: Storage) -> Iterator[tuple[str, str, Catalogue]]:
    """System, name in the catalogue, and the catalogue. Nothing is read for a voice that needs no weights."""
    weights = VOICES[voice].weights
    if not weights:
        return
    try:
        catalogue = Catalogue.from_environment(storage)
        for name in weights.values():
            catalogue.entry(name)
    except BadInput as fault:
        raise BadInput(f"voice {voice} is spoken with weights {' and '.join(weights.values())}: {fault}") from fault
    for system, name in weights.items():
        yield system, name, catalogue
