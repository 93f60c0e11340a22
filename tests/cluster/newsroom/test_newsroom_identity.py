"""Who is believed: only whom the ingress has signed in, by a key that the issuer publishes."""

import time
from dataclasses import dataclass

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cluster.newsroom.identity import IAP, BehindProxy, NotSignedIn, Roles, SignedIn
from cluster.newsroom.installed import identity_from
from steps.errors import BadInput

AUDIENCE = "/projects/1/global/backendServices/2"
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ROLES = Roles.of("@example.org", "anna@example.org")


@dataclass
class Published:
    """The issuer's public key, whatever a token says."""

    def get_signing_key_from_jwt(self, token):
        @dataclass
        class Key:
            key: object

        return Key(KEY.public_key())


INGRESS = SignedIn(header=IAP["header"], issuer=IAP["issuer"], audience=AUDIENCE, keys=Published(), roles=ROLES)


def token(key=KEY, algorithm="ES256", **changed):
    now = int(time.time())
    claims = {"iss": IAP["issuer"], "aud": AUDIENCE, "iat": now, "exp": now + 600, "email": "Anna@Example.org"} | changed
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def person(given):
    return INGRESS.person({IAP["header"]: given})


def test_a_signed_header_names_the_person_and_their_roles():
    assert person(token()).email == "anna@example.org"
    assert person(token()).may_publish
    assert person(token(email="bert@example.org")).roles == {"writer"}
    assert person(token(email="carl@elsewhere.example")).roles == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER},
        {"aud": "/projects/1/global/backendServices/3"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"email": None},
        {"email": "anna@example.org\r\nx: y"},
        {"email": "anna@example.org,bert@example.org"},
    ],
)
def test_a_token_that_is_forged_or_over_or_for_somebody_else_is_not_believed(changed):
    with pytest.raises(NotSignedIn):
        person(token(**changed))


def test_a_token_signed_by_nobody_or_with_the_public_key_as_a_secret_is_not_believed():
    for forged in ("", "a.b.c", token(key=None, algorithm="none"), token(key="s" * 32, algorithm="HS256")):
        with pytest.raises(NotSignedIn):
            person(forged)


def test_a_proxy_is_believed_by_its_secret_alone():
    proxy = BehindProxy(secret="s" * 32, roles=ROLES)
    assert proxy.person({"x-newsroom-proxy": "s" * 32, "x-forwarded-email": "anna@example.org"}).may_publish
    for given in ({}, {"x-newsroom-proxy": ""}, {"x-newsroom-proxy": "S" * 32}):
        with pytest.raises(NotSignedIn):
            proxy.person(given | {"x-forwarded-email": "anna@example.org"})
    with pytest.raises(NotSignedIn):
        BehindProxy(secret="", roles=ROLES).person({"x-newsroom-proxy": "", "x-forwarded-email": "anna@example.org"})


def test_a_newsroom_on_a_network_never_starts_without_sign_in():
    sound = {"NEWSROOM_SIGN_IN": "iap", "NEWSROOM_AUDIENCE": AUDIENCE}
    assert identity_from(sound).header == IAP["header"]
    wrong = [
        {},
        {"NEWSROOM_SIGN_IN": "none"},
        {"NEWSROOM_SIGN_IN": "iap"},
        {"NEWSROOM_SIGN_IN": "proxy"},
        {"NEWSROOM_SIGN_IN": "proxy", "NEWSROOM_PROXY_SECRET": "short"},
        {
            "NEWSROOM_SIGN_IN": "token",
            "NEWSROOM_HEADER": "a",
            "NEWSROOM_ISSUER": "b",
            "NEWSROOM_AUDIENCE": "c",
            "NEWSROOM_KEYS": "http://plain.example/keys",
        },
    ]
    for environment in wrong:
        with pytest.raises(BadInput, match="NEWSROOM_"):
            identity_from(environment)
