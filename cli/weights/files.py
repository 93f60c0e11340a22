"""Weights files: recognise the net in one, inspect it, convert it to safetensors with a model card.

A model card says what the weights are, whose they are and how the file was made. It is in the file itself, and beside it for
people. Source of the form: Mitchell et al., "Model Cards for Model Reporting", 2019, as far as a file can answer it.
"""

import importlib
import json
import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from newsreel.errors import BadInput, BadWeights, Conflict, MissingProgram
from newsreel.files import content_digest, write_atomically
from newsreel.validation import StrictModel
from newsreel.weights.format import Format, detect_format, open_regular

if TYPE_CHECKING:
    from torch import Tensor


NET_SYSTEMS = ("pix2pixhd", "tacotron2", "waveglow")
"""Packages of nets in torch: `steps.SYSTEM.weights` has `describe(shapes)` and `load_state(path)`."""
UNKNOWN_NET = "a state dict of no net that newsreel knows"

PRECISIONS = {"float64": "fp64", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
MEMORY_PER_FILE_BYTE = 3
"""The net as it is read, and converted to the system's own form."""
EXTRA_MEMORY_BYTES = 1 << 30
"""Address space for everything else, such as threads that torch starts later."""
BATCH_NORM_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""In the file, but no parameters."""


@dataclass(frozen=True, kw_only=True)
class RecognisedNet:
    system: str | None
    described: str
    state: Mapping[str, "Tensor"]
    """Under the published keys, without the dictionaries that the file wraps them in."""


def recognise_net(path: Path) -> RecognisedNet:
    """Ask each system in turn. Raises BadInput for what cannot be read, BadWeights for what is damaged, hostile or no net."""
    try:
        from newsreel.weights.state_dict import read_state, tensor_shapes
    except ImportError as fault:
        raise MissingProgram("weights are read with torch and safetensors: pip install torch safetensors") from fault
    nets = {system: importlib.import_module(f"steps.{system}.weights") for system in NET_SYSTEMS}
    detect_format(path)
    with bounded_memory(path.stat().st_size):
        for system, net in nets.items():
            try:
                state = net.load_state(path)
            except BadWeights as fault:
                if isinstance(fault.__cause__, MemoryError):
                    raise  # what has claimed all memory once is not read for each system again
                continue
            if described := describe_net(net, tensor_shapes(state)):
                return RecognisedNet(system=system, described=described, state=state)
        return RecognisedNet(system=None, described=UNKNOWN_NET, state=read_state(path, within="state_dict"))


@contextmanager
def bounded_memory(size: int) -> Iterator[None]:
    """Limit memory to a few times the size of the file: a pickle can be made to copy itself again and again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY_PER_FILE_BYTE * size + EXTRA_MEMORY_BYTES
    limits = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def describe_net(net: ModuleType, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    try:
        described: str | None = net.describe(shapes)
    except BadWeights:
        return None
    return described


def count_parameters(state: Mapping[str, "Tensor"]) -> int:
    return sum(tensor.numel() for key, tensor in state.items() if not key.endswith(BATCH_NORM_STATISTICS))


def precision_of(state: Mapping[str, "Tensor"]) -> str:
    """`fp32`; several where they are mixed, without integers."""
    kinds = {str(tensor.dtype).removeprefix("torch.") for tensor in state.values() if tensor.is_floating_point()}
    return " and ".join(sorted(PRECISIONS.get(kind, kind) for kind in kinds)) or "integers"


def net_title(system: str | None, described: str) -> str:
    """System and description, with the system's name once."""
    return described if system is None or described.startswith(system) else f"{system} {described}"


METADATA_KEY = "card"
"""The one entry of safetensors' metadata: two would be written in any order, and the same net in different bytes."""
MAX_HEADER_BYTES = 10_000_000


def require_printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of text")
    return text


OneLine = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(require_printable)]


class ModelCard(StrictModel):
    name: OneLine
    system: OneLine | None
    """The newsreel package that loads it; None for a net it does not know."""
    described: OneLine
    """Architecture and variant: `global generator, 3 to 3 channels, ngf 64, ...`."""
    parameters: int
    precision: OneLine
    source: OneLine | None = None
    licence: OneLine | None = None
    original_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the file that this one was made from."""
    made: OneLine
    """How: the command, and what it changed."""


def card_metadata(card: ModelCard) -> dict[str, str]:
    """The metadata for safetensors."""
    return {METADATA_KEY: card.model_dump_json()}


def read_card(path: Path) -> ModelCard | None:
    """The card in a safetensors file. None where it has none, or one that is not ours: it is untrusted text."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            return None
        header = file.read(length)
    try:
        return ModelCard.model_validate_json(json.loads(header)["__metadata__"][METADATA_KEY])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def card_markdown(card: ModelCard, file: str, sha256: str) -> str:
    """The card for people, of the file with this name and digest."""
    load = {
        "pix2pixhd": "from steps.pix2pixhd import load_generator\nnet = load_generator({file!r})",
        "tacotron2": "from steps.tacotron2 import load_tacotron2\nnet = load_tacotron2({file!r})",
        "waveglow": "from steps.waveglow import load_waveglow\nnet = load_waveglow({file!r})",
    }.get(card.system or "", "from safetensors.torch import load_file\nstate = load_file({file!r})")
    if "discriminator" in card.described:
        load = "from safetensors.torch import load_file\nstate = load_file({file!r})"
    rows = {
        "what it is": net_title(card.system, card.described),
        "parameters": f"{card.parameters:,}, {card.precision}",
        "source": card.source or "not stated",
        "licence": card.licence or "not stated: ask whoever gave you the file before you publish what it makes",
        "sha256": f"`{sha256}`",
        "made from": f"a file with sha256 `{card.original_sha256}`",
        "made by": card.made,
    }
    table = "\n".join(f"| {name} | {escape_cell(value)} |" for name, value in rows.items())
    return f"# {escape_cell(card.name)}\n\n| | |\n| --- | --- |\n{table}\n\n```python\n{load.format(file=file)}\n```\n"


def escape_cell(text: str) -> str:
    """Untrusted text as text: no cell, link or markup of its own."""
    return "".join(f"\\{sign}" if sign in "|[]<>*_\\#" else sign for sign in text)


def card_faults(found: ValidationError) -> str:
    """The faults of a card's entries in one line."""
    return "; ".join(f"--{error['loc'][0]} {error['msg'].removeprefix('Value error, ').lower()}" for error in found.errors())


MAX_SHOWN_KEYS: Final = 6
LANDMARK_POINTS: Final = 68
MAX_DLIB_POINTS: Final = 1000
DLIB: Final = "dlib"


class Findings(BaseModel, frozen=True):
    """What a file is; None for what does not apply to it or is not known."""

    file: str
    system: str | None
    described: str
    parameters: int | None = None
    tensors: int | None = None
    precision: str | None = None
    first_keys: tuple[str, ...] = ()
    """Of a net that newsreel does not know."""
    bytes: int
    format: str
    sha256: str
    source: str | None = None
    licence: str | None = None
    card: ModelCard | None = None

    def __str__(self) -> str:
        lines = {"is": net_title(self.system, self.described)}
        if self.parameters is not None:
            lines["holds"] = f"{self.parameters:,} parameters in {self.tensors:,} tensors, {self.precision}"
        if self.first_keys:
            lines["keys"] = ", ".join(self.first_keys) + (" ..." if (self.tensors or 0) > len(self.first_keys) else "")
        lines["file"] = f"{self.bytes / 1e6:,.1f} MB, {self.format}"
        lines["sha256"] = self.sha256
        if self.card:
            lines["card"] = f"{self.card.name}; {self.card.made}"
            lines["source"] = self.source or "not stated"
        lines["licence"] = self.licence or "not stated in the file"
        return "\n".join([self.file, *(f"  {name:<9}{value}" for name, value in lines.items())])


def inspect_weights(path: Path) -> Findings:
    """Inspect a file without running any code in it. Raises BadInput, BadWeights, MissingProgram."""
    if points := dlib_points(path):
        about = (
            "68-point shape predictor" if points == LANDMARK_POINTS else f"shape predictor of {points} points; newsreel needs 68"
        )
        return Findings(
            file=str(path), system=DLIB, described=about, bytes=path.stat().st_size, format=DLIB, sha256=content_digest(path)
        )
    found = recognise_net(path)
    container = detect_format(path)
    card = read_card(path) if container is Format.SAFETENSORS else None
    return Findings(
        file=str(path),
        system=found.system,
        described=found.described,
        parameters=count_parameters(found.state),
        tensors=len(found.state),
        precision=precision_of(found.state),
        first_keys=() if found.system else tuple(ascii(key)[1:-1][:60] for key in [*found.state][:MAX_SHOWN_KEYS]),
        bytes=path.stat().st_size,
        format=container,
        sha256=content_digest(path),
        source=card.source if card else None,
        licence=card.licence if card else None,
        card=card,
    )


def dlib_points(path: Path) -> int | None:
    """How many points a dlib shape predictor has; None where the file is something else.

    It begins with its version, 1, and the mean shape: a column of x and y for each point. Source: dlib, serialize.h and
    matrix.h, whose sizes are negative since they have been written this way.
    """
    with open_regular(path) as file:
        version, rows, columns = (read_dlib_integer(file) for _ in range(3))
    if version != 1 or rows is None or columns not in (1, -1) or rows % 2 or not 2 <= abs(rows) <= MAX_DLIB_POINTS * 2:
        return None
    return abs(rows) // 2


def read_dlib_integer(file: BinaryIO) -> int | None:
    """A byte with sign and length, then that many bytes, the lowest first."""
    control = file.read(1) or b"\0"
    length = control[0] & 0x0F
    if not 1 <= length <= 8 or control[0] & 0x70:
        return None
    value = int.from_bytes(file.read(length), "little")
    return -value if control[0] & 0x80 else value


if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class CardEntries:
    """Entries given by the user; None leaves those of the file's own card."""

    name: str | None = None
    source: str | None = None
    licence: str | None = None


def convert_weights(path: Path, target: Path, stated: CardEntries, half: bool = False) -> ModelCard:
    """Write `target` and its card beside it, `target` with `.md`: the net alone, under its published keys, bit by bit the same.

    `half` rounds to fp16. What is there already and the same is left. Raises Conflict where something else is there, BadInput,
    BadWeights, DiskFull.
    """
    if target.suffix != ".safetensors":
        raise BadInput(f"{target}: must end in .safetensors")
    if target.resolve() == path.resolve():
        raise BadInput(f"{path}: is safetensors already; say with --to where the converted file shall be")
    found = recognise_net(path)
    from newsreel.weights.state_dict import save_state

    state = round_to_half(found.state, path) if half else found.state
    before = read_card(path) if detect_format(path) is Format.SAFETENSORS else None
    try:
        card = ModelCard(
            name=stated.name or (before.name if before else path.stem),
            system=found.system,
            described=found.described,
            parameters=count_parameters(state),
            precision=precision_of(state),
            source=stated.source or (before.source if before else None),
            licence=stated.licence or (before.licence if before else None),
            original_sha256=content_digest(path),
            made=f"newsreel weights convert{' --half: rounded to fp16' if half else ': every number as it was'}",
        )
    except ValidationError as found_wrong:
        raise BadInput(card_faults(found_wrong)) from found_wrong

    draft = target.with_name(f".tmp-{os.getpid()}-{target.name}")
    beside = target.with_suffix(".md")
    try:
        save_state(state, draft, card_metadata(card))
        said = card_markdown(card, target.name, content_digest(draft))
        if target.exists() and content_digest(target) != content_digest(draft):
            raise Conflict(f"{target}: something else is already there; remove it or choose another name with --to")
        if beside.exists() and beside.read_bytes() != said.encode():
            raise Conflict(f"{beside}: something else is already there; remove it or choose another name with --to")
        draft.replace(target)
        write_atomically(beside, said)
    finally:
        draft.unlink(missing_ok=True)
    return card


def round_to_half(state: Mapping[str, "Tensor"], path: Path) -> dict[str, "Tensor"]:
    """Floating-point tensors as fp16. Raises BadWeights where a number is too large for it."""
    rounded = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    beyond = [key for key, tensor in state.items() if not bool((tensor.isfinite() == rounded[key].isfinite()).all())]
    if beyond:
        raise BadWeights(f"{path}: half precision cannot hold {beyond[0]!a:.100}; convert without --half")
    return rounded
