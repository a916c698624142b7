"""The example in TypeScript: deployed by the real engine with the SDK that is generated of the schema."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from keyless_bigquery.components.program import ROOT
from pulumi_offline.engine.pins import NODEJS_HOST
from tests import npm
from tests.e2e.test_yaml_program import Project, check_that_the_role_reads_until_a_destroy, lay_in_host
from tests.e2e.test_yaml_program import project as project

EXAMPLE = ROOT / "examples" / "typescript"
_BUILD_SECONDS = 600


@pytest.mark.soak
@pytest.mark.timeout(_BUILD_SECONDS)
def test_the_role_reads_its_table_and_no_longer_after_destroy(project: Project) -> None:
    installed = npm.packages(EXAMPLE) / "node_modules"
    lay_in_host(Path(project.environment["PULUMI_HOME"]), NODEJS_HOST)
    for name in ("Pulumi.yaml", "package.json", "tsconfig.json"):
        shutil.copy(EXAMPLE / name, project.folder)
    (project.folder / "node_modules").symlink_to(installed)
    # Where `pulumi package add` would make a package of it.
    npm.write_sdk(project.folder / "sdk")
    program = (EXAMPLE / "index.ts").read_text().replace("@pulumi/keyless-bigquery", "./sdk")
    program = program.replace("}.shop.", f"}}.{project.dataset}.")
    local = f'googleProject: project,\n  googleEndpoint: "{project.stage.cloud.google_url}",'
    program = program.replace("googleProject: project,", local)
    (project.folder / "index.ts").write_text(f"{program}export const configuration = role.credentialConfiguration;\n")

    project.pulumi("up", "--yes", "--skip-preview")
    check_that_the_role_reads_until_a_destroy(project)
