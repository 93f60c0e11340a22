"""A few lines on a file of weights, for people and as JSON."""

from pathlib import Path
from typing import BinaryIO, Final

from pydantic import BaseModel

from cli.weights.card import Card, card_of
from cli.weights.recognise import parameters, precision, recognise, titled
from newsreel.weights.format import Format, detect_format, open_regular
from newsreel.workspace import content_digest

KEYS_SHOWN: Final = 6
LANDMARKS: Final = 68
MOST_POINTS: Final = 1000
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
    card: Card | None = None

    def __str__(self) -> str:
        lines = {"is": titled(self.system, self.described)}
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


def inspect(path: Path) -> Findings:
    """Look into a file without running anything of it. Raises BadInput, BadWeights, MissingProgram."""
    if points := points_of_dlib(path):
        about = "68-point shape predictor" if points == LANDMARKS else f"shape predictor of {points} points; newsreel needs 68"
        return Findings(
            file=str(path), system=DLIB, described=about, bytes=path.stat().st_size, format=DLIB, sha256=content_digest(path)
        )
    found = recognise(path)
    container = detect_format(path)
    card = card_of(path) if container is Format.SAFETENSORS else None
    return Findings(
        file=str(path),
        system=found.system,
        described=found.described,
        parameters=parameters(found.state),
        tensors=len(found.state),
        precision=precision(found.state),
        first_keys=() if found.system else tuple(ascii(key)[1:-1][:60] for key in [*found.state][:KEYS_SHOWN]),
        bytes=path.stat().st_size,
        format=container,
        sha256=content_digest(path),
        source=card.source if card else None,
        licence=card.licence if card else None,
        card=card,
    )


def points_of_dlib(path: Path) -> int | None:
    """How many points a dlib shape predictor has; None where the file is something else.

    It begins with its version, 1, and the mean shape: a column of x and y for each point. Source: dlib, serialize.h and
    matrix.h, whose sizes are negative since they have been written this way.
    """
    with open_regular(path) as file:
        version, rows, columns = (integer_of_dlib(file) for _ in range(3))
    if version != 1 or rows is None or columns not in (1, -1) or rows % 2 or not 2 <= abs(rows) <= MOST_POINTS * 2:
        return None
    return abs(rows) // 2


def integer_of_dlib(file: BinaryIO) -> int | None:
    """A byte with sign and length, then that many bytes, the lowest first."""
    control = file.read(1) or b"\0"
    length = control[0] & 0x0F
    if not 1 <= length <= 8 or control[0] & 0x70:
        return None
    value = int.from_bytes(file.read(length), "little")
    return -value if control[0] & 0x80 else value
