"""An issuer of OIDC tokens: the one behind the local AWS, and one for tests.

Its keys are in memory only, and end with the process. Shapes of the claims: IAM User Guide, "Understanding token
claims" (AWS), and GitHub's "OpenID Connect reference". The module itself needs the standard library only; making a key
needs the package ``cryptography``.

Started as a program (``python -m federation_emulator.client.issuer``) it writes its key set in one line, and then the
token for each line ``{"algorithm", "claims"}`` that it reads. The local AWS uses it so: its own Python has no library
that signs, since its functions would see it.
"""

from __future__ import annotations

import json
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from federation_emulator.ports.web_identity import TokenRequest, claims

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

ALGORITHMS = ("RS256", "ES256", "ES384")
GITHUB = "https://token.actions.githubusercontent.com"
"""GitHub's issuer URI. Source: GitHub, "OpenID Connect reference"."""

_RSA_BITS = 2048


class Issuer:
    """Signs tokens, with a key for each algorithm.

    Args:
        uri: Its issuer URI, as a provider's ``issuerUri`` has it; the claim ``iss`` of what is signed here.
        algorithms: Those that it has keys for, some of :data:`ALGORITHMS`.
    """

    def __init__(self, uri: str, *, algorithms: Iterable[str] = ALGORITHMS) -> None:
        self.uri = uri
        self._keys = {name: _new_key(name) for name in algorithms}
        self._ids = {name: secrets.token_hex(8) for name in self._keys}

    def rotate(self, algorithm: str) -> None:
        """Sign with another key from now on. The old one leaves the key set at once."""
        self._keys[algorithm], self._ids[algorithm] = _new_key(algorithm), secrets.token_hex(8)

    def key_set(self) -> str:
        """The public keys, as ``jwksJson`` takes them (RFC 7517; Google's page names the fields of a key)."""
        keys = [{**_public(key), "alg": name, "use": "sig", "kid": self._ids[name]} for name, key in self._keys.items()]
        return json.dumps({"keys": keys})

    def token(self, claims: Mapping[str, Any], *, algorithm: str = "RS256", **header: str | None) -> str:
        """Sign claims as they are, with ``iss`` unless they have one.

        ``header`` changes the token's own, which is what an attack would do; ``None`` leaves a field out.
        """
        fields = _changed({"typ": "JWT", "alg": algorithm, "kid": self.key_id(algorithm)}, header)
        return self.sign(json.dumps(fields), json.dumps({"iss": self.uri, **claims}), algorithm=algorithm)

    def sign(self, header: str, payload: str, *, algorithm: str) -> str:
        """Sign any two texts."""
        signed = f"{_encoded(header.encode())}.{_encoded(payload.encode())}"
        return f"{signed}.{_encoded(_signature(self._keys[algorithm], signed.encode()))}"

    def key_id(self, algorithm: str) -> str:
        """The id of the key that signs."""
        return self._ids[algorithm]


def aws_claims(role: str, *, audience: str, now: datetime | None = None, **changes: object) -> dict[str, Any]:
    """Claims as ``GetWebIdentityToken`` gives them to a role's session, without ``iss``.

    Args:
        role: ARN of the role.
        audience: The token's ``aud``.
        now: Its ``iat``, by default the host's time; it lasts five minutes.
        changes: Claims that differ; ``None`` leaves one out.
    """
    request = TokenRequest(audiences=(audience,), algorithm="RS256")
    made = claims(
        request, role=role, account=role.split(":")[4], region="us-east-1", now=_seconds(now), principal_tags={}
    )
    return _changed(made, {"iss": None, **changes})


def github_claims(
    repository: str,
    *,
    audience: str,
    now: datetime | None = None,
    branch: str = "main",
    environment: str = "",
    immutable: bool = False,
    **changes: object,
) -> dict[str, Any]:
    """Claims as a job of GitHub Actions gets them, without ``iss``; see :func:`aws_claims`.

    Args:
        repository: ``OWNER/NAME``.
        audience: The token's ``aud``.
        now: Its ``iat``, by default the host's time.
        branch: The branch that the workflow runs on.
        environment: The job's deployment environment, which the subject names in place of the branch.
        immutable: Whether the subject has the owner's and the repository's number, ``repo:OWNER@65/NAME@74:…``.
        changes: Claims that differ; ``None`` leaves one out.
    """
    issued, (owner, _, name) = _seconds(now), repository.partition("/")
    ref = f"refs/heads/{branch}"
    place = f"environment:{environment}" if environment else f"ref:{ref}"
    ids = {"repository_owner_id": "65", "repository_id": "74", **changes}
    subject = f"{owner}@{ids['repository_owner_id']}/{name}@{ids['repository_id']}" if immutable else repository
    made = {
        "sub": f"repo:{subject}:{place}",
        "aud": audience,
        "iat": issued,
        "nbf": issued,
        "exp": issued + 300,
        "jti": secrets.token_hex(16),
        "repository": repository,
        "repository_owner": owner,
        "repository_id": "74",
        "repository_owner_id": "65",
        "environment": environment or None,
        "ref": ref,
        "ref_type": "branch",
        "event_name": "push",
        "actor": owner,
        "workflow": "deploy",
        "job_workflow_ref": f"{repository}/.github/workflows/deploy.yml@{ref}",
        "runner_environment": "github-hosted",
        "run_id": "1",
        "run_attempt": "1",
    }
    return _changed(made, changes)


def _changed(made: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def _seconds(now: datetime | None) -> int:
    return int((now or datetime.now(UTC)).timestamp())


def _new_key(algorithm: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    curves: Mapping[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm])
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def _signature(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, signed: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    size = key.key_size // 8
    hashed = hashes.SHA256() if size == 32 else hashes.SHA384()
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(key.sign(signed, ec.ECDSA(hashed))))


def _public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n, _RSA_BITS // 8), "e": _number(numbers.e, 3)}
    point, size = key.public_key().public_numbers(), key.key_size // 8
    return {"kty": "EC", "crv": f"P-{key.key_size}", "x": _number(point.x, size), "y": _number(point.y, size)}


def _number(number: int, size: int) -> str:
    return _encoded(number.to_bytes(size, "big"))


def _encoded(text: bytes) -> str:
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def main() -> None:
    """Sign what comes on standard input, until it ends."""
    issuer = Issuer("", algorithms=("RS256", "ES384"))
    sys.stdout.write(issuer.key_set() + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(issuer.token(asked["claims"], algorithm=asked["algorithm"]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
