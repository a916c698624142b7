"""The right service account, or the right federated principal, where it may not start a job or not read a table."""

from __future__ import annotations

from typing import Any

from local_cloud.trace import Link, Part
from tests.denials.case import Case, Step
from tests.denials.world import World
from tests.local_cloud.chain import ACCOUNT, ACCOUNT_PATH, BIGQUERY_PATH, FUNCTION, MEMBER, POOL_NAME, READER, ROLE
from tests.local_cloud.google_server import PROJECT

_PROJECT_PATH = f"/v1/projects/{PROJECT}"
_JOB_USER, _VIEWER = "roles/bigquery.jobUser", "roles/bigquery.dataViewer"
_READER = f"serviceAccount:{READER}"
_ALL = "SELECT * FROM {users} UNION ALL SELECT * FROM {secrets}"
_SUBJECT = f"principal://iam.googleapis.com/{POOL_NAME}/subject/arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/"


def _users(world: World) -> str:
    return f"{world.chain.tables_path}/users"


def _grant_secrets(world: World) -> None:
    world.chain.grant(f"{world.chain.tables_path}/secrets", _VIEWER, _READER)


def _grant_users(world: World) -> None:
    world.chain.grant(_users(world), _VIEWER, _READER)


def _revoke_users(world: World) -> None:
    world.chain.revoke(_users(world), _VIEWER, _READER)


def _grant_job(world: World) -> None:
    world.chain.grant(_PROJECT_PATH, _JOB_USER, _READER)


def _revoke_job(world: World) -> None:
    world.chain.revoke(_PROJECT_PATH, _JOB_USER, _READER)


def _sql(text: str) -> Step:
    def step(world: World) -> None:
        world.sql = text

    return step


def _view(world: World) -> None:
    """A granted view that selects from the table that isn't granted."""
    reference = {"projectId": PROJECT, "datasetId": world.chain.dataset, "tableId": "window"}
    view = {"query": world.chain.sql("SELECT * FROM {secrets}"), "useLegacySql": False}
    world.google.done("POST", world.chain.tables_path, {"tableReference": reference, "view": view})
    world.chain.grant(f"{world.chain.tables_path}/window", _VIEWER, _READER)
    world.sql = "SELECT * FROM `{dataset}.window`"


def _dataset_access(world: World, role: str) -> None:
    path = f"{BIGQUERY_PATH}/datasets/{world.chain.dataset}"
    access: list[dict[str, Any]] = world.google.done("GET", path)["access"]
    world.google.done("PATCH", path, {"access": [*access, {"role": role, "userByEmail": READER}]})


def _table(
    name: str,
    wrong: Step,
    right: Step = _grant_secrets,
    *,
    permission: str = "getData",
    says: str = "User does not have permission to query table",
    change: str = "dataViewer on that table",
) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.TABLE,
        part=Part.PERMISSION,
        rule=f"bigquery.tables.{permission} is needed",
        status=403,
        error="accessDenied",
        says=says,
    )


def _job(name: str, wrong: Step, right: Step, *, change: str = "jobUser on the project") -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.JOB,
        part=Part.PERMISSION,
        rule="bigquery.jobs.create is needed",
        status=403,
        error="accessDenied",
        says="User does not have bigquery.jobs.create permission in project",
    )


def _on_condition(expression: str) -> Step:
    """Have the reader's right to read the table on this condition."""

    def step(world: World) -> None:
        condition = {"title": "of the case", "expression": expression}
        binding = {"role": _VIEWER, "members": [_READER], "condition": condition}
        policy = {"bindings": [binding], "version": 3}
        world.google.done("POST", f"{_users(world)}:setIamPolicy", {"policy": policy})

    return step


def _directly(*grants: tuple[str, str]) -> Step:
    """No service account: the federated principal itself, with these of the two rights; `PROJECT` or `TABLE` first."""

    def step(world: World) -> None:
        world.account = ""
        for resource, member in grants:
            _grant_directly(world, resource, member)

    return step


def _grant_directly(world: World, resource: str, member: str) -> None:
    if resource == "job":
        world.chain.grant(_PROJECT_PATH, _JOB_USER, member)
    else:
        world.chain.grant(_users(world), _VIEWER, member)


def _pay_elsewhere(world: World) -> None:
    world.payer = "somebody-elses-project"


def _pay_here(world: World) -> None:
    world.payer = PROJECT


def _with_access(wrong: Step) -> Step:
    """Put something wrong after the impersonation."""

    def step(world: World) -> None:
        world.access = world.access_token()
        wrong(world)

    return step


def _impersonate_again(world: World) -> None:
    world.access, world.impersonation = None, {}


def _stale(name: str, wrong: Step, right: Step, *, part: Part, rule: str, change: str) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=Link.JOB,
        part=part,
        rule=rule,
        status=401,
        error="authError",
        says="Request had invalid authentication credentials.",
    )


def _token_of_another_run(world: World) -> None:
    with world.another_run() as other:
        world.access = other.access_token()


def _narrow(world: World) -> None:
    world.impersonation = {"scope": ["https://www.googleapis.com/auth/devstorage.read_only"]}


_TOKEN = "one bearer token, issued here and not yet expired"

CASES = (
    _job("a reader of the table that may not start jobs", _revoke_job, _grant_job),
    _job(
        "a job that another project pays for",
        _pay_elsewhere,
        _pay_here,
        change="the project in which it is a jobUser pays",
    ),
    _table("a starter of jobs that may not read the table", _revoke_users, _grant_users),
    _table("another table", _sql("SELECT * FROM {secrets}")),
    _table("another table through a view", _view),
    _table("another table through a join", _sql("SELECT u.name FROM {users} u JOIN {secrets} s USING (user_id)")),
    _table(
        "another table through a subquery",
        _sql("SELECT name FROM {users} WHERE user_id IN (SELECT user_id FROM {secrets})"),
    ),
    _table("another table through a scalar subquery", _sql("SELECT (SELECT MAX(name) FROM {secrets}) FROM {users}")),
    _table("another table through a union", _sql(_ALL)),
    _table("another table through WITH", _sql("WITH t AS (SELECT * FROM {secrets}) SELECT * FROM t")),
    _table(
        "another table under the name of a WITH entry",
        _sql("WITH users AS (SELECT * FROM {secrets}) SELECT u.* FROM {users} u, users"),
    ),
    _table("another table in EXISTS", _sql("SELECT name FROM {users} WHERE EXISTS (SELECT 1 FROM {secrets})")),
    _table(
        "a reader that inserts",
        _sql("INSERT INTO {users} (user_id, name) VALUES (9, 'x')"),
        lambda world: world.chain.grant(_users(world), "roles/bigquery.dataEditor", _READER),
        permission="updateData",
        says="Permission bigquery.tables.updateData denied on table",
        change="dataEditor on the table",
    ),
    _table(
        "a reader that deletes",
        _sql("DELETE FROM {users} WHERE user_id = 9"),
        lambda world: world.chain.grant(_users(world), "roles/bigquery.dataEditor", _READER),
        permission="updateData",
        says="Permission bigquery.tables.updateData denied on table",
        change="dataEditor on the table",
    ),
    _table(
        "a reader that makes a copy",
        _sql("CREATE TABLE {new} AS SELECT * FROM {users}"),
        lambda world: _dataset_access(world, "WRITER"),
        permission="create",
        says="Permission bigquery.tables.create denied on dataset",
        change="WRITER on the dataset",
    ),
    _table(
        "a reader on the condition of another table",
        _on_condition("resource.name.endsWith('/tables/secrets')"),
        _on_condition("resource.name.endsWith('/tables/users')"),
        change="a condition on this table",
    ),
    _table(
        "a reader on a condition that errors",
        _on_condition("resource.owner == 'reader'"),
        _on_condition("resource.type == 'bigquery.googleapis.com/Table'"),
        change="a condition that is true",
    ),
    _job(
        "the federated principal itself, that may not start jobs",
        _directly(("table", MEMBER)),
        lambda world: _grant_directly(world, "job", MEMBER),
    ),
    _table(
        "the federated principal itself, that may not read the table",
        _directly(("job", MEMBER)),
        lambda world: _grant_directly(world, "table", MEMBER),
    ),
    _table(
        "the federated principal itself, where another session is granted",
        _directly(("job", MEMBER), ("table", f"{_SUBJECT}other-function")),
        lambda world: _grant_directly(world, "table", f"{_SUBJECT}{FUNCTION}"),
    ),
    _table(
        "the federated principal itself, where another role is granted",
        _directly(("job", MEMBER), ("table", f"{MEMBER}-2")),
        lambda world: _grant_directly(world, "table", MEMBER),
    ),
    _stale(
        "an access token that has expired",
        _with_access(lambda world: world.turn_clock(minutes=61)),
        lambda world: world.turn_clock(),
        change="within its hour",
        part=Part.TOKEN,
        rule=_TOKEN,
    ),
    _stale(
        "an access token of another server run",
        _token_of_another_run,
        _impersonate_again,
        change="made by this run",
        part=Part.TOKEN,
        rule=_TOKEN,
    ),
    _stale(
        "an access token whose account was disabled since",
        _with_access(lambda world: world.google.done("POST", f"{ACCOUNT_PATH}:disable", {})),
        lambda world: world.google.done("POST", f"{ACCOUNT_PATH}:enable", {}),
        change="the account is enabled again",
        part=Part.PRINCIPAL,
        rule="the service account behind the token must exist and be enabled",
    ),
    Case(
        name="an access token made for another API's scope",
        change="made for the scope cloud-platform",
        wrong=_narrow,
        right=_impersonate_again,
        link=Link.JOB,
        part=Part.TOKEN,
        rule="the token must have been made for a scope that covers this API",
        status=403,
        error="insufficientPermissions",
        says="Request had insufficient authentication scopes.",
    ),
    Case(
        name="a query where the BigQuery API is off",
        change="the API is enabled",
        wrong=lambda world: world.google.done("POST", f"{_PROJECT_PATH}/services/bigquery.googleapis.com:disable", {}),
        right=lambda world: world.google.done("POST", f"{_PROJECT_PATH}/services/bigquery.googleapis.com:enable", {}),
        link=Link.JOB,
        part=Part.REQUEST,
        rule="the API must be enabled in the project",
        status=403,
        error="accessNotConfigured",
        says="BigQuery API has not been used in project",
    ),
)
