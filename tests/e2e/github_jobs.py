"""GitHub's jobs as the two clouds see them: each brings a token, and what it gets for it is asked of the real clients."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

import google.auth.exceptions
from google.auth import identity_pool
from google.auth.transport.requests import Request

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer
from pulumi_offline.stack_harness import StackHarness

_JWT = "urn:ietf:params:oauth:token-type:jwt"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


class _Token(identity_pool.SubjectTokenSupplier):
    def __init__(self, token: str) -> None:
        self._token = token

    def get_subject_token(self, context: object, request: object) -> str:
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

    def token(self, claims: Mapping[str, str], *, audience: str) -> str:
        """Sign the token of a job."""
        now = int(time.time())
        return self.github.token({**claims, "aud": audience, "iat": now, "nbf": now, "exp": now + 300})

    def google_token(self, claims: Mapping[str, str]) -> str:
        """Exchange a job's token with google-auth.

        Raises:
            google.auth.exceptions.OAuthError: Google refuses it.
        """
        credentials = identity_pool.Credentials(
            audience=f"//iam.googleapis.com/{self.provider}",
            subject_token_type=_JWT,
            token_url=f"{self.cloud.google_url}/v1/token",
            subject_token_supplier=_Token(self.token(claims, audience=f"https://iam.googleapis.com/{self.provider}")),
            scopes=[_CLOUD_PLATFORM],
        )
        credentials.refresh(Request())
        return str(credentials.token)

    def google_environment(self, claims: Mapping[str, str]) -> dict[str, str]:
        """The variables that a job's steps have of Google."""
        return {"GOOGLE_OAUTH_ACCESS_TOKEN": self.google_token(claims)}

    def opened_on_google(self, claims: Mapping[str, str]) -> set[str]:
        """Which identities a job has there: by one call that only the one or the other may make."""
        try:
            token = self.google_token(claims)
        except google.auth.exceptions.OAuthError:
            return set()
        raise NotImplementedError(token)
