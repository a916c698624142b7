"""The example in YAML: deployed by the real engine through the components' plugin, its role reads its tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from federation_emulator.core.roles import make_roles
from federation_emulator.servers.progress import Progress
from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine import get
from pulumi_offline.engine.pins import YAML_HOST, GoModule
from pulumi_offline.engine.workspace import Workspace
from pulumi_offline.stack_harness import StackHarness
from tests.e2e.test_federated_role import dataset_of_tables, read

NAME = "keyless-bigquery"
"""The package's name. Its host is not imported here: its protobuf files and Google's can't both be loaded."""

EXAMPLE = ROOT / "examples" / "yaml" / "Pulumi.yaml"
PLUGIN = Path(sys.executable).with_name(f"pulumi-resource-{NAME}")
STACK, ROLE = "yaml", "Orders-Yaml"
_SECONDS = 120
_BUILD_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Project:
    """A user's project in YAML."""

    stage: StackHarness
    dataset: str
    folder: Path
    environment: Mapping[str, str]

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """Runs ``pulumi``. Returns what it printed."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + (done.stderr if fails else "")

    def rows(self, configuration: str, table: str) -> subprocess.CompletedProcess[str]:
        """Reads a table of the dataset as the role."""
        return read(self.stage, configuration, ROLE, table, self.folder.parent, dataset=self.dataset)

    def write(self, *changes: tuple[str, str]) -> None:
        """Writes the example into the project, with these texts replaced."""
        program = EXAMPLE.read_text()
        for old, new in (*changes, ("}.shop.", f"}}.{self.dataset}.")):
            assert old in program
            program = program.replace(old, new)
        (self.folder / "Pulumi.yaml").write_text(program)


ARN, FUNCTION = "roleArn: ${roleArn}", "functionArn: ${functionArn}"


@pytest.mark.timeout(_BUILD_SECONDS)
@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [
        pytest.param(ARN, "roleArn: orders", "roleArn is 'orders': it must be the ARN of an IAM role", id="value"),
        pytest.param(
            FUNCTION,
            f"{FUNCTION}\n      region: eu-west-1",
            "region is 'eu-west-1': functionArn's is us-east-1, and Lambda",
            id="contradiction",
            marks=pytest.mark.soak,
        ),
        pytest.param(
            FUNCTION,
            "functionArm: ${functionArn}",
            "Property functionArm does not exist",
            id="name",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_bad_argument_is_refused_in_a_line(project: Project, good: str, bad: str, line: str) -> None:
    project.write(local(project), (good, bad))
    printed = project.pulumi("preview", fails=True)
    assert line in printed
    assert "Traceback" not in printed
    assert 'File "' not in printed


def local(project: Project) -> tuple[str, str]:
    """What a program for the local cloud has more: where Google is."""
    url = f"googleEndpoint: {project.stage.cloud.google_url}"
    return "googleProject: ${googleProject}", f"googleProject: ${{googleProject}}\n      {url}"


@pytest.mark.timeout(_BUILD_SECONDS)
def test_a_role_reads_its_tables_until_a_destroy(project: Project) -> None:
    # The output of which the layer is made.
    output = ("outputs:", "outputs:\n  configuration: ${orders-reader.credentialConfiguration}")
    project.write(local(project), output)
    project.pulumi("up", "--yes", "--skip-preview")
    assert "14 unchanged" in project.pulumi("up", "--yes", "--skip-preview")
    check_that_the_role_reads_until_a_destroy(project)


def check_that_the_role_reads_until_a_destroy(project: Project) -> None:
    outputs = json.loads(project.pulumi("stack", "output", "--json"))
    assert ":layer:orders-credentials:" in outputs["layer"]
    assert outputs["environment"] == {"GOOGLE_APPLICATION_CREDENTIALS": "/opt/credential-configuration.json"}

    assert project.rows(outputs["configuration"], "orders").stdout == "of orders\n"
    assert "403" in project.rows(outputs["configuration"], "secrets").stderr
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert "invalid_target" in project.rows(outputs["configuration"], "orders").stderr


def lay_in_host(home: Path, module: GoModule) -> None:
    """Brings the engine a language host, which is built first if need be."""
    host = home / "plugins" / f"{module.name.removeprefix('pulumi-')}-v{module.version}"
    host.mkdir(parents=True)
    (host / module.name).symlink_to(get.tool(module, Progress()))


@pytest.fixture(scope="module")
def project(
    deployed: StackHarness, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Project:
    """The example's stack on the local cloud: its engine has the host for YAML and the components' plugin.

    The tables are in a dataset of the module's own.
    """
    tmp_path = tmp_path_factory.mktemp("example")
    cloud, dataset = deployed.cloud, f"shop_of_{request.node.path.stem}"
    dataset_of_tables(deployed, dataset, "orders", "items", "secrets")
    make_roles(cloud.endpoints, [ROLE])
    workspace = Workspace(tmp_path / "workspace")
    workspace.lay_in(NAME, version="0.1.0", command=[str(PLUGIN)])
    lay_in_host(workspace.home, YAML_HOST)
    folder = tmp_path / "project"
    folder.mkdir()
    account, url = cloud.endpoints.aws_account_id, cloud.google_url
    config = {
        "keyless-orders:googleProject": cloud.project_id,
        "keyless-orders:roleArn": f"arn:aws:iam::{account}:role/{ROLE}",
        "keyless-orders:functionArn": f"arn:aws:lambda:{cloud.aws_region}:{account}:function:orders",
        "gcp:project": cloud.project_id,
        "gcp:iamBetaCustomEndpoint": f"{url}/v1/",
        "gcp:resourceManagerCustomEndpoint": f"{url}/v1/",
        "gcp:bigQueryCustomEndpoint": f"{url}/bigquery/v2/",
        "gcp:serviceUsageCustomEndpoint": f"{url}/v1beta1/",
        "gcp:cloudBillingCustomEndpoint": f"{url}/v1/",
        "aws:region": cloud.aws_region,
    }
    (folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}))
    environment = {**os.environ, **deployed.environment(), **workspace.environment(), "PULUMI_OPTION_CONFIG_FILE": ""}
    made = Project(stage=deployed, dataset=dataset, folder=folder, environment=environment)
    made.write()
    made.pulumi("stack", "init", STACK)
    return made
