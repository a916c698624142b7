"""What a person's own tools and programs need to work against the local cloud: aws, gcloud, bq, and any client."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from federation_emulator.client.languages import trusting
from federation_emulator.core.endpoints import TOKEN_FILE, Endpoints, write_private
from federation_emulator.library import command_line, one_line

BIGQUERY_SETTINGS_FILE = "bigqueryrc"
_BIGQUERY_SETTINGS = "".join(f"[{command}]\n--use_legacy_sql=false\n" for command in ("query", "mk"))
_LOOPBACK = "127.0.0.1"
_OVERRIDES = ("IAM", "CLOUDRESOURCEMANAGER", "CLOUDBILLING", "SERVICEUSAGE", "IAMCREDENTIALS", "STS", "BIGQUERY")


def write_tool_settings(folder: Path) -> None:
    """Write bq's settings into the state folder: it assumes legacy SQL, which the local Google refuses."""
    write_private(folder / BIGQUERY_SETTINGS_FILE, _BIGQUERY_SETTINGS)


def variables(folder: Path, endpoints: Endpoints) -> dict[str, str]:
    """Environment variables for aws, gcloud, bq, and for Pulumi's provider plugins."""
    direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), _LOOPBACK]))
    return {
        "GOOGLE_OAUTH_ACCESS_TOKEN": endpoints.deployer_token,
        "AWS_ACCESS_KEY_ID": endpoints.aws_account_id,
        "AWS_SECRET_ACCESS_KEY": "test",
        # Empty counts as unset: a session of one's own must not be sent along with these keys.
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": endpoints.aws_region,
        "AWS_DEFAULT_REGION": endpoints.aws_region,
        "AWS_ENDPOINT_URL": endpoints.aws_url,
        # Neither an instance's own session nor another account of Google's may take the place of these credentials, and
        # the region of one's own shell is not looked up at Google's public Compute API.
        "AWS_EC2_METADATA_DISABLED": "true",
        "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "",
        "PULUMI_GCP_SKIP_REGION_VALIDATION": "true",
        # Through a proxy nothing of this would be found.
        "NO_PROXY": direct,
        "no_proxy": direct,
        # gcloud's and bq's own settings, so that the user's account is neither used nor changed.
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(folder / TOKEN_FILE),
        "CLOUDSDK_CORE_PROJECT": endpoints.project_id,
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "BIGQUERYRC": str(folder / BIGQUERY_SETTINGS_FILE),
        **trusting(endpoints, os.environ),
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{endpoints.google_url}/" for name in _OVERRIDES},
    }


def guidance(folder: Path, endpoints: Endpoints, *, roles: Sequence[str], python: str = sys.executable) -> str:
    """What `serve` prints for people who bring a program of their own; its commands are for this Python."""
    state = ("--state", str(folder))
    ways = [("use", role) for role in roles or ["ROLE"]] if endpoints.aws_url else [("token", "OWNER/NAME", "--export")]
    lines = [
        "The local Google is ready; Ctrl-C ends it.",
        f"  Google   {endpoints.google_url}   project {endpoints.project_id} ({endpoints.project_number})",
        f"  AWS      {endpoints.aws_url or 'none'}   account {endpoints.aws_account_id}, {endpoints.aws_region}",
        "In another terminal, in this folder, come as a role or a job, and run your program:",
        *(f'  eval "$({_own(python, *way, *state)})"' for way in ways),
        f"Why something was allowed or refused: {endpoints.google_url}/ in a browser, or",
        f"  {_own(python, 'explain', *state)}",
    ]
    return "".join(f"{one_line(line)}\n" for line in lines)


def _own(python: str, *words: str) -> str:
    """A command of the local cloud's own: by its name where a shell finds it, else for this Python."""
    found = shutil.which("federation-emulator")
    if found is not None and Path(found).parent == Path(python).parent:
        return command_line("federation-emulator", *words)
    return command_line(python, "-m", "federation_emulator", *words)
