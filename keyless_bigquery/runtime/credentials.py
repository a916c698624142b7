"""From the credential configuration to google-auth's credentials, without a key."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import google.auth.aws
import google.auth.exceptions
import google.auth.external_account

from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.aws_credentials import Remembering
from keyless_bigquery.runtime.deadline import TimeLimit
from keyless_bigquery.runtime.errors import ConfigurationError

SCOPES = ("https://www.googleapis.com/auth/bigquery",)
"""What the service account's token may be used for. Source: BigQuery API, ``jobs.query``."""

PUBLIC_UNIVERSE = "googleapis.com"
"""The universe of Google's public addresses."""

VERIFICATION_URL = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
"""What is signed. google-auth takes it from the configuration only where it finds the session by itself, and signs
this one for a supplier; so a configuration that names another could not be kept to."""

SIGNED_REQUEST = "urn:ietf:params:aws:token-type:aws4_request"
"""Type of the subject token that the role signs."""

SIGNED_TOKEN = "urn:ietf:params:oauth:token-type:jwt"  # noqa: S105 - the name of a type
"""Type of the subject token that AWS signs."""

_LARGEST_BYTES = 64 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialConfiguration:
    """A credential configuration of an AWS role's provider: it names addresses and resources, and no secret.

    Args:
        path: The file that it is in.
        content: What is in it, checked, without ``credential_source``: a supplier is asked instead.
    """

    path: Path
    content: Mapping[str, Any]

    @classmethod
    def from_file(cls, path: Path) -> CredentialConfiguration:
        """Reads and checks the file.

        Google's documentation asks for a check of a configuration that comes from elsewhere; this one is made by the
        Pulumi program and lies in the function's own package. It must be of a workload identity provider for AWS, of
        one of two kinds: a service account key in its place is refused, so that none is ever used.

        Raises:
            ConfigurationError: It is missing, or is not such a configuration.
        """
        content = _read(path)
        kind = content.get("type")
        if kind != "external_account":
            raise _refused(path, f"it is of type {str(kind)[:40]!r}, and only 'external_account' needs no key")
        for name in ("audience", "subject_token_type", "token_url"):
            if not isinstance(content.get(name), str):
                # google-auth would put Google's own address in the place of one, and send nothing in the others'.
                raise _refused(path, f"it has no {name}")
        for name in ("token_url", "service_account_impersonation_url"):
            if name in content and (wrong := forms.address(str(content[name]))) is not None:
                raise _refused(path, f"its {name} is {str(content[name])[:200]!r}: {wrong[0]}")
        source, kind = content.pop("credential_source", None), content["subject_token_type"]
        if kind == SIGNED_TOKEN:
            if source is not None:
                raise _refused(path, "it has a credential_source, and a token that AWS signs is had from AWS STS alone")
            return cls(path=path, content=content)
        if kind != SIGNED_REQUEST:
            raise _refused(path, f"its subject_token_type must be {SIGNED_REQUEST} or {SIGNED_TOKEN}")
        if not isinstance(source, dict) or source.get("environment_id") != "aws1":
            raise _refused(path, "its credential_source is not that of an AWS provider, whose environment_id is aws1")
        if source.get("regional_cred_verification_url") != VERIFICATION_URL:
            raise _refused(path, f"its regional_cred_verification_url must be {VERIFICATION_URL}")
        return cls(path=path, content=content)

    @property
    def universe_domain(self) -> str:
        """The universe that its tokens are of."""
        return str(self.content.get("universe_domain", PUBLIC_UNIVERSE))

    def credentials(self, supplier: Remembering, limit: TimeLimit) -> google.auth.external_account.Credentials:
        """New credentials of google-auth's, without a token yet. Sends nothing.

        Args:
            supplier: Where the role's session comes from.
            limit: The time that is left.

        Raises:
            ConfigurationError: google-auth can't use the configuration.
        """
        try:
            if self.content["subject_token_type"] == SIGNED_TOKEN:
                return self._by_token(supplier, limit)
            made: google.auth.aws.Credentials = google.auth.aws.Credentials.from_info(  # type: ignore[no-untyped-call]  # google-auth has no types
                self.content, scopes=list(SCOPES), aws_security_credentials_supplier=supplier
            )
        except (google.auth.exceptions.GoogleAuthError, AttributeError, TypeError) as error:
            # google-auth does not check the file, so a wrong type in it comes up as whatever trips over it.
            raise _refused(self.path, f"google-auth can't use it ({type(error).__name__})") from None
        return made

    def _by_token(self, supplier: Remembering, limit: TimeLimit) -> google.auth.external_account.Credentials:
        # Imported here: where the role signs by itself, no start pays for it.
        import google.auth.identity_pool

        from keyless_bigquery.runtime.web_identity import WebIdentitySupplier

        made: google.auth.external_account.Credentials = google.auth.identity_pool.Credentials.from_info(  # type: ignore[no-untyped-call]  # google-auth has no types
            self.content,
            scopes=list(SCOPES),
            subject_token_supplier=WebIdentitySupplier(supplier, os.environ, limit),
        )
        return made


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = json.loads(stream.read(_LARGEST_BYTES))
    except OSError as error:
        raise _refused(path, f"it can't be read ({error.strerror})") from None
    except ValueError:
        raise _refused(path, "it is not JSON") from None
    if not isinstance(content, dict):
        raise _refused(path, "it is not a JSON object")
    return content


def _refused(path: Path, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"the credential configuration {str(path)!r} is invalid: {problem}",
        "GOOGLE_APPLICATION_CREDENTIALS and the file of that name in the package; `pulumi up` makes both",
    )
