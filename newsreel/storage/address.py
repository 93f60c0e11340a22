"""Addresses of stories and videos: `file:out`, `file:/srv/stories/budget.yaml`, `gs://bucket/stories/budget.yaml`.

`gs://bucket/stories/budget.yaml#1714730000000000` is one generation of an object: its content at one moment, and no other.

An address is the only part of a story that travels through Argo's parameters, so it is parsed as hostile text. The installation
and
not the sender decides where it may point: the environment variable NEWSREEL_ADDRESSES lists the prefixes, comma-separated.
"""

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from newsreel.errors import BadInput

ADDRESSES_VARIABLE = "NEWSREEL_ADDRESSES"
MAX_ADDRESS_CHARACTERS = 1024
"""Bytes of UTF-8: the limit of an object's name (Cloud Storage, "Objects: naming requirements")."""
BUCKET = re.compile(r"[a-z0-9]([a-z0-9_-]|\.(?!\.)){1,61}[a-z0-9]")
OBJECT_SEGMENT = re.compile(r"[A-Za-z0-9._=+@-]+")
GENERATION = re.compile(r"[1-9][0-9]{0,18}")
FILE_NAME_PUNCTUATION = frozenset(" ._-+=@()&'")


@dataclass(frozen=True, kw_only=True)
class Address:
    """The address of a file or object, or of a folder or prefix. `Address.parse` reads one, `str()` writes it."""

    scheme: Literal["file", "gs"]
    bucket: str = ""
    """Empty for `file`."""
    path: str
    """For `file` absolute or relative to the working directory; for `gs` the object's name, empty for the whole bucket."""
    generation: int | None = None
    """Of an object; None for the current one."""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address; one closing slash is dropped. Raises BadInput with one line."""
        if len(text.encode(errors="surrogatepass")) > MAX_ADDRESS_CHARACTERS:
            raise BadInput(f"address {quote(text[:40])}... is too long: at most {MAX_ADDRESS_CHARACTERS} bytes")
        try:
            if text.startswith("gs://"):
                return cls.parse_object(text.removeprefix("gs://"))
            if text.startswith("file:"):
                return cls.parse_file(text.removeprefix("file:"))
            raise ValueError("must start with 'file:' or 'gs://'")
        except ValueError as fault:
            raise BadInput(f"address {quote(text)}: {fault}") from None

    @classmethod
    def parse_object(cls, rest: str) -> "Address":
        rest, pin, generation = rest.partition("#")
        bucket, _, name = rest.removesuffix("/").partition("/")
        if not BUCKET.fullmatch(bucket):
            raise ValueError("a bucket's name is 3 to 63 lower-case letters, digits, '-', '_' and '.'")
        for segment in name.split("/") if name else ():
            refuse_relative_segments(segment)
            if not OBJECT_SEGMENT.fullmatch(segment):
                raise ValueError("an object's name may have letters a-z, digits, '.', '_', '-', '=', '+', '@' and '/'")
        if pin and not (name and GENERATION.fullmatch(generation)):
            raise ValueError("after '#' stands the generation of an object, a number")
        return cls(scheme="gs", bucket=bucket, path=name, generation=int(generation) if pin else None)

    @classmethod
    def parse_file(cls, rest: str) -> "Address":
        path = (rest.removesuffix("/") or rest).removeprefix("./")
        if path.startswith("//"):
            raise ValueError("write file:/folder/name or file:folder/name, without '//'")
        if path in (".", "/"):
            return cls(scheme="file", path=path)
        for segment in path.removeprefix("/").split("/"):
            refuse_relative_segments(segment)
            for character in segment:
                if unicodedata.category(character)[0] not in "LMN" and character not in FILE_NAME_PUNCTUATION:
                    raise ValueError(f"a path may not have {quote(character)}")
        return cls(scheme="file", path=path)

    def __str__(self) -> str:
        if self.scheme == "file":
            return f"file:{self.path}"
        pin = f"#{self.generation}" if self.generation else ""
        return f"gs://{self.bucket}/{self.path}{pin}" if self.path else f"gs://{self.bucket}"

    def child(self, name: str) -> "Address":
        """An address below this one. `name` may have several segments, none of them `..`. Raises BadInput."""
        above = str(replace(self, generation=None))
        return Address.parse(f"{above}{'' if above.endswith('/') else '/'}{name}")

    def sibling(self, name: str) -> "Address":
        """An address in the same folder: `file:stories/budget.yaml` and `pictures/a.png` give `file:stories/pictures/a.png`."""
        folder, slash, _ = self.path.rpartition("/")
        if not folder and self.scheme == "file":
            folder = slash or "."
        return replace(self, path=folder, generation=None).child(name)

    @property
    def file(self) -> Path:
        """The path of a `file` address with all symbolic links resolved, so that it can be compared and opened."""
        try:
            return Path(self.path).resolve()
        except RuntimeError as fault:
            raise BadInput(f"{self}: its symbolic links lead in a circle") from fault


@dataclass(frozen=True, kw_only=True)
class AllowList:
    """The prefixes that addresses must lie under."""

    prefixes: tuple[Address, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "AllowList":
        """Nothing is allowed where the variable is missing."""
        listed = environment.get(ADDRESSES_VARIABLE, "")
        return cls(prefixes=tuple(Address.parse(text.strip()) for text in listed.split(",") if text.strip()))

    def allows(self, address: Address) -> bool:
        return any(contains(prefix, address) for prefix in self.prefixes)

    def require(self, address: Address) -> None:
        """Raises BadInput for an address outside the prefixes. Whole segments are compared: `gs://a/bc` is not below `gs://a/b`."""
        if not self.prefixes:
            raise BadInput(
                f"{address}: no address is allowed; set {ADDRESSES_VARIABLE} to prefixes such as file:stories,gs://bucket/videos"
            )
        if not self.allows(address):
            raise BadInput(f"{address}: outside the allowed addresses: {', '.join(map(str, self.prefixes))}")


def contains(prefix: Address, address: Address) -> bool:
    if prefix.scheme != address.scheme or prefix.bucket != address.bucket:
        return False
    if prefix.scheme == "file":
        return address.file.is_relative_to(prefix.file)
    return not prefix.path or address.path == prefix.path or address.path.startswith(f"{prefix.path}/")


def refuse_relative_segments(segment: str) -> None:
    if segment in ("", ".", ".."):
        raise ValueError("a path may not have '//', '/./' or '/../'")


def quote(text: str) -> str:
    """The text as ASCII in quotes, since control characters could disturb a terminal."""
    return ascii(text)
