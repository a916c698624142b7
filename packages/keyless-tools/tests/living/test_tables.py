"""No change of settings and no printed advice costs a row, whatever was done to the table since the last ``up``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.automation import Deployment

from federation_emulator.client.cloud import LocalCloud
from keyless_bigquery.components import outputs
from pulumi_offline.demo.scenario import ROWS
from pulumi_offline.stack_harness import StackHarness
from tests.http_server import Request
from tests.living.commands import Ended, inline, run
from tests.living.environments import plan
from tests.living.gateway import Gateway, gateway

USER_ID = {"name": "user_id", "type": "INTEGER", "mode": "REQUIRED", "description": "The user's number."}
NAME = {"name": "name", "type": "STRING", "description": "The user's name."}
CITY = {"name": "city", "type": "STRING"}


@pytest.fixture(scope="module")
def way(cloud: LocalCloud) -> Iterator[Gateway]:
    with gateway(cloud.google_url) as opened:
        yield opened


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A protected stack, its state, and its table as it was made."""

    stage: StackHarness
    state: Deployment
    table: dict[str, Any]


@pytest.fixture(scope="module")
def deployed(cloud: LocalCloud, way: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    settings = {"googleEndpoint": way.server.url, "deletionProtection": "true"}
    with StackHarness(cloud, tmp_path_factory.mktemp("tables"), settings, name="tables") as stage:
        stage.up()
        made = stage.google("GET", place(stage))
        table = {key: made[key] for key in ("tableReference", "schema", "description")}
        yield Deployed(stage=stage, state=stage.stack.export_stack(), table=table)


@pytest.fixture
def stage(deployed: Deployed, way: Gateway) -> StackHarness:
    """The stack as it was first, with the rows in its table."""
    stage = deployed.stage
    stage.stack.import_stack(deployed.state)
    query(stage, "DROP TABLE {table}")
    stage.google("POST", place(stage).rpartition("/")[0], deployed.table)
    stage.put_rows(ROWS)
    way.server.requests.clear()
    return stage


def with_settings(stage: StackHarness, way: Gateway, **settings: Any) -> StackHarness:
    return stage.beside("tables", {"googleEndpoint": way.server.url, "deletionProtection": "true", **settings})


def place(stage: StackHarness) -> str:
    project, dataset, table = stage.output(outputs.TABLE).split(".")
    return f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}"


def live(stage: StackHarness) -> list[dict[str, Any]]:
    return list(stage.google("GET", place(stage))["schema"]["fields"])


def query(stage: StackHarness, sql: str) -> list[list[str | None]]:
    text = sql.format(table=f"`{stage.output(outputs.TABLE)}`")
    project = stage.output(outputs.TABLE).split(".")[0]
    answer = stage.google(
        "POST", f"/bigquery/v2/projects/{project}/queries", {"query": text, "useLegacySql": False, "location": "US"}
    )
    return [[cell["v"] for cell in row["f"]] for row in answer.get("rows", [])]


def names(stage: StackHarness) -> list[str | None]:
    return [row[0] for row in query(stage, "SELECT name FROM {table} ORDER BY user_id")]


def refused(ended: Ended) -> str:
    message = ended.output + ended.errors
    assert ended.status != 0, message
    assert "can't become what the settings say, and nothing was changed" in message
    return message


def commands(message: str, after: str) -> list[list[str]]:
    """The commands that are printed under a line, and the last one."""
    lines = message.partition("Diagnostics:")[2].splitlines()
    start = next(number for number, line in enumerate(lines) if after in line)
    found = []
    for line in lines[start + 1 :]:
        if not line.strip().startswith(("pulumi config", "bq ")):
            break
        found.append(shlex.split(line))
    then = next(line.partition("Then run: ")[2] for line in lines if "Then run: " in line)
    return [*found, shlex.split(then)]


def typed(stage: StackHarness, changed: StackHarness, lines: Sequence[list[str]]) -> None:
    """Runs commands as they were printed, with changed settings; a statement for `bq` is sent as bq would."""
    for words in lines:
        if words[0] == "bq":
            query(stage, words[-1])
        elif words[1] == "up":
            assert words == ["pulumi", "up", *words[2:-2], "--stack", "tables"]
            assert set(words[2:-2]) <= {"--refresh"}
            changed.up(refresh="--refresh" in words)
        else:
            assert run(changed, *words, "--non-interactive").succeeded is not None


def add_by_hand(stage: StackHarness) -> None:
    query(stage, "ALTER TABLE {table} ADD COLUMN score FLOAT64")
    query(stage, "UPDATE {table} SET score = 0.5 WHERE TRUE")


def scores(stage: StackHarness) -> set[str | None]:
    return {row[0] for row in query(stage, "SELECT score FROM {table}")}


def writes(way: Gateway) -> list[Request]:
    return [one for one in way.server.requests if one.method in {"PUT", "PATCH", "DELETE"}]


def test_a_column_added_by_hand_is_named_before_an_update_would_drop_it(stage: StackHarness, way: Gateway) -> None:
    add_by_hand(stage)
    way.server.requests.clear()
    changed = with_settings(stage, way, columns=[USER_ID, NAME, CITY])
    for command, refresh in (("preview", False), ("up", True)):
        message = refused(inline(changed, command, refresh=refresh))
        assert "column score: FLOAT NULLABLE in the table and not in the settings" in message, command
    assert writes(way) == []
    assert scores(stage) == {"0.5"}
    typed(stage, changed, commands(message, "Or, if nothing needs column score"))
    assert [one["name"] for one in live(stage)] == ["user_id", "name", "city"]
    assert names(stage) == [row["name"] for row in ROWS]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param(None, id="default columns"),
        pytest.param([USER_ID, NAME, CITY], id="listed columns", marks=pytest.mark.soak),
    ],
)
def test_the_lines_that_adopt_it_keep_it_with_its_values(
    stage: StackHarness, way: Gateway, columns: list[dict[str, str]] | None
) -> None:
    add_by_hand(stage)
    changed = with_settings(stage, way, **({} if columns is None else {"columns": columns}))
    message = refused(inline(changed, "up", refresh=True))
    typed(stage, changed, commands(message, "To keep what is in the table"))
    assert {one["name"] for one in live(stage)} == {"user_id", "name", "score"} | ({"city"} if columns else set())
    assert scores(stage) == {"0.5"}
    assert names(stage) == [row["name"] for row in ROWS]
    assert plan(changed) == {}


@pytest.mark.soak
def test_after_the_lines_that_take_a_change_back_nothing_is_left_to_do(stage: StackHarness, way: Gateway) -> None:
    changed = [{**USER_ID, "type": "NUMERIC"}, {**NAME, "name": "Name"}, {**CITY, "mode": "REQUIRED"}]
    other = with_settings(stage, way, columns=changed)
    message = refused(inline(other, "up"))
    assert "column user_id: NUMERIC instead of INTEGER" in message
    assert "column name: written Name instead of name" in message
    assert "column city: added as REQUIRED" in message
    assert writes(way) == []
    typed(stage, other, commands(message, "To keep what is in the table"))
    assert [(one["name"], one["type"]) for one in live(stage)] == [
        ("user_id", "INTEGER"), ("name", "STRING"), ("city", "STRING"),
    ]  # fmt: skip
    assert names(stage) == [row["name"] for row in ROWS]
    assert plan(other) == {}


def test_without_changes_nothing_is_looked_up_and_the_protection_alone_comes_off(
    stage: StackHarness, way: Gateway
) -> None:
    assert plan(stage) == {}
    assert [one for one in way.server.requests if "/tables/" in one.path] == []
    add_by_hand(stage)
    way.server.requests.clear()
    unprotected = with_settings(stage, way, deletionProtection="false")
    assert inline(unprotected, "up", target=["**::table"]).succeeded
    assert writes(way) == []
    assert scores(stage) == {"0.5"}


@pytest.mark.soak
@pytest.mark.parametrize("status", [403, 500])
def test_what_an_update_failed_to_change_can_be_undone_and_done_again(
    stage: StackHarness, way: Gateway, status: int
) -> None:
    changed = with_settings(stage, way, columns=[USER_ID, NAME, CITY])
    way.failing = ("PUT", status)
    try:
        failed = inline(changed, "up", target=["**::table"])
    finally:
        way.failing = None
    assert failed.status != 0
    # The state is ahead of the cloud, as the bridge leaves it.
    assert "table" not in plan(stage, refresh=True)
    assert inline(changed, "up", refresh=True).succeeded
    assert [one["name"] for one in live(stage)] == ["user_id", "name", "city"]
    assert names(stage) == [row["name"] for row in ROWS]


def test_a_table_that_cant_be_looked_up_is_not_touched(stage: StackHarness, way: Gateway) -> None:
    changed = with_settings(stage, way, columns=[USER_ID, NAME, CITY])
    way.failing = ("GET", 403)
    try:
        message = inline(changed, "up")
    finally:
        way.failing = None
    assert message.status != 0
    assert "it needs bigquery.tables.get" in message.output + message.errors
    assert writes(way) == []


def test_a_name_that_exists_is_refused_while_the_old_table_still_has_its_rows(
    stage: StackHarness, way: Gateway
) -> None:
    tables, _, _ = place(stage).rpartition("/")
    body = {"tableReference": {"tableId": "taken"}, "schema": {"fields": [USER_ID, NAME]}}
    stage.google("POST", tables, body)
    unprotected = with_settings(stage, way, deletionProtection="false")
    assert inline(unprotected, "up").succeeded
    failed = inline(with_settings(stage, way, deletionProtection="false", tableId="taken"), "up")
    query(stage, f"DROP TABLE `{stage.output(outputs.TABLE).replace('.users', '.taken')}`")
    assert failed.status != 0
    assert "Already Exists" in failed.output + failed.errors
    assert names(stage) == [row["name"] for row in ROWS]
    assert plan(unprotected) == {}


def test_a_stack_that_kept_its_columns_in_the_state_comes_over_without_touching_a_row(
    stage: StackHarness, way: Gateway, deployed: Deployed
) -> None:
    before = with_stash(dict(deployed.state.deployment or {}))
    stage.stack.import_stack(Deployment(version=deployed.state.version, deployment=before))
    assert "table-columns" in inline(stage, "up").succeeded
    assert writes(way) == []
    assert names(stage) == [row["name"] for row in ROWS]
    assert plan(stage) == {}


def with_stash(deployment: dict[str, Any]) -> dict[str, Any]:
    """A state as the version before left it: the columns once more, before the table."""
    resources = []
    for found in deployment["resources"]:
        one = {**found}
        if one["type"] == "keyless:infra:Warehouse":
            one["inputs"] = {}
        if one["type"] == "gcp:bigquery/table:Table":
            urn = one["parent"].replace("keyless:infra:Warehouse::", "keyless:infra:Warehouse$pulumi:index:Stash::")
            urn = urn.rpartition("::")[0] + "::table-columns"
            value = {"table": "d.users", "schema": one["inputs"]["schema"]}
            resources.append(
                {
                    "urn": urn, "custom": True, "id": "00000000-0000-4000-8000-000000000000",
                    "type": "pulumi:index:Stash", "parent": one["parent"],
                    "inputs": {"input": value}, "outputs": {"input": value, "output": value},
                }
            )  # fmt: skip
            one = {**one, "dependencies": [*(one.get("dependencies") or []), urn]}
        resources.append(one)
    return {**deployment, "resources": resources}
