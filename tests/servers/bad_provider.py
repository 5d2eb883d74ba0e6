"""An identity provider of our own that does one thing wrong at a time; well-behaved if it is told nothing.

It is an ASGI application that a test holds in its own process: ``httpx2.ASGITransport(provider.app)``.
"""

import hmac
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from attrs import define, field
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orcheo_core.ports.clock import Clock

ISSUER = "https://login.example.org"
CLIENT_ID, CLIENT_SECRET = "orcheo:+ 1", "s e+c/r:é"
Json = dict[str, Any]

RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
OTHER_ED_KEY = ed25519.Ed25519PrivateKey.generate()
SHORT_RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
EC_384_KEY = ec.generate_private_key(ec.SECP384R1())


def b64(data: bytes) -> str:
    """Unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8))


def rsa_jwk(key: rsa.RSAPrivateKey, **members: Any) -> Json:
    """The public key as a provider publishes it."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), **members}


def ec_jwk(key: ec.EllipticCurvePrivateKey, **members: Any) -> Json:
    """The same for a key on a curve."""
    numbers, length = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    crv = f"P-{key.curve.key_size}"
    return {"kty": "EC", "crv": crv, "x": _number(numbers.x, length), "y": _number(numbers.y, length), **members}


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """What a confused verifier might take for a shared secret."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def rs256(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    """Signs as RS256 does."""
    return lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def ps(key: rsa.RSAPrivateKey, digest: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    """Signs as PS256 and its like do."""
    scheme = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
    return lambda data: key.sign(data, scheme, digest)


def ed_jwk(key: ed25519.Ed25519PrivateKey, **members: Any) -> Json:
    """The public key of a pair for EdDSA."""
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw()), **members}


def es(key: ec.EllipticCurvePrivateKey, digest: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    """Signs as ES256 and its like do."""
    length = (key.curve.key_size + 7) // 8

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(length) + s.to_bytes(length)

    return sign


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    """Signs as HS256 does."""
    return lambda data: hmac.digest(secret, data, "sha256")


@define(kw_only=True)
class BadProvider:
    """What it does; every field can be made wrong, and the counts say what was asked of it."""

    clock: Clock
    issuer: str = ISSUER
    name: str | None = "Ada"
    sub: Any = "ada"
    header: Json = field(factory=lambda: {"alg": "RS256", "kid": "k1"})
    sign: Callable[[bytes], bytes] = field(factory=lambda: rs256(RSA_KEY))
    jwks: Json = field(factory=lambda: {"keys": [rsa_jwk(RSA_KEY, kid="k1", use="sig", alg="RS256")]})
    claims: Callable[[Json], Json] = field(default=lambda claims: claims)
    """Changes the claims before they are signed."""
    id_token: Callable[[str], Any] = field(default=lambda text: text)
    """Changes the text after it was signed."""
    metadata: Callable[[Json], Json] = field(default=lambda document: document)
    answer: Callable[[dict[str, str]], dict[str, str]] = field(default=lambda answer: answer)
    """Changes what the browser brings back."""
    userinfo: Json | None = None
    is_down: bool = False
    asked: list[str] = field(factory=list)
    authorized: list[dict[str, str]] = field(factory=list)
    """What browsers brought along, one after the other."""
    _codes: dict[str, dict[str, str]] = field(factory=dict)

    @property
    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discover),
                Route("/jwks", self._jwks),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def authorize(self, url: str) -> dict[str, str]:
        """What a browser that was sent to ``url`` brings back after its visitor signed in."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT_ID
        self.authorized.append(asked)
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return self.answer({"state": asked["state"], "code": code, "iss": self.issuer})

    async def _discover(self, _request: Request) -> Response:
        return self._say(
            "metadata",
            self.metadata(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/jwks",
                    "userinfo_endpoint": f"{ISSUER}/userinfo",
                    "authorization_response_iss_parameter_supported": True,
                }
            ),
        )

    async def _jwks(self, _request: Request) -> Response:
        return self._say("jwks", self.jwks)

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer access"
        return self._say("userinfo", self.userinfo or {"sub": self.sub})

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.get(form["code"])
        if asked is None or not self._knows(request, form):
            return JSONResponse({"error": "invalid_grant" if asked is None else "invalid_client"}, 400)
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert b64(sha256(form["code_verifier"].encode()).digest()) == asked["code_challenge"]
        return self._say("token", {"access_token": "access", "id_token": self._id_token(asked["nonce"])})

    def _knows(self, request: Request, form: Mapping[str, str]) -> bool:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client_id, secret = (unquote_plus(part) for part in b64decode(pair).decode().split(":"))
        else:
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        return (client_id, secret) == (CLIENT_ID, CLIENT_SECRET)

    def _id_token(self, nonce: str) -> Any:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "sub": self.sub,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            **({"name": self.name} if self.name else {}),
        }
        return self.id_token(self._signed(self.header, self.claims(claims)))

    def logout_token(self, *, header: Json | None = None, **changed: Any) -> str:
        """What it sends when a login has ended there; ``None`` leaves a claim out."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "sub": self.sub,
            "iat": now,
            "exp": now + 120,
            "jti": f"jti-{len(self.asked)}-{now}",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            **changed,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return self._signed(header or {"typ": "logout+jwt", **self.header}, given)

    def _signed(self, header: Json, claims: Json) -> str:
        signed = ".".join(b64(json.dumps(each).encode()) for each in (header, claims))
        return f"{signed}.{b64(self.sign(signed.encode()))}"

    def _say(self, what: str, document: Json) -> Response:
        self.asked.append(what)
        return Response(status_code=502) if self.is_down else JSONResponse(document)
