"""Deploys what lies in `lambda_src` of a clone, and does what its user does: verify, invoke, the container."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.core.roles import take_on
from keyless_bigquery.components import outputs
from keyless_bigquery.components.program import FUNCTION, ROOT
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import STACK, StackHarness

_LIMIT_SECONDS = 60


def main() -> None:
    """Does it; each command must end with status 0."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCloud.start(state_directory=Path(folder) / "cloud") as cloud,
        StackHarness(cloud, Path(folder) / "stack") as stage,
    ):
        stage.up()
        stage.put_rows(ROWS)
        example = str(FUNCTION / "example_event.json")
        shell = {**os.environ, **stage.environment(), "PYTHONPATH": str(ROOT)}
        project = Path(stage.stack.workspace.work_dir)
        run("keyless_tools", "verify", STACK, "--limit", "30", folder=project, environment=shell)
        run("keyless_tools", "invoke", STACK, example, folder=project, environment=shell)
        run("examples.container.main", example, folder=ROOT, environment=in_a_container(stage, Path(folder)))


def run(module: str, *arguments: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Runs a module of this clone, and prints what it printed."""
    print(f"== {module}", flush=True)  # noqa: T201 - for the test that reads it
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=folder, env=dict(environment), timeout=_LIMIT_SECONDS, check=True)


def in_a_container(stage: StackHarness, folder: Path) -> dict[str, str]:
    """The variables of a container of the function's role."""
    role = stage.output(outputs.ROLE_ARN).rpartition("/")[2]
    configuration = folder / "credential-configuration.json"
    configuration.write_text(stage.output(outputs.CREDENTIAL_CONFIGURATION))
    name = stage.output(outputs.FUNCTION_NAME)
    of_function = stage.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    return {
        **of_function,
        **take_on(stage.cloud.endpoints, role).environment(),
        "GOOGLE_APPLICATION_CREDENTIALS": str(configuration),
        "PYTHONPATH": str(FUNCTION),
        "PATH": os.defpath,
        # The look-up of google-auth's own credentials ends here.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


if __name__ == "__main__":
    main()
