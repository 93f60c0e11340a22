"""Authentication by the ingress in front of us, and what a person may do.

Nothing that a browser sends about itself is trusted. Either the ingress adds a signed token (`SignedIn`; Google's Identity-Aware
Proxy, or any other), or a proxy of our own names the person and proves itself by a shared secret (`BehindProxy`), or the
newsroom serves one person on 127.0.0.1 (`SingleUser`).
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import jwt

Role = Literal["writer", "publisher"]
EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
"""Asymmetric ones only: a public key must never be taken for an HMAC secret."""
LEEWAY: Final = 30
"""Seconds that clocks may differ."""


class NotSignedIn(Exception):
    """The request has no valid sign-in."""


@dataclass(frozen=True, kw_only=True)
class Person:
    email: str
    roles: frozenset[Role]

    @property
    def may_publish(self) -> bool:
        return "publisher" in self.roles


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Who may write stories, and who may submit them: e-mail addresses, or domains as `@example.org`."""

    writers: frozenset[str] = frozenset()
    publishers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, writers: str, publishers: str) -> "Roles":
        """From comma-separated lists."""
        return cls(writers=split_list(writers), publishers=split_list(publishers))

    def person(self, email: str) -> Person:
        """A publisher is a writer too. Raises NotSignedIn for an invalid address."""
        if not EMAIL.fullmatch(email):
            raise NotSignedIn("the sign-in has no usable e-mail address")
        address = email.lower()
        named = {address, f"@{address.partition('@')[2]}"}
        roles: set[Role] = {"writer", "publisher"} if named & self.publishers else {"writer"} if named & self.writers else set()
        return Person(email=address, roles=frozenset(roles))


def split_list(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


class Identity(Protocol):
    def person(self, headers: Mapping[str, str]) -> Person:
        """The person who sent the request. `headers` by lower-case name. Raises NotSignedIn."""


@dataclass(frozen=True)
class SingleUser:
    """One person with every role; only for a server that listens on 127.0.0.1."""

    def person(self, headers: Mapping[str, str]) -> Person:
        return Person(email="you@this.machine", roles=frozenset({"writer", "publisher"}))


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A token signed by the ingress, in a header (RFC 7519; Google Cloud, "Securing your app with signed headers")."""

    header: str
    issuer: str
    audience: str
    keys: "KeySource"
    roles: Roles

    def person(self, headers: Mapping[str, str]) -> Person:
        token = headers.get(self.header, "")
        if not token:
            raise NotSignedIn("not signed in")
        try:
            claims = jwt.decode(
                token,
                self.keys.get_signing_key_from_jwt(token).key,
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except jwt.PyJWTError as fault:
            raise NotSignedIn("the sign-in is invalid or has expired") from fault
        return self.roles.person(str(claims.get("email", "")))


class KeySource(Protocol):
    """As `jwt.PyJWKClient`: the issuer's public keys, fetched from the configured address, and cached."""

    def get_signing_key_from_jwt(self, token: str) -> "jwt.PyJWK": ...


IAP: Final = {
    "header": "x-goog-iap-jwt-assertion",
    "issuer": "https://cloud.google.com/iap",
    "keys": "https://www.gstatic.com/iap/verify/public_key-jwk",
}


@dataclass(frozen=True, kw_only=True)
class BehindProxy:
    """A proxy that signs people in by OIDC and passes on their e-mail address, such as oauth2-proxy."""

    secret: str
    roles: Roles
    header: str = "x-forwarded-email"
    secret_header: str = "x-newsroom-proxy"  # noqa: S105 - the header's name

    def person(self, headers: Mapping[str, str]) -> Person:
        given = headers.get(self.secret_header, "")
        if not self.secret or not hmac.compare_digest(given.encode(), self.secret.encode()):
            raise NotSignedIn("not signed in")
        return self.roles.person(headers.get(self.header, ""))
