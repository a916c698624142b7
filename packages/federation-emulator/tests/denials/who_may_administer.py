"""The reader at everything but its table, and a deployer who comes too late at a policy."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from federation_emulator.core.trace import Link, Part
from tests.denials.bigquery import EDITOR, THE_READER, VIEWER, grant
from tests.denials.case import By, Case, Step, having
from tests.denials.world import PROJECT_PATH, World
from tests.emulator.chain import ACCOUNT_PATH, BIGQUERY_PATH, MEMBER, POOL_PATH, PROVIDER_PATH
from tests.emulator.google_server import DEPLOYER_TOKEN

_WIF_USER = "roles/iam.workloadIdentityUser"
_POOL_ADMIN, _ACCOUNT_ADMIN = "roles/iam.workloadIdentityPoolAdmin", "roles/iam.serviceAccountAdmin"


Call = tuple[str, str, Any]
"""Method, path and body of a call of an API."""


def _calls(make: Callable[[World], Call], by: Callable[[World], str] = World.access_token) -> Step:
    """Call with a token, the reader's if no other is made. It is remembered, to be searched for in what is printed."""

    def step(world: World) -> None:
        method, path, body = make(world)
        token = by(world)
        world.seen.add(token)
        world.call = lambda: world.google.call(method, path, body, token=token)

    return step


_ADMINISTRATION = By(Link.ADMINISTRATION, Part.PERMISSION, "", 403, "PERMISSION_DENIED")
_TABLE = replace(_ADMINISTRATION, link=Link.TABLE)


def _refused(
    name: str, wrong: Step, right: Step, *, change: str, permission: str, by: By = _ADMINISTRATION, says: str = ""
) -> Case:
    says = says or f"Permission '{permission}' denied on resource"
    return by(name, change, wrong, right, rule=f"{permission} is needed", says=says)


def _reader(name: str, permission: str, role: str, call: Call) -> Case:
    return _refused(
        f"the reader, who {name}",
        _calls(lambda _world: call),
        grant(role),
        change=f"`{role}` on the project",
        permission=permission,
    )


def _at_bigquery(
    name: str, permission: str, role: str, make: Callable[[World], Call], *, table: str = "", by: By = _ADMINISTRATION
) -> Case:
    return _refused(
        f"the reader, who {name}",
        _calls(make),
        grant(role, table=table),
        change=f"`{role}` on the {'table' if table else 'project'}",
        permission=permission,
        by=by,
        says=f"Permission {permission} denied on",
    )


def _to_owner(world: World) -> Call:
    bindings = world.google.done("POST", f"{PROJECT_PATH}:getIamPolicy")["bindings"]
    owner = {"role": "roles/owner", "members": [THE_READER]}
    return "POST", f"{PROJECT_PATH}:setIamPolicy", {"policy": {"bindings": [*bindings, owner]}}


def _new_dataset(_world: World) -> Call:
    reference = {"datasetId": f"own_{secrets.token_hex(4)}"}
    return "POST", f"{BIGQUERY_PATH}/datasets", {"datasetReference": reference}


def _query_of_secrets(world: World, **more: object) -> dict[str, object]:
    return {"query": world.chain.sql("SELECT name FROM {secrets}"), "useLegacySql": False, **more}


def _results_of_the_deployer(world: World) -> Call:
    job = world.google.done("POST", f"{BIGQUERY_PATH}/queries", _query_of_secrets(world))["jobReference"]["jobId"]
    return "GET", f"{BIGQUERY_PATH}/queries/{job}", None


def _streamed_row(world: World) -> Call:
    world.make_table()
    grant(VIEWER, table=world.table)(world)
    return "POST", f"{world.table_path(world.table)}/insertAll", {"rows": [{"json": {"user_id": 9, "name": "x"}}]}


def _look_at_the_pool(token: str | None) -> Step:
    return lambda world: having(call=lambda: world.google.call("GET", POOL_PATH, token=token))(world)


def _stale(world: World) -> None:
    """Another caller writes the policy between this one's reading and writing."""
    _read_again(world)
    world.chain.grant(ACCOUNT_PATH, "roles/iam.serviceAccountViewer", THE_READER)


def _read_again(world: World) -> None:
    policy = world.google.done("POST", f"{ACCOUNT_PATH}:getIamPolicy")
    world.call = lambda: world.google.call("POST", f"{ACCOUNT_PATH}:setIamPolicy", {"policy": policy})


_IAM = (
    replace(_ADMINISTRATION, part=Part.REQUEST, rule="the etag must be the policy's present one", status=409)(
        "a policy written with a stale etag",
        "the policy is read again",
        _stale,
        _read_again,
        error="ABORTED",
        says="There were concurrent policy changes.",
    ),
    replace(_ADMINISTRATION, part=Part.TOKEN, rule="one bearer token, issued here and not yet expired", status=401)(
        "a call without a token",
        "with the deployer's",
        _look_at_the_pool(None),
        _look_at_the_pool(DEPLOYER_TOKEN),
        error="UNAUTHENTICATED",
        says="Request is missing required authentication credential.",
    ),
    _refused(
        "the federated principal itself, that looks at its pool",
        # Nothing is granted to it but to act as the account.
        _calls(lambda _world: ("GET", POOL_PATH, None), by=World.federated_token),
        grant("roles/iam.workloadIdentityPoolViewer", member=MEMBER),
        change="`roles/iam.workloadIdentityPoolViewer` on the project",
        permission="iam.workloadIdentityPools.get",
    ),
    _reader(
        "opens the provider to everybody",
        "iam.workloadIdentityPoolProviders.update",
        _POOL_ADMIN,
        ("PATCH", f"{PROVIDER_PATH}?updateMask=attributeCondition", {}),
    ),
    _reader("deletes the pool", "iam.workloadIdentityPools.delete", _POOL_ADMIN, ("DELETE", POOL_PATH, None)),
    _reader(
        "binds another role to itself",
        "iam.serviceAccounts.setIamPolicy",
        _ACCOUNT_ADMIN,
        (
            "POST",
            f"{ACCOUNT_PATH}:setIamPolicy",
            {"policy": {"bindings": [{"role": _WIF_USER, "members": [MEMBER, f"{MEMBER}-2"]}]}},
        ),
    ),
    _reader(
        "makes another service account",
        "iam.serviceAccounts.create",
        _ACCOUNT_ADMIN,
        ("POST", f"{PROJECT_PATH}/serviceAccounts", {"accountId": "second-reader"}),
    ),
    _reader(
        "switches an API on",
        "serviceusage.services.enable",
        "roles/serviceusage.serviceUsageAdmin",
        ("POST", f"{PROJECT_PATH}/services/storage.googleapis.com:enable", {}),
    ),
    _refused(
        "the reader, who makes itself owner",
        _calls(_to_owner),
        grant("roles/resourcemanager.projectIamAdmin"),
        change="`roles/resourcemanager.projectIamAdmin` on the project",
        permission="resourcemanager.projects.setIamPolicy",
    ),
)

_BIGQUERY = (
    _at_bigquery("makes a dataset", "bigquery.datasets.create", "roles/bigquery.user", _new_dataset),
    _at_bigquery(
        "lists the tables",
        *("bigquery.tables.list", "roles/bigquery.metadataViewer"),
        lambda world: ("GET", world.chain.tables_path, None),
    ),
    _at_bigquery(
        "looks at the columns of another table",
        *("bigquery.tables.get", "roles/bigquery.metadataViewer"),
        lambda world: ("GET", world.table_path("secrets"), None),
        table="secrets",
    ),
    _at_bigquery(
        "grants another table to itself",
        *("bigquery.tables.setIamPolicy", "roles/bigquery.dataOwner"),
        lambda world: (
            "POST",
            f"{world.table_path('secrets')}:setIamPolicy",
            {"policy": {"bindings": [{"role": VIEWER, "members": [THE_READER]}]}},
        ),
        table="secrets",
    ),
    _at_bigquery(
        "lists the rows of another table",
        *("bigquery.tables.getData", VIEWER),
        lambda world: ("GET", f"{world.table_path('secrets')}/data", None),
        table="secrets",
        by=_TABLE,
    ),
    _at_bigquery(
        "fetches the rows of another caller's query",
        "bigquery.jobs.get",
        "roles/bigquery.admin",
        _results_of_the_deployer,
    ),
    _refused(
        "the reader, who streams rows into its table",
        _calls(_streamed_row),
        lambda world: grant(EDITOR, table=world.table)(world),
        change="dataEditor on the table",
        permission="bigquery.tables.updateData",
        by=_TABLE,
        says="Permission bigquery.tables.updateData denied on table",
    ),
    *(
        _refused(
            f"the reader, who {name}",
            _calls(make),
            grant(VIEWER, table="secrets"),
            change="dataViewer on that table",
            permission="bigquery.tables.getData",
            by=_TABLE,
            says="User does not have permission to query table",
        )
        for name, make in (
            (
                "asks what a query of another table would cost",
                lambda world: ("POST", f"{BIGQUERY_PATH}/queries", _query_of_secrets(world, dryRun=True)),
            ),
            (
                "starts a job on another table",
                lambda world: ("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": {"query": _query_of_secrets(world)}}),
            ),
        )
    ),
)

CASES = (*_IAM, *_BIGQUERY)
