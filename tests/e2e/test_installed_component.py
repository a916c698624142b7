"""The library as another project has it: its wheel in an empty environment, and a ten-line program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from federation_emulator.core.roles import make_roles
from pulumi_offline.stack_harness import StackHarness
from tests.e2e.test_federated_role import dataset_of_tables, read
from tests.packages.test_wheels import ROOT, UV, run
from tests.template.making import lay_in_bytecode

PROGRAM = """
import os
import pulumi
import pulumi_gcp as gcp
from keyless_bigquery.components.federated_role import FederatedRole

url, project, account = (os.environ[name] for name in ("LOCAL_GOOGLE", "LOCAL_PROJECT", "LOCAL_ACCOUNT"))
google = gcp.Provider("google", project=project, iam_beta_custom_endpoint=f"{url}/v1/",
                      resource_manager_custom_endpoint=f"{url}/v1/", big_query_custom_endpoint=f"{url}/bigquery/v2/",
                      service_usage_custom_endpoint=f"{url}/v1beta1/", cloud_billing_custom_endpoint=f"{url}/v1/")
role = FederatedRole("sales-reader", {
    "role_arn": f"arn:aws:iam::{account}:role/service-role/Sales", "google_project": project,
    "tables": [f"{project}.sales.orders"], "google_endpoint": url,
}, pulumi.ResourceOptions(providers=[google]))
pulumi.export("configuration", role.credential_configuration)
"""
REFUSED = [
    ("user/Sales", "role/service-role/Sales", "it must be the ARN of an IAM role"),
    ("sales.nothing", "sales.orders", "there is no such table. Check: bq show"),
    (
        'for _ in "12": role =',
        "role =",
        "name is 'sales-reader': this program has a FederatedRole of that name already",
    ),
]
"""What the program has in place of what, and why it ends then."""

_SECONDS = 200


@pytest.fixture(scope="module")
def project(deployed: StackHarness, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment has the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    python = installed(folder)
    dataset_of_tables(deployed, "sales", "orders")
    make_roles(deployed.cloud.endpoints, ["Sales"])
    project = folder / "project"
    project.mkdir()
    options = f"runtime: {{name: python, options: {{virtualenv: {python.parents[1]}}}}}"
    (project / "Pulumi.yaml").write_text(f"name: sales\n{options}\n")
    pulumi(deployed, project, "stack", "init", "dev")
    return project


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("wrong", "right", "refusal"), REFUSED)
def test_what_the_component_refuses_is_a_line_of_the_preview(
    deployed: StackHarness, project: Path, wrong: str, right: str, refusal: str
) -> None:
    (project / "__main__.py").write_text(PROGRAM.replace(right, wrong))
    shown = pulumi(deployed, project, "preview", fails=True)
    assert refusal in shown
    assert "Traceback" not in shown


@pytest.mark.timeout(300)
def test_a_program_with_the_installed_wheel_lets_a_role_that_exists_read_a_row(
    deployed: StackHarness, project: Path, tmp_path: Path
) -> None:
    (project / "__main__.py").write_text(PROGRAM)
    pulumi(deployed, project, "up", "--yes", "--skip-preview")
    configuration = pulumi(deployed, project, "stack", "output", "configuration")
    assert read(deployed, configuration, "Sales", "orders", tmp_path, dataset="sales").stdout == "of orders\n"
    pulumi(deployed, project, "destroy", "--yes", "--skip-preview")
    assert "invalid_target" in read(deployed, configuration, "Sales", "orders", tmp_path, dataset="sales").stderr


def installed(folder: Path) -> Path:
    """The interpreter of an empty environment with the wheel and what its extra brings, in the lock's versions."""
    python = folder / "venv" / "bin" / "python"
    run(UV, "build", "--offline", "--package", "keyless-bigquery", "--wheel", "--out-dir", folder, folder=ROOT)
    run(UV, "sync", "--offline", "--frozen", "--no-dev", "--no-install-workspace", "--no-install-package", "uv",
        "--package", "keyless-bigquery", "--extra", "pulumi", "--python", sys.executable,
        folder=ROOT, UV_PROJECT_ENVIRONMENT=str(folder / "venv"))  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    run(UV, "pip", "install", "--offline", "--no-deps", "--python", python, wheel, folder=folder)
    lay_in_bytecode(folder / "venv")
    return python


def pulumi(stage: StackHarness, folder: Path, *arguments: str, fails: bool = False) -> str:
    """Runs ``pulumi`` in the project's folder, with the local cloud's plugins, and takes what it prints."""
    here = {
        "LOCAL_GOOGLE": stage.cloud.google_url,
        "LOCAL_PROJECT": stage.cloud.project_id,
        "LOCAL_ACCOUNT": stage.cloud.endpoints.aws_account_id,
        "PULUMI_OPTION_CONFIG_FILE": "",
    }
    unset = {"PYTHONPATH", "VIRTUAL_ENV"}
    environment = {
        name: value for name, value in {**os.environ, **stage.environment(), **here}.items() if name not in unset
    }
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=_SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout
