"""GitHub's jobs as the two clouds see them: each brings a token to the real clients."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import google.auth.exceptions
import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from google.auth import identity_pool
from google.auth.transport.requests import Request

from bootstrap.aws_policies import AUDIENCE
from bootstrap.subjects import ISSUER
from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from federation_emulator.ports import issuers
from federation_emulator.ports.enforcement import AUTHORIZATIONS
from pulumi_offline.engine.pins import ROOT
from pulumi_offline.stack_harness import StackHarness
from tests.bootstrap.given import JOBS, KEY, REQUIRED

_ANSWER_SECONDS = 30.0
_POOL = "/github-prod/"
NAME = "prod"
ENVIRONMENT_KEY = KEY.replace("1111", "9999")
CLAIMS: Mapping[str, Mapping[str, Any]] = {
    job: {name: value for name, value in claims.items() if name != "aud"} for job, (claims, _) in JOBS.items()
}
"""Of each job's token. The audience is another one on each side."""

DEPLOYS, PREVIEWS = CLAIMS["main in the environment deploys"], CLAIMS["a pull request's job looks"]

_JWT = "urn:ietf:params:oauth:token-type:jwt"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


class _Token(identity_pool.SubjectTokenSupplier):
    def __init__(self, token: str) -> None:
        self._token = token

    def get_subject_token(self, context: object, request: object) -> str:
        del context, request
        return self._token


@dataclasses.dataclass(frozen=True)
class Jobs:
    """Jobs that run on GitHub, by the claims of their tokens."""

    cloud: LocalCloud
    github: Issuer
    bootstrap: StackHarness

    @property
    def provider(self) -> str:
        """Google's name of GitHub's provider, as the workflows read it."""
        lines = self.bootstrap.output("environment_variables").splitlines()
        return dict(line.split("=", 1) for line in lines)["GOOGLE_PROVIDER"]

    def token(self, claims: Mapping[str, Any], *, audience: str) -> str:
        """Sign the token of a job; claims may have an audience and an age of their own."""
        now = int(time.time())
        return self.github.token(
            {"iat": now, "nbf": now, "exp": now + 300, **claims, "aud": claims.get("aud", audience)}
        )

    def google_token(self, claims: Mapping[str, Any]) -> str:
        """Exchange a job's token with google-auth.

        Raises:
            google.auth.exceptions.OAuthError: Google refuses it.
        """
        credentials = identity_pool.Credentials(  # type: ignore[no-untyped-call]  # google-auth's own
            audience=f"//iam.googleapis.com/{self.provider}",
            subject_token_type=_JWT,
            token_url=f"{self.cloud.google_url}/v1/token",
            subject_token_supplier=_Token(self.token(claims, audience=f"https://iam.googleapis.com/{self.provider}")),
            scopes=[_CLOUD_PLATFORM],
        )
        credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth's own
        return str(credentials.token)

    def google(self, method: str, path: str, body: Mapping[str, Any], *, claims: Mapping[str, Any]) -> httpx.Response:
        """Call the local Google as a job."""
        url = self.cloud.google_url + path.replace("PROJECT", self.cloud.project_id)
        headers = {"Authorization": f"Bearer {self.google_token(claims)}"}
        return httpx.request(method, url, json=body, headers=headers, timeout=_ANSWER_SECONDS)

    def opened_on_google(self, claims: Mapping[str, Any]) -> set[str]:
        """The identities that a job has there, by a call that each of them may make."""
        # Whether a policy may be set is judged before the policy is looked at, and there is none in the request.
        asked = {"preview": ("getIamPolicy", 200), "deploy": ("setIamPolicy", 400)}
        try:
            self.google_token(claims)
        except google.auth.exceptions.OAuthError:
            return set()
        return {
            identity
            for identity, (method, status) in asked.items()
            if self.google("POST", f"/v1/projects/PROJECT:{method}", {}, claims=claims).status_code == status
        }

    def opened_on_aws(self, claims: Mapping[str, Any]) -> set[str]:
        """The identities that a job has there."""
        found = set()
        for identity in ("preview", "deploy"):
            with contextlib.suppress(ClientError):
                self.aws_session(claims, identity)
                found.add(identity)
        return found

    def aws_session(
        self, claims: Mapping[str, Any], identity: str, *, session: str = "GitHubActions"
    ) -> dict[str, str]:
        """Assume a role as the action that logs in does, in a session of this name.

        Raises:
            ClientError: AWS refuses it.
        """
        client = self.client("sts", signature_version=UNSIGNED)
        answer = client.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{self.cloud.aws_account_id}:role/ci-keyless-bigquery-prod-{identity}",
            RoleSessionName=session,
            WebIdentityToken=self.token(claims, audience=AUDIENCE),
        )
        return dict(answer["Credentials"])

    def client(self, service: str, session: Mapping[str, str] | None = None, **config: object) -> Any:
        """A client of the local AWS with a session's credentials."""
        given = session or {}
        return boto3.client(
            service,
            endpoint_url=self.cloud.aws_url,
            region_name=self.cloud.aws_region,
            aws_access_key_id=given.get("AccessKeyId"),
            aws_secret_access_key=given.get("SecretAccessKey"),
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def environment(self, claims: Mapping[str, Any], identity: str, *, session: str) -> dict[str, str]:
        """The variables that the steps of a job have once it is logged in to both clouds."""
        given = self.aws_session(claims, identity, session=session)
        return {
            "GOOGLE_OAUTH_ACCESS_TOKEN": self.google_token(claims),
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def used_on_aws(self, session: str) -> dict[str, set[str]]:
        """The actions that sessions of this name were allowed, by identity, and what they were refused."""
        found: dict[str, set[str]] = {}
        answer = httpx.get(self.cloud.aws_url + AUTHORIZATIONS, timeout=_ANSWER_SECONDS).json()
        for one in answer["authorizations"]:
            _, role, name = one["principal"].split("/")
            if name == session:
                allowed = role.rpartition("-")[2] if one["allowed"] else "refused"
                found.setdefault(allowed, set()).add(one["action"])
        return found

    def used_on_google(self, *, after: str) -> dict[str, set[str]]:
        """The permissions that the jobs used there, by identity, and what was refused after a decision."""
        found: dict[str, set[str]] = {}
        answer = httpx.get(f"{self.cloud.google_url}/_local/permissions", timeout=_ANSWER_SECONDS).json()
        for one in answer["permissions"]:
            if _POOL in one["principal"]:
                identity = "deploy" if one["principal"].endswith(":environment:prod") else "preview"
                found.setdefault(identity, set()).add(one["permission"])
        refused = {d.refusal.rule for d in self.cloud.decisions(after) if d.refusal and _POOL in d.principal}
        return {**found, **({"refused": refused} if refused else {})}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of bootstrap's own: on the session's, another stack may have the names that it deploys."""
    with LocalCloud.start(state_directory=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@contextlib.contextmanager
def deployed(cloud: LocalCloud, folder: Path) -> Iterator[Jobs]:
    """Deploy bootstrap as the owner of both clouds, and what GitHub's jobs then get for their tokens."""
    google = {
        f"GOOGLE_{name}_CUSTOM_ENDPOINT": f"{cloud.google_url}/{path}/"
        for name, path in {
            "IAM_BETA": "v1",
            "SERVICE_USAGE": "v1beta1",
            "RESOURCE_MANAGER": "v1",
            "BIG_QUERY": "bigquery/v2",
            "CLOUD_BILLING": "v1",
        }.items()
    }
    given = {
        **REQUIRED,
        "googleProject": cloud.project_id,
        "awsAccountId": cloud.aws_account_id,
        "environmentKmsKeyArn": ENVIRONMENT_KEY,
        "secretsKey": KEY,
    }
    github = Issuer(ISSUER, algorithms=("RS256",))
    (cloud.folder / issuers.FILE).write_text(json.dumps({ISSUER: json.loads(github.key_set())}))
    with StackHarness(cloud, folder, given, name=NAME, program=ROOT / "bootstrap", environment=google) as harness:
        harness.up()
        try:
            yield Jobs(cloud, github, harness)
        finally:
            _unprotect(harness)
            harness.destroy()
            (cloud.folder / issuers.FILE).unlink()


def _unprotect(harness: StackHarness) -> None:
    """Let pool, provider and issuer be deleted, as an administrator would."""
    exported = harness.stack.export_stack()
    for resource in (exported.deployment or {})["resources"]:
        resource["protect"] = False
    harness.stack.import_stack(exported)
