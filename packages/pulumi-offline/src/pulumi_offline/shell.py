"""The stack of this project on the local cloud: its settings, and what pulumi needs besides the other tools."""

from __future__ import annotations

from pathlib import Path

import yaml

from federation_emulator.core import terminal
from federation_emulator.core.endpoints import TOKEN_FILE, Endpoints, write_private
from federation_emulator.servers.process import ProcessError
from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import one_line
from pulumi_offline.engine.pins import ROOT, project_name

CONFIG_FILE = "Pulumi.local.yaml"
_OTHER_PROJECTS = frozenset({"googleProjectNumber", "poolProject", "dataProject"})
"""Settings that name a project which the local cloud doesn't have."""
_KEYS_ELSEWHERE = frozenset({"secretsprovider", "encryptedkey"})
"""What the engine would ask a key management service for."""


def prepare(folder: Path, endpoints: Endpoints) -> None:
    """Write the stack's settings for this run into the state folder of the local cloud.

    Raises:
        ProcessError: when the project has no such stack.
    """
    if not (ROOT / CONFIG_FILE).is_file():
        raise ProcessError(f"{ROOT / CONFIG_FILE} is not there; copy it from the template of keyless-bigquery")
    write_settings(folder / CONFIG_FILE, ROOT / CONFIG_FILE, endpoints)


def write_settings(target: Path, tracked: Path, endpoints: Endpoints) -> None:
    """Write a stack's settings with this local cloud in place of the clouds that they name, and no key of either.

    `tracked` is the stack's own file, which stays as it is.
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
    """Environment variables for pulumi, aws, gcloud and bq; `folder` is the state folder of the local cloud."""
    # Imported late: the SDK behind it is slow to load.
    from pulumi_offline.engine.workspace import Workspace

    of_the_engine = {**Workspace(folder).environment(), "PULUMI_OPTION_CONFIG_FILE": str(folder / CONFIG_FILE)}
    return {**of_the_engine, **terminal.variables(folder, endpoints)}


def get_ready(folder: Path, endpoints: Endpoints, *, kept: bool) -> str:
    """Prepare for the stack of this project, and return the lines for the user: see :func:`instructions`."""
    prepare(folder, endpoints)
    return instructions(folder, endpoints, kept=kept)


def instructions(folder: Path, endpoints: Endpoints, *, kept: bool = False) -> str:
    """What `keyless local-cloud` prints: lines to paste into another terminal, and what works there.

    The token is not printed: the line reads it from its file.
    """
    from pulumi_offline.engine.plugins import report
    from pulumi_offline.engine.workspace import Workspace, search_path

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
