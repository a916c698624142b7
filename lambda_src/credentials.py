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


def from_file(path: Path) -> google.auth.aws.Credentials:
    """The credentials that a credential configuration of an AWS provider describes. Sends nothing yet.

    Google's documentation asks for a check of a configuration that comes from elsewhere; this one is made by the
    Pulumi program and lies in the function's own package. It must be of a workload identity provider for AWS:
    a service account key in its place is refused, so that none is ever used.

    Raises:
        ConfigurationError: The file is missing, or is not such a configuration.
    """
    configuration = _read(path)
    kind = configuration.get("type")
    if kind != "external_account":
        raise _refused(path, f"it is of type {str(kind)[:40]!r}, and only 'external_account' needs no key")
    try:
        credentials: google.auth.aws.Credentials = google.auth.aws.Credentials.from_info(  # type: ignore[no-untyped-call]  # google-auth has no types
            configuration, scopes=list(SCOPES)
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
