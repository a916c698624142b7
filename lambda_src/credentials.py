"""From the credential configuration to google-auth credentials, without a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import google.auth.aws
import google.auth.exceptions

from lambda_src.errors import ConfigurationError, Diagnosis, Link

SCOPES = ("https://www.googleapis.com/auth/bigquery",)
"""What the service account's token may be used for. Source: BigQuery API, ``jobs.query``."""

_LARGEST_BYTES = 64 * 1024


VERIFICATION_URL = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
"""What is signed. google-auth takes it from the configuration only where it finds the session by itself, and signs
this one for a supplier; so a configuration that names another could not be kept to."""


def from_file(path: Path, supplier: google.auth.aws.AwsSecurityCredentialsSupplier) -> google.auth.aws.Credentials:
    """The credentials that a credential configuration of an AWS provider describes. Sends nothing yet.

    Google's documentation asks for a check of a configuration that comes from elsewhere; this one is made by the
    Pulumi program and lies in the function's own package. It must be of a workload identity provider for AWS:
    a service account key in its place is refused, so that none is ever used. Where google-auth would look for the
    role's session by the configuration, the supplier is asked instead.

    Args:
        path: The file.
        supplier: Where the role's session comes from.

    Raises:
        ConfigurationError: The file is missing, or is not such a configuration.
    """
    configuration = _read(path)
    kind = configuration.get("type")
    if kind != "external_account":
        raise _refused(path, f"it is of type {str(kind)[:40]!r}, and only 'external_account' needs no key")
    for name in ("audience", "subject_token_type", "token_url"):
        if not isinstance(configuration.get(name), str):
            # google-auth would put Google's own address in the place of one, and send nothing in that of the others.
            raise _refused(path, f"it has no {name}")
    source = configuration.pop("credential_source", None)
    if not isinstance(source, dict) or source.get("environment_id") != "aws1":
        raise _refused(path, "its credential_source is not that of an AWS provider, whose environment_id is aws1")
    if source.get("regional_cred_verification_url") != VERIFICATION_URL:
        raise _refused(path, f"its regional_cred_verification_url must be {VERIFICATION_URL}")
    try:
        credentials: google.auth.aws.Credentials = google.auth.aws.Credentials.from_info(  # type: ignore[no-untyped-call]  # google-auth has no types
            configuration, scopes=list(SCOPES), aws_security_credentials_supplier=supplier
        )
    except (google.auth.exceptions.GoogleAuthError, AttributeError, TypeError) as error:
        # google-auth does not check the file, so a wrong type in it comes up as whatever trips over it.
        raise _refused(path, f"google-auth can't use it ({type(error).__name__})") from None
    return credentials


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
        Diagnosis(
            link=Link.CONFIGURATION,
            what=f"the credential configuration {str(path)!r} is no good: {problem}",
            look_at="GOOGLE_APPLICATION_CREDENTIALS and the file of that name in the package; `pulumi up` makes both",
        )
    )
