"""Who is believed: only whom the ingress has signed in, by a key that the issuer publishes."""

import json
import time
from dataclasses import dataclass

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cluster.newsroom.identity import IAP, BehindProxy, NotSignedIn, Roles, SignedIn
from cluster.newsroom.wiring import identity_from
from newsreel.errors import BadInput
from tests.https_receiver import receiving

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
def test_forged_expired_and_foreign_tokens_are_rejected(changed):
    with pytest.raises(NotSignedIn):
        person(token(**changed))


def test_unsigned_and_hmac_tokens_are_rejected():
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


def test_iaps_keys_are_fetched_from_where_google_publishes_them():
    """Google Cloud, "Securing your app with signed headers": the keys in JWK format."""
    ingress = identity_from({"NEWSROOM_SIGN_IN": "iap", "NEWSROOM_AUDIENCE": AUDIENCE})
    assert ingress.keys.uri == "https://www.gstatic.com/iap/verify/public_key-jwk"
    assert (ingress.issuer, ingress.header) == ("https://cloud.google.com/iap", "x-goog-iap-jwt-assertion")


@pytest.fixture
def issuer(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        yield server


def publish(issuer, **keys):
    """By their names, as RFC 7517 has a set of keys."""
    public = jwt.algorithms.ECAlgorithm
    told = [{**json.loads(public.to_jwk(key.public_key())), "kid": name, "alg": "ES256"} for name, key in keys.items()]
    issuer.says = (200, json.dumps({"keys": told}).encode())


def ingress_of(issuer):
    told = {
        "HEADER": "X-Id-Token",
        "ISSUER": "https://id.example.org",
        "AUDIENCE": "newsroom",
        "KEYS": f"https://{issuer.host}/keys",
    }
    environment = {f"NEWSROOM_{name}": value for name, value in told.items()}
    return identity_from(environment | {"NEWSROOM_SIGN_IN": "token", "NEWSROOM_PUBLISHERS": "anna@example.org"})


def asking(ingress, key, name, named=None, **changed):
    claims = {"iss": "https://id.example.org", "aud": "newsroom", "iat": time.time(), "exp": time.time() + 600} | changed
    signed = jwt.encode(claims | {"email": "anna@example.org"}, key, "ES256", headers={"kid": name} | (named or {}))
    return ingress.person({"x-id-token": signed})


def test_issuers_keys_are_fetched_once(issuer):
    publish(issuer, spring=KEY)
    ingress = ingress_of(issuer)
    for _ in range(3):
        assert asking(ingress, KEY, "spring").may_publish
    assert [path for path, _, _ in issuer.heard] == ["/keys"]


def test_rotated_issuer_key_replaces_the_old_one(issuer):
    publish(issuer, spring=KEY)
    ingress = ingress_of(issuer)
    # Else a name that is not known has the keys fetched no sooner than half a minute after the last time.
    ingress.keys.cooldown_duration = 0
    asking(ingress, KEY, "spring")
    publish(issuer, summer=OTHER)
    assert asking(ingress, OTHER, "summer").may_publish
    with pytest.raises(NotSignedIn):
        asking(ingress, KEY, "spring")


@pytest.mark.parametrize(
    ("key", "name", "changed"),
    [
        (OTHER, "spring", {}),
        (OTHER, "summer", {}),
        (KEY, "spring", {"iss": IAP["issuer"]}),
        (KEY, "spring", {"aud": AUDIENCE}),
    ],
)
def test_foreign_key_and_audience_are_rejected(issuer, key, name, changed):
    publish(issuer, spring=KEY)
    with pytest.raises(NotSignedIn):
        asking(ingress_of(issuer), key, name, **changed)


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk"])
def test_token_cannot_bring_its_own_key(issuer, header):
    publish(issuer, spring=KEY)
    own = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OTHER.public_key())) if header == "jwk" else f"https://{issuer.host}/evil"
    with pytest.raises(NotSignedIn):
        asking(ingress_of(issuer), OTHER, "spring", named={header: own})
    assert [path for path, _, _ in issuer.heard] == ["/keys"]


def test_issuer_without_valid_tls_is_not_trusted(issuer, monkeypatch):
    publish(issuer, spring=KEY)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NotSignedIn):
        asking(ingress_of(issuer), KEY, "spring")
    assert issuer.heard == []
