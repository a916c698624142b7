"""A role that exists, in a program of a user's own: deployed by the real engine, it reads its table and no other."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from federation_emulator.core.roles import make_roles, take_on
from pulumi_offline.stack_harness import StackHarness

PROGRAM = Path(__file__).parents[1] / "components" / "programs" / "roles_that_exist.py"
READ = """
import sys
from google.cloud import bigquery
for row in bigquery.Client(project=sys.argv[1]).query_and_wait(sys.argv[2]):
    print(*row)
"""


@pytest.mark.parametrize(("name", "table", "other"), [("orders", "users", "events"), ("audit", "events", "users")])
def test_each_role_reads_its_table_and_no_other(
    roles: dict[str, str], deployed: StackHarness, tmp_path: Path, name: str, table: str, other: str
) -> None:
    done = read(deployed, roles[name], f"{name.title()}-Role", table, tmp_path)
    assert done.stdout == f"of {table}\n", done.stderr
    assert "403" in read(deployed, roles[name], f"{name.title()}-Role", other, tmp_path).stderr
    refused = read(deployed, roles[name], f"{name.title()}-Role2", table, tmp_path)
    assert "rejected by the attribute condition" in refused.stderr


@pytest.fixture(scope="module")
def roles(deployed: StackHarness) -> dict[str, str]:
    """The credential configurations of the program's two roles."""
    dataset_of_tables(deployed, "shop", "users", "events")
    make_roles(deployed.cloud.endpoints, [f"{name}-Role{digit}" for name in ("Orders", "Audit") for digit in ("", "2")])
    own = deployed.beside("roles")
    own.stack.workspace.program = run_program
    own.up()
    assert set(own.up()) == {"same"}
    return {name: own.output(name) for name in ("orders", "audit")}


def dataset_of_tables(stage: StackHarness, dataset: str, *tables: str) -> None:
    """Makes a dataset with tables of one row, which says whose it is."""
    project = stage.cloud.project_id
    datasets = f"/bigquery/v2/projects/{project}/datasets"
    stage.google("POST", datasets, {"datasetReference": {"projectId": project, "datasetId": dataset}})
    for table in tables:
        reference = {"projectId": project, "datasetId": dataset, "tableId": table}
        schema = {"fields": [{"name": "name", "type": "STRING"}]}
        stage.google("POST", f"{datasets}/{dataset}/tables", {"tableReference": reference, "schema": schema})
        rows = {"rows": [{"json": {"name": f"of {table}"}}]}
        stage.google("POST", f"{datasets}/{dataset}/tables/{table}/insertAll", rows)


def run_program() -> None:
    runpy.run_path(str(PROGRAM), run_name="__main__")


def read(
    stage: StackHarness, configuration: str, role: str, table: str, folder: Path, *, dataset: str = "shop"
) -> subprocess.CompletedProcess[str]:
    """Reads a table with Google's own client, in a process that has the role's session and the file, and no more."""
    file = folder / "credential-configuration.json"
    file.write_text(json.dumps(json.loads(configuration)))
    session = take_on(stage.cloud.endpoints, role).environment()
    project = stage.cloud.project_id
    where = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(file),
        "GOOGLE_CLOUD_PROJECT": project,
        "BIGQUERY_EMULATOR_HOST": stage.cloud.google_url,
    }
    return subprocess.run(
        [sys.executable, "-c", READ, project, f"SELECT name FROM `{project}.{dataset}.{table}`"],
        env={"PATH": os.environ["PATH"], **session, **where},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
