"""A model card: what weights are, whose they are and how the file was made; in the file itself, and beside it for people.

Source of the form: Mitchell et al., "Model Cards for Model Reporting", 2019, as far as a file can be asked about itself.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from cli.weights.recognise import titled
from newsreel.validation import StrictModel

ENTRY = "card"
"""The one entry of safetensors' metadata: with two the library writes them in any order, and the same net in other bytes."""
MOST_BYTES_OF_HEADER = 10_000_000


def printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of text")
    return text


Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(printable)]


class Card(StrictModel):
    name: Line
    system: Line | None
    """The newsreel package that loads it; None for a net it does not know."""
    described: Line
    """Architecture and variant: `global generator, 3 to 3 channels, ngf 64, ...`."""
    parameters: int
    precision: Line
    source: Line | None = None
    licence: Line | None = None
    original_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the file that this one was made from."""
    made: Line
    """How: the command, and what it changed."""


def metadata(card: Card) -> dict[str, str]:
    """What safetensors is to carry."""
    return {ENTRY: card.model_dump_json()}


def card_of(path: Path) -> Card | None:
    """The card a safetensors file carries. None where it has none, or one that is not ours: it is a stranger's text."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MOST_BYTES_OF_HEADER:
            return None
        header = file.read(length)
    try:
        return Card.model_validate_json(json.loads(header)["__metadata__"][ENTRY])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def markdown(card: Card, file: str, sha256: str) -> str:
    """The card for people, of the file with this name and digest."""
    load = {
        "pix2pixhd": "from steps.pix2pixhd import load_generator\nnet = load_generator({file!r})",
        "tacotron2": "from steps.tacotron2 import load_tacotron2\nnet = load_tacotron2({file!r})",
        "waveglow": "from steps.waveglow import load_waveglow\nnet = load_waveglow({file!r})",
    }.get(card.system or "", "from safetensors.torch import load_file\nstate = load_file({file!r})")
    if "discriminator" in card.described:
        load = "from safetensors.torch import load_file\nstate = load_file({file!r})"
    rows = {
        "what it is": titled(card.system, card.described),
        "parameters": f"{card.parameters:,}, {card.precision}",
        "source": card.source or "not stated",
        "licence": card.licence or "not stated: ask whoever gave you the file before you publish what it makes",
        "sha256": f"`{sha256}`",
        "made from": f"a file with sha256 `{card.original_sha256}`",
        "made by": card.made,
    }
    table = "\n".join(f"| {name} | {escaped(value)} |" for name, value in rows.items())
    return f"# {escaped(card.name)}\n\n| | |\n| --- | --- |\n{table}\n\n```python\n{load.format(file=file)}\n```\n"


def escaped(text: str) -> str:
    """A stranger's text as text: no cell, link or markup of its own."""
    return "".join(f"\\{sign}" if sign in "|[]<>*_\\#" else sign for sign in text)


def faults(found: ValidationError) -> str:
    """What is wrong with a card's entries, in a line."""
    return "; ".join(f"--{error['loc'][0]} {error['msg'].removeprefix('Value error, ').lower()}" for error in found.errors())
