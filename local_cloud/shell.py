"""What a person's own tools need to work against the local cloud: pulumi, aws, gcloud and bq."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from engine.pins import ROOT, project_name
from infra.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from local_cloud.endpoints import CONFIG_FILE, TOKEN_FILE, Endpoints, write_private

BIGQUERY_SETTINGS_FILE = "bigqueryrc"
_BIGQUERY_SETTINGS = "".join(f"[{command}]\n--use_legacy_sql=false\n" for command in ("query", "mk"))
_LOOPBACK = "127.0.0.1"
_OTHER_PROJECTS = frozenset({"googleProjectNumber", "poolProject", "dataProject"})
"""Settings that name a project which the local cloud doesn't have."""
_KEYS_ELSEWHERE = frozenset({"secretsprovider", "encryptedkey"})
"""What the engine would ask a key management service for."""


def prepare(folder: Path, endpoints: Endpoints) -> None:
    """Write the stack's settings and bq's for this run.

    Args:
        folder: state folder of the local cloud.
        endpoints: where it is.
    """
    write_settings(folder / CONFIG_FILE, ROOT / CONFIG_FILE, endpoints)
    write_private(folder / BIGQUERY_SETTINGS_FILE, _BIGQUERY_SETTINGS)


def write_settings(target: Path, tracked: Path, endpoints: Endpoints) -> None:
    """Write a stack's settings with this local cloud in place of the clouds that they name, and no key of either.

    Args:
        target: file to write.
        tracked: the stack's own file, which stays as it is.
        endpoints: where the local cloud is.
    """
    settings = {key: value for key, value in yaml.safe_load(tracked.read_text()).items() if key not in _KEYS_ELSEWHERE}
    # Bare keys belong to whatever project reads them; `pulumi config set` writes the project's name before each.
    own = f"{project_name()}:"
    bare = {key.removeprefix(own): value for key, value in (settings.get("config") or {}).items()}
    settings["config"] = {key: value for key, value in bare.items() if key not in _OTHER_PROJECTS} | {
        "googleProject": endpoints.project_id,
        "awsAccountId": endpoints.aws_account_id,
        "awsRegion": endpoints.aws_region,
        "googleEndpoint": endpoints.google_url,
        "awsEndpoint": endpoints.aws_url,
    }
    write_private(target, yaml.safe_dump(settings, sort_keys=False))


def variables(folder: Path, endpoints: Endpoints) -> dict[str, str]:
    """Environment variables for pulumi, aws, gcloud and bq.

    Args:
        folder: state folder of the local cloud.
        endpoints: where it is.
    """
    # Imported late: the SDK behind it is slow to load, and only pulumi's variables need it.
    from engine.workspace import Workspace

    google = f"{endpoints.google_url}/"
    overrides = ("IAM", "CLOUDRESOURCEMANAGER", "CLOUDBILLING", "SERVICEUSAGE", "IAMCREDENTIALS", "STS", "BIGQUERY")
    direct = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), _LOOPBACK]))
    return {
        **Workspace(folder).environment(),
        "PULUMI_OPTION_CONFIG_FILE": str(folder / CONFIG_FILE),
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
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": google for name in overrides},
    }


def instructions(folder: Path, endpoints: Endpoints, *, kept: bool = False) -> str:
    """What `make local-cloud` prints: lines to paste into another terminal, and what works there.

    The token is not printed: the line reads it from its file.
    """
    from engine.plugins import report
    from engine.workspace import Workspace, search_path

    end = "" if kept else " and forgets everything"
    lines = [
        f"# The local cloud is ready; state and logs are in {folder}. Ctrl-C ends it{end}.",
        f"#   Google   {endpoints.google_url}   project {endpoints.project_id} ({endpoints.project_number})",
        f"#   AWS      {endpoints.aws_url}   account {endpoints.aws_account_id}, {endpoints.aws_region}",
        *(f"#   {line}" for line in report(Workspace(folder).plugins())),
        "# Paste these lines into another terminal, in this project's folder:",
    ]
    for name, value in variables(folder, endpoints).items():
        quoted = command_line(value)
        if name == "GOOGLE_OAUTH_ACCESS_TOKEN":
            quoted = f'"$({command_line("cat", str(folder / TOKEN_FILE))})"'
        elif name == "PATH":
            quoted = f'{command_line(value.removesuffix(search_path()))}"$PATH"'
        lines.append(f"export {name}={quoted}")
    lines += [
        "# Then, for example:",
        "#   pulumi stack select --create local && pulumi up",
        "#   aws lambda list-functions",
        "#   gcloud iam workload-identity-pools list --location=global",
        "#   bq query 'SELECT 1 AS one'",
        f"# Decisions as they are made, and why: {endpoints.google_url}/ in a browser",
        f"# What a tool asks for and isn't served here: curl {endpoints.google_url}/_local/unsupported",
    ]
    return "".join(f"{one_line(line)}\n" for line in lines)


def guidance(folder: Path, endpoints: Endpoints, *, roles: Sequence[str]) -> str:
    """What `serve` prints for people who bring a program of their own.

    Args:
        folder: state folder of the local cloud.
        endpoints: where it is.
        roles: the roles of the seed.
    """
    state = ("--state", str(folder))
    lines = [
        "The local Google is ready; Ctrl-C ends it.",
        f"  Google   {endpoints.google_url}   project {endpoints.project_id} ({endpoints.project_number})",
        f"  AWS      {endpoints.aws_url}   account {endpoints.aws_account_id}, {endpoints.aws_region}",
        "In another terminal, in this project's folder, come as a role and run your program:",
        *(f'  eval "$({_own("use", role, *state)})"' for role in roles or ["ROLE"]),
        f"Why something was allowed or refused: {endpoints.google_url}/ in a browser, or",
        f"  {_own('explain', *state)}",
    ]
    return "".join(f"{one_line(line)}\n" for line in lines)


def _own(*words: str) -> str:
    """A command of the local cloud's own, for this Python."""
    return command_line(sys.executable, "-m", "local_cloud", *words)
