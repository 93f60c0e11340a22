"""A file of weights as safetensors that carries its card, with the card for people beside it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cli.weights.card import Card, card_of, faults, markdown, metadata
from cli.weights.recognise import parameters, precision, recognise
from newsreel.errors import BadInput, BadWeights, Conflict
from newsreel.weights.format import Format, detect_format
from newsreel.workspace import content_digest, write_atomically

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a person says of the weights; None leaves what the file's own card says."""

    name: str | None = None
    source: str | None = None
    licence: str | None = None


def convert(path: Path, target: Path, stated: Stated, half: bool = False) -> Card:
    """Write `target` and its card beside it, `target` with `.md`: the net alone, under its published keys, bit by bit the same.

    `half` rounds to fp16. What is there already and the same is left. Raises Conflict where something else is there, BadInput,
    BadWeights, DiskFull.
    """
    if target.suffix != ".safetensors":
        raise BadInput(f"{target}: must end in .safetensors")
    if target.resolve() == path.resolve():
        raise BadInput(f"{path}: is safetensors already; say with --to where the converted file shall be")
    found = recognise(path)
    from newsreel.weights.state_dict import save_state

    state = halved(found.state, path) if half else found.state
    before = card_of(path) if detect_format(path) is Format.SAFETENSORS else None
    try:
        card = Card(
            name=stated.name or (before.name if before else path.stem),
            system=found.system,
            described=found.described,
            parameters=parameters(state),
            precision=precision(state),
            source=stated.source or (before.source if before else None),
            licence=stated.licence or (before.licence if before else None),
            original_sha256=content_digest(path),
            made=f"newsreel weights convert{' --half: rounded to fp16' if half else ': every number as it was'}",
        )
    except ValidationError as found_wrong:
        raise BadInput(faults(found_wrong)) from found_wrong

    draft = target.with_name(f".tmp-{os.getpid()}-{target.name}")
    beside = target.with_suffix(".md")
    try:
        save_state(state, draft, metadata(card))
        said = markdown(card, target.name, content_digest(draft))
        if target.exists() and content_digest(target) != content_digest(draft):
            raise Conflict(f"{target}: something else is already there; remove it or choose another name with --to")
        if beside.exists() and beside.read_bytes() != said.encode():
            raise Conflict(f"{beside}: something else is already there; remove it or choose another name with --to")
        draft.replace(target)
        write_atomically(beside, said)
    finally:
        draft.unlink(missing_ok=True)
    return card


def halved(state: Mapping[str, "Tensor"], path: Path) -> dict[str, "Tensor"]:
    """Floating-point tensors as fp16. Raises BadWeights where a number is too large for it."""
    rounded = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    beyond = [key for key, tensor in state.items() if not bool((tensor.isfinite() == rounded[key].isfinite()).all())]
    if beyond:
        raise BadWeights(f"{path}: half precision cannot hold {beyond[0]!a:.100}; convert without --half")
    return rounded
