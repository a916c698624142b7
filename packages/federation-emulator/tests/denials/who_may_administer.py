"""The reader at everything but its table, and a deployer who comes too late at a policy."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import EDITOR, THE_READER, VIEWER, grant
from tests.denials.case import Case, Step
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, MEMBER, POOL_PATH, PROVIDER_PATH

_WIF_USER = "roles/iam.workloadIdentityUser"
_POOL_ADMIN, _ACCOUNT_ADMIN = "roles/iam.workloadIdentityPoolAdmin", "roles/iam.serviceAccountAdmin"


@dataclass(frozen=True)
class Call:
    """A call of an API, as some principal."""

    method: str
    path: str
    body: Any = None

    def by(self, token: str, world: World) -> Callable[[], requests.Response]:
        """The call with a token. Tokens are remembered, to be searched for in what is printed."""
        world.seen.add(token)
        return lambda: world.google.call(self.method, self.path, self.body, token=token)


def _as_reader(make: Callable[[World], Call]) -> Step:
    def step(world: World) -> None:
        world.call = make(world).by(world.access_token(), world)

    return step


def _refused(
    name: str,
    wrong: Step,
    right: Step,
    *,
    change: str,
    permission: str,
    link: Link = Link.ADMINISTRATION,
    says: str = "",
) -> Case:
    return Case(
        name=name,
        change=change,
        wrong=wrong,
        right=right,
        link=link,
        part=Part.PERMISSION,
        rule=f"{permission} is needed",
        status=403,
        error="PERMISSION_DENIED",
        says=says or f"Permission '{permission}' denied on resource",
    )


def _reader(name: str, call: Call, *, permission: str, role: str) -> Case:
    return _refused(
        f"the reader, who {name}",
        _as_reader(lambda _world: call),
        grant(role),
        change=f"`{role}` on the project",
        permission=permission,
    )


def _at_bigquery(
    name: str,
    make: Callable[[World], Call],
    *,
    permission: str,
    role: str,
    table: str = "",
    link: Link = Link.ADMINISTRATION,
) -> Case:
    return _refused(
        f"the reader, who {name}",
        _as_reader(make),
        grant(role, table=table),
        change=f"`{role}` on the {'table' if table else 'project'}",
        permission=permission,
        link=link,
        says=f"Permission {permission} denied on",
    )


def _to_owner(world: World) -> Call:
    bindings = world.google.done("POST", f"{PROJECT_PATH}:getIamPolicy")["bindings"]
    owner = {"role": "roles/owner", "members": [THE_READER]}
    return Call("POST", f"{PROJECT_PATH}:setIamPolicy", {"policy": {"bindings": [*bindings, owner]}})


def _new_dataset(_world: World) -> Call:
    reference = {"datasetId": f"own_{secrets.token_hex(4)}"}
    return Call("POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": reference})


def _results_of_the_deployer(world: World) -> Call:
    query = {"query": world.chain.sql("SELECT name FROM {secrets}"), "useLegacySql": False}
    job = world.google.done("POST", f"{BIGQUERY_PATH}/queries", query)["jobReference"]["jobId"]
    return Call("GET", f"{BIGQUERY_PATH}/queries/{job}")


def _job_on_secrets(world: World) -> Call:
    query = {"query": world.chain.sql("SELECT name FROM {secrets}"), "useLegacySql": False}
    return Call("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": {"query": query}})


def _estimate_on_secrets(world: World) -> Call:
    body = {"query": world.chain.sql("SELECT name FROM {secrets}"), "useLegacySql": False, "dryRun": True}
    return Call("POST", f"{BIGQUERY_PATH}/queries", body)


def _streamed_row(world: World) -> None:
    world.make_table()
    grant(VIEWER, table=world.table)(world)
    row = {"json": {"user_id": 9, "name": "x"}}
    insert = Call("POST", f"{world.table_path(world.table)}/insertAll", {"rows": [row]})
    _as_reader(lambda _world: insert)(world)


def _as_federated(world: World) -> None:
    """The federated principal itself, which nothing is granted to but to act as the account."""
    world.call = Call("GET", POOL_PATH).by(world.federated_token(), world)


def _as_nobody(world: World) -> None:
    world.call = lambda: world.google.call("GET", POOL_PATH, token=None)


def _as_deployer(world: World) -> None:
    world.call = lambda: world.google.call("GET", POOL_PATH)


def _stale(world: World) -> None:
    """Somebody else writes the policy between this one's reading and writing."""
    _read_again(world)
    world.chain.grant(ACCOUNT_PATH, "roles/iam.serviceAccountViewer", THE_READER)


def _read_again(world: World) -> None:
    policy = world.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    world.call = lambda: world.google.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})


_IAM = (
    Case(
        name="a policy written with a stale etag",
        change="the policy is read again",
        wrong=_stale,
        right=_read_again,
        link=Link.ADMINISTRATION,
        part=Part.REQUEST,
        rule="the etag must be the policy's present one",
        status=409,
        error="ABORTED",
        says="There were concurrent policy changes.",
    ),
    Case(
        name="a call without a token",
        change="with the deployer's",
        wrong=_as_nobody,
        right=_as_deployer,
        link=Link.ADMINISTRATION,
        part=Part.TOKEN,
        rule="one bearer token, issued here and not yet expired",
        status=401,
        error="UNAUTHENTICATED",
        says="Request is missing required authentication credential.",
    ),
    _refused(
        "the federated principal itself, that looks at its pool",
        _as_federated,
        grant("roles/iam.workloadIdentityPoolViewer", member=MEMBER),
        change="`roles/iam.workloadIdentityPoolViewer` on the project",
        permission="iam.workloadIdentityPools.get",
    ),
    _reader(
        "opens the provider to everybody",
        Call("PATCH", f"{PROVIDER_PATH}?updateMask=attributeCondition", {}),
        permission="iam.workloadIdentityPoolProviders.update",
        role=_POOL_ADMIN,
    ),
    _reader(
        "deletes the pool", Call("DELETE", POOL_PATH), permission="iam.workloadIdentityPools.delete", role=_POOL_ADMIN
    ),
    _reader(
        "binds another role to itself",
        Call(
            "POST",
            f"{ACCOUNT_PATH}:setIamPolicy",
            {"policy": {"bindings": [{"role": _WIF_USER, "members": [MEMBER, f"{MEMBER}-2"]}]}},
        ),
        permission="iam.serviceAccounts.setIamPolicy",
        role=_ACCOUNT_ADMIN,
    ),
    _reader(
        "makes another service account",
        Call("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "second-reader"}),
        permission="iam.serviceAccounts.create",
        role=_ACCOUNT_ADMIN,
    ),
    _reader(
        "switches an API on",
        Call("POST", f"{PROJECT_PATH}/services/storage.googleapis.com:enable", {}),
        permission="serviceusage.services.enable",
        role="roles/serviceusage.serviceUsageAdmin",
    ),
    _refused(
        "the reader, who makes itself owner",
        _as_reader(_to_owner),
        grant("roles/resourcemanager.projectIamAdmin"),
        change="`roles/resourcemanager.projectIamAdmin` on the project",
        permission="resourcemanager.projects.setIamPolicy",
    ),
)

_WAREHOUSE = (
    _at_bigquery("makes a dataset", _new_dataset, permission="bigquery.datasets.create", role="roles/bigquery.user"),
    _at_bigquery(
        "lists the tables",
        lambda world: Call("GET", world.chain.tables_path),
        permission="bigquery.tables.list",
        role="roles/bigquery.metadataViewer",
    ),
    _at_bigquery(
        "looks at the columns of another table",
        lambda world: Call("GET", world.table_path("secrets")),
        permission="bigquery.tables.get",
        role="roles/bigquery.metadataViewer",
        table="secrets",
    ),
    _at_bigquery(
        "grants another table to itself",
        lambda world: Call(
            "POST",
            f"{world.table_path('secrets')}:setIamPolicy",
            {"policy": {"bindings": [{"role": VIEWER, "members": [THE_READER]}]}},
        ),
        permission="bigquery.tables.setIamPolicy",
        role="roles/bigquery.dataOwner",
        table="secrets",
    ),
    _at_bigquery(
        "lists the rows of another table",
        lambda world: Call("GET", f"{world.table_path('secrets')}/data"),
        permission="bigquery.tables.getData",
        role=VIEWER,
        table="secrets",
        link=Link.TABLE,
    ),
    _at_bigquery(
        "fetches the rows of another caller's query",
        _results_of_the_deployer,
        permission="bigquery.jobs.get",
        role="roles/bigquery.admin",
    ),
    _refused(
        "the reader, who streams rows into its table",
        _streamed_row,
        lambda world: grant(EDITOR, table=world.table)(world),
        change="dataEditor on the table",
        permission="bigquery.tables.updateData",
        link=Link.TABLE,
        says="Permission bigquery.tables.updateData denied on table",
    ),
    _refused(
        "the reader, who asks what a query of another table would cost",
        _as_reader(_estimate_on_secrets),
        grant(VIEWER, table="secrets"),
        change="dataViewer on that table",
        permission="bigquery.tables.getData",
        link=Link.TABLE,
        says="User does not have permission to query table",
    ),
    _refused(
        "the reader, who starts a job on another table",
        _as_reader(_job_on_secrets),
        grant(VIEWER, table="secrets"),
        change="dataViewer on that table",
        permission="bigquery.tables.getData",
        link=Link.TABLE,
        says="User does not have permission to query table",
    ),
)

CASES = (*_IAM, *_WAREHOUSE)
