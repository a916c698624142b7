"""The real bq against the running local cloud. Its commands run in `bq shell`, which is one start of bq for many."""

from __future__ import annotations

import json

import pytest

from federation_emulator.client.cloud import LocalCloud
from tests.official_tools.plugin import connected
from tests.official_tools.shell import Shell, installed

pytestmark = installed("bq")

ROWS = "+---+------+ | a | name | +---+------+ | 1 | one | +---+------+"


def test_a_dataset_and_a_table_are_made_filled_read_changed_and_removed(shell: Shell, cloud: LocalCloud) -> None:
    (shell.home / "rows.json").write_text(json.dumps({"a": 1, "name": "one"}))
    project = cloud.project_id
    said = shell.bq(
        "mk --dataset --label=made:here house",
        "mk --table house.people a:INTEGER,name:STRING",
        "insert house.people rows.json",
        "ls",
        "ls house",
        "show house",
        "show --schema house.people",
        "head house.people",
        "query 'SELECT a, name FROM house.people'",
        "update --description=changed house.people",
        "mk --view 'SELECT a FROM house.people' house.seen",
        "query 'SELECT a FROM house.seen'",
        "mk --dataset house",
        "rm -f -d house",
        "rm -f -t house.people",
        "show house.people",
        "rm -r -f -d house",
        "show house",
        "query 'SELECT a FROM house.people'",
        "ls",
    )
    assert said[0] == f"Dataset '{project}:house' successfully created."
    assert said[1] == f"Table '{project}:house.people' successfully created."
    assert said[2] == ""
    assert "house" in said[3].split()
    assert " people TABLE" in said[4]
    assert f"Dataset {project}:house" in said[5]
    assert "made:here" in said[5]
    assert [field["type"] for field in json.loads(said[6])] == ["INTEGER", "STRING"]
    assert said[7] == said[8] == ROWS
    assert said[9] == f"Table '{project}:house.people' successfully updated."
    assert said[10] == f"View '{project}:house.seen' successfully created."
    assert said[11] == "+---+ | a | +---+ | 1 | +---+"
    assert said[12] == f"BigQuery error in mk operation: Dataset '{project}:house' already exists."
    assert said[13] == f"BigQuery error in rm operation: Dataset {project}:house is still in use"
    assert said[14] == ""
    assert said[15] == f"BigQuery error in show operation: Not found: Table {project}:house.people"
    assert said[16] == ""
    assert said[17] == f"BigQuery error in show operation: Not found: Dataset {project}:house"
    assert said[18].startswith("BigQuery error in query operation: Not found: Dataset ")
    assert "house" not in said[19].split()


@pytest.mark.soak
def test_a_table_is_shared(shell: Shell, cloud: LocalCloud) -> None:
    with connected(cloud) as google:
        datasets = f"/bigquery/v2/projects/{google.project}/datasets"
        google.done("POST", datasets, {"datasetReference": {"datasetId": "shared"}})
        google.done("POST", f"{datasets}/shared/tables", {"tableReference": {"tableId": "people"}})
    member = ["--member=user:someone@local.invalid", "--role=roles/bigquery.dataViewer"]
    added = shell.run("bq", "add-iam-policy-binding", "--table=true", *member, "shared.people")
    assert added.output.startswith("Successfully added member 'user:someone@local.invalid'"), added.errors


@pytest.mark.soak
@pytest.mark.usefixtures("asks_for_more")
def test_what_bq_asks_for_and_is_not_served_is_told_to_it_and_to_the_one_who_serves(
    shell: Shell, cloud: LocalCloud
) -> None:
    (shell.home / "rows.csv").write_text("1,one\n")
    refused = shell.run("bq", "load", "house.people", "rows.csv", "a:INTEGER,name:STRING")
    said = " ".join(refused.output.split()).replace("- ", "-")
    path = f"/upload/bigquery/v2/projects/{cloud.project_id}/jobs"
    assert refused.status != 0
    assert said == f"BigQuery error in load operation: POST {path} is not served here."
    newest = cloud.unsupported()[-1]
    assert (newest["method"], newest["path"], newest["status"]) == ("POST", path, 501)
    assert newest["client"].startswith("google-cloud-sdk")
