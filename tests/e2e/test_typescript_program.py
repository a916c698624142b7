"""The example in TypeScript: deployed by the real engine with the SDK that is generated of the schema."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine.pins import NODEJS_HOST
from tests import npm
from tests.e2e.test_federated_role import read
from tests.e2e.test_yaml_program import ROLE, Project, lay_in_host
from tests.e2e.test_yaml_program import project as project

EXAMPLE = ROOT / "examples" / "typescript"
_BUILD_SECONDS = 600


@pytest.mark.timeout(_BUILD_SECONDS)
def test_the_role_reads_its_table_and_no_longer_after_destroy(project: Project, tmp_path: Path) -> None:
    installed = npm.packages(EXAMPLE) / "node_modules"
    lay_in_host(Path(project.environment["PULUMI_HOME"]), NODEJS_HOST)
    for name in ("Pulumi.yaml", "package.json", "tsconfig.json"):
        shutil.copy(EXAMPLE / name, project.folder)
    (project.folder / "node_modules").symlink_to(installed)
    # Where `pulumi package add` would make a package of it.
    npm.write_sdk(project.folder / "sdk")
    program = (EXAMPLE / "index.ts").read_text().replace("@pulumi/keyless-bigquery", "./sdk")
    local = f'googleProject: project,\n  googleEndpoint: "{project.stage.cloud.google_url}",'
    program = program.replace("googleProject: project,", local)
    (project.folder / "index.ts").write_text(f"{program}export const configuration = role.credentialConfiguration;\n")

    project.pulumi("up", "--yes", "--skip-preview")
    outputs = json.loads(project.pulumi("stack", "output", "--json"))
    assert outputs["layer"].endswith(":layer:orders-credentials:1")
    assert outputs["environment"] == {"GOOGLE_APPLICATION_CREDENTIALS": "/opt/credential-configuration.json"}

    def rows(table: str) -> subprocess.CompletedProcess[str]:
        return read(project.stage, outputs["configuration"], ROLE, table, tmp_path)

    assert rows("orders").stdout == "of orders\n"
    assert "403" in rows("secrets").stderr
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert "invalid_target" in rows("orders").stderr
