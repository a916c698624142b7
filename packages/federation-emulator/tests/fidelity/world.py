"""What the cases are run against: a deployed chain, an AWS whose answer each case chooses, and the fixtures of a text.

``{name}`` in a case stands for the fixture of that name; a name that there is none of is left as it is. They are the
parts of what is deployed (:data:`NAMES`), ``{token}``, an OIDC token as the case has it, ``{aws_token}``, a signed
request, and ``{federated}``, an access token of the federated principal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from federation_emulator.client.issuer import Issuer, aws_claims
from tests import http_server
from tests.emulator import identity, signing
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    AUDIENCE,
    BIGQUERY_PATH,
    GENERATE,
    POOL,
    POOL_NAME,
    POOL_PATH,
    POOLS_PATH,
    PROVIDER,
    PROVIDER_PATH,
    READER,
    ROLE,
    SCOPE,
    Chain,
    Keys,
    LocalAccount,
    deploy,
)
from tests.emulator.google_server import DEPLOYER_TOKEN, NUMBER, PROJECT, Google, serving
from tests.fidelity.model import Aws, CallerField, Case, Request, Token

NAMES: Mapping[str, str] = {
    "project": PROJECT,
    "number": NUMBER,
    "project_path": f"/v1/projects/{PROJECT}",
    "pool": POOL,
    "pool_name": POOL_NAME,
    "pools": POOLS_PATH,
    "pool_path": POOL_PATH,
    "provider": PROVIDER,
    "provider_path": PROVIDER_PATH,
    "oidc_path": identity.PATH,
    "audience": AUDIENCE,
    "oidc_audience": identity.AUDIENCE,
    "issuer": identity.OTHER_ISSUER,
    "role": ROLE,
    "account": ACCOUNT,
    "reader": READER,
    "reader_path": ACCOUNT_PATH,
    "generate": GENERATE,
    "bigquery": BIGQUERY_PATH,
    "scope": SCOPE,
    "long": "x" * 2100,
}
_PLACE = re.compile(r"\{([a-z_]+)\}")
_MOMENT = re.compile(r"now(?P<seconds>[+-][0-9]+)")
_RIGHT: Mapping[CallerField, str] = {
    "account": ACCOUNT,
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/reader-function",
    "user_id": "AROA:reader-function",
}
_NAMESPACE = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
_STORAGE = "https://www.googleapis.com/auth/devstorage.read_only"


@dataclass
class AwsStandIn:
    """An AWS STS that gives the answer of the case at hand; the signature is not its business."""

    answer: Aws = field(default_factory=Aws)

    def __call__(self, _request: http_server.Request) -> http_server.Answer:
        if self.answer.code:
            error = f"<Type>Sender</Type><Code>{self.answer.code}</Code><Message>{self.answer.message}</Message>"
            text = f"<ErrorResponse {_NAMESPACE}><Error>{error}</Error><RequestId>1</RequestId></ErrorResponse>"
            return http_server.Answer(status=self.answer.status, body=text.encode())
        caller = {name: self.answer.caller.get(name, right) for name, right in _RIGHT.items()}
        fields = f"<Arn>{caller['arn']}</Arn><UserId>{caller['user_id']}</UserId><Account>{caller['account']}</Account>"
        text = (
            f"<GetCallerIdentityResponse {_NAMESPACE}><GetCallerIdentityResult>{fields}</GetCallerIdentityResult>"
            "</GetCallerIdentityResponse>"
        )
        return http_server.Answer(body=text.encode())


@dataclass
class World:
    """What the cases share."""

    google: Google
    chain: Chain
    aws: AwsStandIn
    issuer: Issuer = field(repr=False)
    other: Issuer = field(repr=False)

    def answer(self, case: Case) -> requests.Response:
        """Send a case's request, with what it needs before and after."""
        self.aws.answer = Aws.model_validate(self.filled((case.aws or Aws()).model_dump(), case))
        try:
            for step in case.given:
                answered = self.send(step, case)
                assert answered.ok, f"{case.id}: {step.method} {step.path}: {answered.status_code} {answered.text}"
            return self.send(case.request, case)
        finally:
            self.aws.answer = Aws()
            for step in case.afterwards:
                answered = self.send(step, case)
                assert answered.ok, f"{case.id}: {step.method} {step.path}: {answered.status_code} {answered.text}"

    def send(self, request: Request, case: Case, *, base: str | None = None) -> requests.Response:
        """Send one request of a case; ``base``: to another server than the local Google."""
        headers = {name: str(self.filled(value, case)) for name, value in request.headers.items()}
        if request.caller != "anonymous":
            headers["Authorization"] = f"Bearer {self._bearer(request.caller)}"
        return self.google.session.request(
            request.method,
            (base or self.google.url) + str(self.filled(request.path, case)),
            headers=headers,
            json=self.filled(request.json_body, case),
            data=self.filled(request.form, case) if request.form is not None else request.text,
            timeout=20,
        )

    def filled(self, value: Any, case: Case, *, escaped: bool = False) -> Any:
        """Put the fixtures into a value's texts; ``escaped``: into a pattern."""
        if isinstance(value, dict):
            return {name: self.filled(each, case) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each, case) for each in value]
        if not isinstance(value, str):
            return value

        def fixture(found: re.Match[str]) -> str:
            text = self._fixture(found[1], case)
            return (re.escape(text) if escaped else text) or found[0]

        return _PLACE.sub(fixture, value)

    def _fixture(self, name: str, case: Case) -> str:
        if name == "token":
            return self._token(case.token, case)
        if name == "aws_token":
            return self._aws_token()
        if name == "dataset":
            return self.chain.dataset
        return self._federated if name == "federated" else NAMES.get(name, "")

    def _token(self, asked: Token, case: Case) -> str:
        now = self.google.clock.now()
        claims = {name: _moment(value, now.timestamp()) for name, value in self.filled(asked.claims, case).items()}
        # Whichever key signs, the token is the right issuer's, unless the case says otherwise.
        issuer = claims.pop("iss", self.issuer.uri)
        made = aws_claims(identity.ROLE_ARN, audience=f"https:{identity.AUDIENCE}", now=now, **claims)
        signer = self.issuer if asked.key == "published" else self.other
        header = dict(asked.header)
        if asked.key == "same-id":
            header["kid"] = self.issuer.key_id(asked.algorithm)
        return signer.token({**made, "iss": issuer}, algorithm=asked.algorithm, **header)

    def _aws_token(self) -> str:
        keys = Keys("ASIA" + "A" * 16, "secret", "session")
        return signing.form(signing.document(keys))["subject_token"]

    def _bearer(self, caller: str) -> str:
        if caller == "reader":
            return self._impersonated(SCOPE)
        if caller == "storage-reader":
            return self._impersonated(_STORAGE)
        return {"deployer": DEPLOYER_TOKEN, "unknown": "ya29.never-issued-here"}.get(caller) or self._federated

    @cached_property
    def _federated(self) -> str:
        signed = identity.signed(self.issuer, self.google)
        token: str = identity.exchange(self.google, signed).json()["access_token"]
        return token

    def _impersonated(self, scope: str) -> str:
        answered = self.google.call("POST", GENERATE, {"scope": [scope]}, token=self._federated)
        token: str = answered.json()["accessToken"]
        return token


@contextmanager
def world(bigquery_url: str) -> Iterator[World]:
    """Deploy it, with the BigQuery emulator behind it."""
    aws = AwsStandIn()
    with http_server.serving(aws) as server, serving(aws_url=server.url, bigquery_url=bigquery_url) as google:
        chain = deploy(google, LocalAccount(server.url))
        google.done("POST", f"/v1/projects/{PROJECT}/services/policyanalyzer.googleapis.com:enable", {})
        chain.grant(f"/v1/projects/{PROJECT}", "roles/orgpolicy.policyAdmin", "user:deployer@local.invalid")
        issuers = [Issuer(identity.OTHER_ISSUER, algorithms=("RS256", "ES256")) for _ in range(2)]
        identity.deploy_oidc(chain, issuers[0])
        yield World(google, chain, aws, *issuers)


def _moment(value: Any, now: float) -> Any:
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    return int(now) + int(found["seconds"]) if found else value
