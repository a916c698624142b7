"""What the workflows read: GitHub's variables by name, none of them secret. The one place that spells them."""

from __future__ import annotations

import re
from collections.abc import Mapping

SWITCH = "DELIVERY"
"""The repository's variable that names the environments that workflows reach, with a space between; unset: none."""

BACKEND_URL = "BACKEND_URL"
AWS_REGION = "AWS_REGION"
GOOGLE_PROVIDER = "GOOGLE_PROVIDER"
AWS_PREVIEW_ROLE = "AWS_PREVIEW_ROLE"
AWS_DEPLOY_ROLE = "AWS_DEPLOY_ROLE"

OF_A_PREVIEW = (BACKEND_URL, AWS_REGION, GOOGLE_PROVIDER, AWS_PREVIEW_ROLE)
"""The repository's own, each behind the environment's name: a pull request's job names no environment."""

OF_A_DEPLOYMENT = (BACKEND_URL, AWS_REGION, GOOGLE_PROVIDER, AWS_DEPLOY_ROLE)
"""The environment's: a job sees them once it is approved."""


def for_environment(environment: str, name: str) -> str:
    """Name of the repository's variable for one environment, such as `PROD_BACKEND_URL`."""
    return f"{re.sub(r'[^A-Za-z0-9]', '_', environment).upper()}_{name}"


def as_lines(values: Mapping[str, str]) -> str:
    """In the form that `gh variable set --env-file` reads."""
    return "".join(f"{name}={value}\n" for name, value in values.items())
