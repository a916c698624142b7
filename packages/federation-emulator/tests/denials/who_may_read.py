"""The right service account, or the right federated principal, where it may not start a job or not read the table."""

from __future__ import annotations

from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import (
    JOB_USER,
    THE_READER,
    VIEWER,
    add_access,
    grant,
    refused_job,
    refused_table,
    revoke,
)
from tests.denials.case import Case, Step, both
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    BIGQUERY_PATH,
    FUNCTION,
    MEMBER,
    POOL_NAME,
    READER,
    ROLE,
    make_table,
)
from tests.emulator.google_server import PROJECT, SECOND_PROJECT

_SUBJECT = f"principal://iam.googleapis.com/{POOL_NAME}/subject/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/"
_OF_ANOTHER_POOL = MEMBER.replace("keyless-pool", "other-pool")


def _paid_by(project: str) -> Step:
    def step(world: World) -> None:
        world.payer = project

    return step


def _paid_by_the_second(world: World) -> None:
    world.google.done("POST", f"/v1/projects/{SECOND_PROJECT}/services/bigquery.googleapis.com:enable", {})
    world.payer = SECOND_PROJECT


def _job_user_of_the_second(world: World) -> None:
    world.chain.grant(f"/v1/projects/{SECOND_PROJECT}", JOB_USER, THE_READER)


def _on_condition(expression: str) -> Step:
    """Have the reader's right to read the table on this condition."""

    def step(world: World) -> None:
        condition = {"title": "of the case", "expression": expression}
        binding = {"role": VIEWER, "members": [THE_READER], "condition": condition}
        policy = {"bindings": [binding], "version": 3}
        world.google.done("POST", f"{world.table_path('users')}:setIamPolicy", {"policy": policy})

    return step


def _replace_account(world: World) -> None:
    """Delete the account, and make another under its e-mail with all that the first one had, but the table."""
    world.google.done("DELETE", ACCOUNT_PATH)
    world.google.done("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "reader"})
    world.chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)
    grant(JOB_USER)(world)


_grant_dataset = add_access(role="READER", userByEmail=READER)
_revoke_table = revoke(VIEWER, table="users")


def _make_another_account(world: World) -> None:
    world.google.done("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "another-reader"})


def _open_dataset(entry: dict[str, Any]) -> Step:
    """Try to open the dataset to all, or to a principal that does not exist: refused, and nothing changes."""

    def step(world: World) -> None:
        _revoke_table(world)
        path = f"{BIGQUERY_PATH}/datasets/{world.chain.dataset}"
        before = world.google.done("GET", path)["access"]
        refused = world.google.call("PATCH", path, {"access": [*before, {"role": "READER", **entry}]})
        assert refused.status_code == 400, refused.text
        assert world.google.done("GET", path)["access"] == before

    return step


def _not_opened(name: str, entry: dict[str, Any]) -> Case:
    return refused_table(
        f"a dataset whose access list was to name {name}",
        _open_dataset(entry),
        _grant_dataset,
        change="READER on the dataset",
    )


_grant_made_table = grant(VIEWER, table="{table}")


def _replace_table(world: World) -> None:
    """Drop a table that was granted, and make another under its name."""
    both(World.make_table, _grant_made_table)(world)
    world.sql = "SELECT * FROM {table}"
    world.google.done("DELETE", world.table_path(world.table))
    make_table(world.google, world.chain.dataset, world.table)


def _without_account(world: World) -> None:
    world.account = ""


def _directly(*grants: Step) -> Step:
    """No service account: the federated principal itself, with these grants."""
    return both(_without_account, *grants)


def _job(member: str = MEMBER) -> Step:
    return grant(JOB_USER, member=member)


def _table(member: str = MEMBER) -> Step:
    return grant(VIEWER, table="users", member=member)


CASES: tuple[Case, ...] = (
    refused_job("a reader of the table that may not start jobs", revoke(JOB_USER), grant(JOB_USER)),
    refused_job(
        "a job that another project pays for",
        _paid_by("another-teams-project"),
        _paid_by(PROJECT),
        change="the project in which it is a jobUser pays",
    ),
    refused_job(
        "a job that a second project pays for",
        _paid_by_the_second,
        _job_user_of_the_second,
        change="jobUser on the second project",
    ),
    Case(
        name="a query where the BigQuery API is off",
        change="the API is enabled",
        wrong=lambda world: world.switch_api("bigquery", on=False),
        right=lambda world: world.switch_api("bigquery", on=True),
        link=Link.JOB,
        part=Part.REQUEST,
        rule="the API must be enabled in the project",
        status=403,
        error="accessNotConfigured",
        says="BigQuery API has not been used in project",
    ),
    refused_table("a starter of jobs that may not read the table", _revoke_table, grant(VIEWER, table="users")),
    refused_table(
        "a reader of the tables' names and columns only",
        both(_revoke_table, grant("roles/bigquery.metadataViewer", table="users")),
        grant(VIEWER, table="users"),
    ),
    refused_table(
        "an account with another's name in the dataset's access list",
        both(_revoke_table, _make_another_account, add_access(role="READER", userByEmail=f"another-{READER}")),
        _grant_dataset,
        change="READER on the dataset",
    ),
    _not_opened("all authenticated users", {"specialGroup": "allAuthenticatedUsers"}),
    _not_opened("all users", {"iamMember": "allUsers"}),
    _not_opened("a special group that there is not", {"specialGroup": "allReaders"}),
    _not_opened("an account that there is not", {"userByEmail": f"no-{READER}"}),
    _not_opened("the reader as a user", {"iamMember": f"user:{READER}"}),
    refused_table(
        "a namesake of an account that the table was granted to", _replace_account, grant(VIEWER, table="users")
    ),
    refused_table(
        "a namesake of an account that the dataset was granted to",
        both(_revoke_table, _grant_dataset, _replace_account),
        _grant_dataset,
        change="READER on the dataset, for the account that is there now",
    ),
    refused_table("a namesake of a table that was granted", _replace_table, _grant_made_table),
    refused_table(
        "a reader on the condition of another table",
        _on_condition("resource.name.endsWith('/tables/secrets')"),
        _on_condition("resource.name.endsWith('/tables/users')"),
        change="a condition on this table",
    ),
    refused_table(
        "a reader on a condition that has run out",
        _on_condition("request.time < timestamp('2020-01-01T00:00:00Z')"),
        _on_condition("request.time > timestamp('2020-01-01T00:00:00Z')"),
        change="a condition that is true now",
    ),
    refused_table(
        "a reader on a condition that errors",
        _on_condition("timestamp('never') < request.time"),
        _on_condition("resource.type == 'bigquery.googleapis.com/Table'"),
        change="a condition that is true",
    ),
    refused_job("the federated principal itself, that may not start jobs", _directly(_table()), _job()),
    refused_job(
        "the federated principal itself, where the role of another pool may start jobs",
        _directly(_job(_OF_ANOTHER_POOL), _table()),
        _job(),
    ),
    refused_table("the federated principal itself, that may not read the table", _directly(_job()), _table()),
    refused_table(
        "the federated principal itself, where another session is granted",
        _directly(_job(), _table(f"{_SUBJECT}other-function")),
        _table(f"{_SUBJECT}{FUNCTION}"),
        change="dataViewer for this session's subject",
    ),
    refused_table(
        "the federated principal itself, where another role is granted",
        _directly(_job(), _table(f"{MEMBER}-2")),
        _table(),
    ),
    refused_table(
        "the federated principal itself, where the role of another pool is granted",
        _directly(_job(), _table(_OF_ANOTHER_POOL)),
        _table(),
    ),
)
