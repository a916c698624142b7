"""What is compared really reads rows: the usual handler and the floor against a scripted Google."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.candidates.bare.handler import lambda_handler as bare
from benchmarks.candidates.floor.handler import lambda_handler as floor
from benchmarks.candidates.naive.handler import lambda_handler as naive
from benchmarks.packaging import CANDIDATES
from tests.http_server import Answer, Request, json_answer
from tests.runtime.conftest import AWS_SECRETS, TABLE, credential_configuration
from tests.runtime.google_stand_in import SCHEMA, THREE_ROWS, GoogleStandIn, page, rows, running

PRINTED = ["The query data:", *(f"user_id={user_id}, name={name}" for user_id, name in THREE_ROWS)]
EVENT = {"asked by": "a test"}


@pytest.fixture(scope="module")
def server() -> Iterator[GoogleStandIn]:
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def google(server: GoogleStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoogleStandIn:
    """A Google that answers, and the environment of a function that finds it."""
    server.begin()
    configuration = tmp_path / "configuration.json"
    configuration.write_text(json.dumps(credential_configuration(server.url)))
    for name, value in {
        **AWS_SECRETS,
        "AWS_REGION": "us-east-1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(configuration),
        "GOOGLE_CLOUD_PROJECT": "local-keyless",
        "BIGQUERY_TABLE": TABLE,
        "BIGQUERY_LOCATION": "US",
        "BIGQUERY_EMULATOR_HOST": server.url,
    }.items():
        monkeypatch.setenv(name, value)
    return server


def test_the_floor_prints_the_rows_with_one_request_more_than_tokens(
    google: GoogleStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    assert floor(EVENT, None) == EVENT
    assert capsys.readouterr().out.splitlines() == PRINTED
    assert [path.rpartition("/")[2] for path in google.paths][-1] == "queries"
    assert len(google.paths) == 3


def test_the_floor_fails_rather_than_print_a_part_of_the_rows(google: GoogleStandIn) -> None:
    google.query = lambda _: page(THREE_ROWS, pageToken="more")
    with pytest.raises(RuntimeError, match="not with all rows"):
        floor(EVENT, None)


def test_the_usual_handler_prints_the_rows(google: GoogleStandIn, capsys: pytest.CaptureFixture[str]) -> None:
    job = {"projectId": "local-keyless", "jobId": "job-1", "location": "US"}
    done = {"jobReference": job, "jobComplete": True, "totalRows": "3", "schema": SCHEMA, "rows": rows(THREE_ROWS)}
    begun = {
        "jobReference": job,
        "status": {"state": "DONE"},
        "configuration": {"query": {"destinationTable": {"projectId": "p", "datasetId": "d", "tableId": "t"}}},
    }

    def answer(sent: Request) -> Answer:
        return json_answer(begun if sent.path.endswith("/jobs") else done)

    google.more = answer
    assert naive(EVENT, None) == EVENT
    assert capsys.readouterr().out.splitlines() == PRINTED


def test_the_bare_handler_does_nothing() -> None:
    assert bare(EVENT, None) is EVENT


@pytest.mark.parametrize("name", ["bare", "floor", "naive", "pandas"])
def test_each_candidate_has_a_handler_and_a_lock_of_what_it_imports(name: str) -> None:
    folder = CANDIDATES / name
    parsed = ast.parse((folder / "handler.py").read_text())
    assert "lambda_handler" in {node.name for node in parsed.body if isinstance(node, ast.FunctionDef)}
    assert (folder / "requirements.txt").exists() == (name != "bare")
