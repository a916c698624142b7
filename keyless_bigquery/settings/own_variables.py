"""The environment variables that a user gives the function, next to those that the program sets. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from keyless_bigquery.runtime import environment
from keyless_bigquery.settings.problems import HIDDEN, Values, as_text
from keyless_bigquery.settings.secret_values import secret_in

KEY = "environment"
"""The setting."""

MOST_BYTES = 4096
"""Most bytes of all variables together, ours included. Source: Lambda quotas, "Environment variables"."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+", re.ASCII)
"""Source: Lambda API, ``Environment.Variables``."""

LAMBDA_SETS = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN"),
    }
)
"""Names that Lambda reserves. Source: AWS, "Working with Lambda environment variables", reserved variables."""

_CREDENTIALS = (
    *("AWS_CONTAINER_", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_", "AWS_DEFAULT_PROFILE"),
)
"""How names begin by which an AWS SDK finds credentials. Source: AWS SDKs and Tools, "Environment variables list"."""

_OF_GOOGLE = ("GOOGLE_", "BIGQUERY_", "GCLOUD_PROJECT", "CLOUDSDK_", "GCE_METADATA_")
"""How names begin that google-auth and google-cloud-bigquery read. Source: their ``environment_vars`` modules."""

_OURS = "KEYLESS_"
_WHERE_SECRETS_BELONG = (
    "Keep it in Secrets Manager or in a SecureString of SSM Parameter Store, name it here by its ARN or path, and read"
    " it when the function runs."
)


def read(values: Values) -> dict[str, str]:
    """The variables that a reader's function is given: the stack's, and over them the reader's own."""
    above = {} if values.inherited is None else read(values.inherited)
    given = values.mapping(KEY)
    for name, value in given.items():
        _check(values, name, value)
    return above | {name: as_text(value) for name, value in given.items()}


def refuse_secret(values: Values) -> None:
    """Makes a problem of a value that the engine keeps as a secret: the function's configuration shows it."""
    for key in (KEY, "readers"):
        given = values.own(key)
        # The doctor has no value of a secret.
        if key in values.secret and (key == KEY or given is None or f'"{KEY}"' in given):
            rule = (
                "it holds a secret of Pulumi's, and a function's environment is shown to every principal that may read"
                " the function's configuration"
            )
            values.add(key, HIDDEN, rule, _WHERE_SECRETS_BELONG)


def size(variables: Mapping[str, str]) -> int:
    """The bytes of a function's variables, as Lambda counts them: of the JSON object that holds them."""
    return len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())


def _check(values: Values, name: str, value: object) -> None:
    place = f"{KEY}.{name}" if _NAME.fullmatch(name) else KEY
    reserved = _reserved(name)
    if reserved is not None:
        values.add(place, HIDDEN, f"{name!r:.100} is {reserved}", "Choose another name.")
    elif place == KEY:
        rule = f"{name!r:.100} is not a name that Lambda takes: a letter, then at least one letter, digit or underscore"
        values.add(place, HIDDEN, rule, "For example: REPORT_BUCKET")
    elif not isinstance(value, str | int):  # the engine makes numbers and booleans of what looks like them
        values.add(place, HIDDEN, "a variable's value is text", "Write it in quotes.")
    elif "\0" in (text := as_text(value)):
        values.add(place, HIDDEN, "a variable's value can't hold a NUL character", "Leave it out.")
    elif what := secret_in(name, text):
        rule = (
            f"it looks like a secret ({what}), and a function's environment is shown to every principal that may read"
            " the function's configuration"
        )
        values.add(place, HIDDEN, rule, _WHERE_SECRETS_BELONG)


def _reserved(name: str) -> str | None:
    """Why a name can't be given; ``None``: it can."""
    if name in LAMBDA_SETS:
        return "set by Lambda itself, which refuses it here"
    if name in environment.AWS_SESSION or name.startswith(_CREDENTIALS):
        return "a name by which AWS credentials are found: the function's role is its only identity"
    if name.startswith(_OURS):
        return "read by keyless_bigquery.runtime, and this program sets what it needs"
    if name.startswith(_OF_GOOGLE):
        return "read by Google's libraries, and this program sets what they need"
    return None
