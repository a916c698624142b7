"""What BigQuery's gateway decides: which policies count, which text a refusal has, which bytes are billed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_cloud.errors import ApiError, invalid_argument, not_found, unimplemented
from local_cloud.permissions import CREATE_JOB, GET_DATA, Binding, Policy
from local_cloud.services.bigquery.model import Access, TableName
from local_cloud.services.bigquery.sql import Need, UnreadableSqlError
from local_cloud.trace import Part, Refusal, Refused

MINIMUM_BYTES_BILLED = 10 * 1024 * 1024
"""BigQuery bills at least 10 MB for each table that a query references (BigQuery pricing)."""

_ACCESS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
_WIRE_ROLES = {role: name for name, role in _ACCESS_ROLES.items()}
_MEMBER_KINDS = ("userByEmail", "groupByEmail", "domain", "specialGroup", "iamMember")
_RESOURCE_KINDS = ("view", "routine", "dataset")
_SPECIAL_GROUPS = {"projectOwners": "roles/owner", "projectWriters": "roles/editor", "projectReaders": "roles/viewer"}
_INT64 = re.compile(r"[0-9]{1,18}")

QUERY_FIELDS = frozenset(
    {
        "kind",
        "query",
        "useLegacySql",
        "maxResults",
        "timeoutMs",
        "dryRun",
        "queryParameters",
        "parameterMode",
        "useQueryCache",
        "requestId",
        "labels",
        "location",
        "formatOptions",
        "maximumBytesBilled",
        "jobCreationMode",
        "defaultDataset",
        "preserveNulls",
        "priority",
        "jobTimeoutMs",
    }
)
"""Fields of a query that are understood; any other changes where data goes, and is refused."""


def check_query_fields(query: dict[str, Any]) -> str:
    """Check a query's settings.

    Returns:
        The SQL.

    Raises:
        ApiError: 400, legacy SQL or no query; 501, a setting that isn't understood here.
    """
    unknown = sorted(key for key, value in query.items() if key not in QUERY_FIELDS and value not in (None, False))
    if unknown:
        raise unimplemented(f"Query setting {unknown[0]} is not offered by the local cloud.")
    if query.get("useLegacySql") is not False:
        # The API's default is legacy SQL, so a request that doesn't say is one that asks for it.
        raise invalid_argument(
            "Legacy SQL is not offered by the local cloud: send useLegacySql: false (bq: --use_legacy_sql=false).",
            reason="invalidQuery",
        )
    sql = query.get("query")
    if not isinstance(sql, str) or not sql.strip():
        raise invalid_argument("Required parameter is missing: query", reason="required")
    return sql


def check_bytes_billed(query: dict[str, Any], tables: Sequence[TableName]) -> None:
    """Honour ``maximumBytesBilled``: the warehouse bills nothing, so BigQuery's minimum for each table counts.

    Raises:
        ApiError: 400, not a positive whole number, or less than BigQuery would bill.
    """
    limit = query.get("maximumBytesBilled")
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, str | int) or not _INT64.fullmatch(str(limit)):
        raise invalid_argument(f"Invalid value at 'maximumBytesBilled' (TYPE_INT64), {limit!r:.40}")
    billed = MINIMUM_BYTES_BILLED * len(tables)
    if 0 < int(limit) < billed:
        raise invalid_argument(
            f"Query exceeded limit for bytes billed: {limit}. {billed} or higher required.",
            reason="bytesBilledLimitExceeded",
        )


def unreadable(problem: UnreadableSqlError) -> Refused:
    """Refuse a statement that isn't understood."""
    return Refused(
        Refusal(
            part=Part.REQUEST,
            rule=problem.rule,
            saw=problem.saw,
            wanted="a statement whose tables are all known before it runs",
            mend="rewrite the statement; docs say what the local gateway understands",
        ),
        invalid_argument(str(problem), reason="invalidQuery"),
    )


def job_denied(project: str) -> ApiError:
    """B1: no ``bigquery.jobs.create`` on the project that pays."""
    return _denied(
        CREATE_JOB,
        f"Access Denied: Project {project}: User does not have {CREATE_JOB} permission in project {project}.",
    )


def foreign_job_denied(permission: str, job: str) -> ApiError:
    """Somebody else's job, for who does not administer the project's."""
    return _denied(
        permission, f"Access Denied: Job {job}: Permission {permission} denied on job {job} (or it may not exist)."
    )


def query_denied(table: TableName) -> ApiError:
    """B2: a query names a table that the principal may not read."""
    return _denied(
        GET_DATA,
        f"Access Denied: Table {table}: User does not have permission to query table {table}, or perhaps it does "
        "not exist.",
    )


def need_denied(need: Need, project: str) -> ApiError:
    """B3 to B5: a permission on a table, a dataset or the project is missing."""
    if need.table is not None:
        what = f"Table {need.table}"
    elif need.dataset:
        what = f"Dataset {project}:{need.dataset}"
    else:
        what = f"Project {project}"
    kind, _, name = what.partition(" ")
    return _denied(
        need.permission,
        f"Access Denied: {what}: Permission {need.permission} denied on {kind.lower()} {name} (or it may not exist).",
    )


def table_missing(table: TableName, location: str) -> ApiError:
    """B6: the table isn't there, told to someone who may know."""
    return not_found(f"Not found: Table {table} was not found in location {location}")


def dataset_missing(project: str, dataset: str, location: str) -> ApiError:
    """B6: the dataset isn't there, or not in the job's location."""
    return not_found(f"Not found: Dataset {project}:{dataset} was not found in location {location}")


def _denied(permission: str, message: str) -> ApiError:
    return ApiError(
        403,
        "PERMISSION_DENIED",
        message,
        reason="accessDenied",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "IAM_PERMISSION_DENIED",
                "domain": "bigquery.googleapis.com",
                "metadata": {"permission": permission},
            }
        ],
    )


def default_access(creator_email: str) -> Access:
    """Build the access list of a dataset made without one (BigQuery REST, ``datasets.access``)."""
    entries: list[dict[str, Any]] = [
        {"role": "WRITER", "specialGroup": "projectWriters"},
        {"role": "OWNER", "specialGroup": "projectOwners"},
    ]
    if creator_email:
        entries.append({"role": "OWNER", "userByEmail": creator_email})
    entries.append({"role": "READER", "specialGroup": "projectReaders"})
    return Access(entries=tuple(entries))


def read_access(listed: object) -> Access:
    """Read an access list in the API's form.

    Raises:
        ApiError: 400, an entry without exactly one holder, or with a role that isn't known here.
    """
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise invalid_argument("Invalid value at 'access', expected a list of objects.")
    return Access(entries=tuple(_read_entry(entry) for entry in listed))


def _read_entry(entry: dict[str, Any]) -> dict[str, Any]:
    holders = [kind for kind in (*_MEMBER_KINDS, *_RESOURCE_KINDS) if entry.get(kind)]
    if len(holders) != 1:
        raise invalid_argument(
            "An access entry must have exactly one of userByEmail, groupByEmail, domain, specialGroup defined, view, "
            "routine, or dataset."
        )
    holder = holders[0]
    if entry.get("condition"):
        raise unimplemented("Conditions in a dataset's access list are not offered by the local cloud.")
    if holder in _RESOURCE_KINDS:
        raise unimplemented(f"Authorized {holder}s are not offered by the local cloud.")
    role, name = str(entry.get("role")), entry[holder]
    role = _WIRE_ROLES.get(role, role)
    if role not in _ACCESS_ROLES or not isinstance(name, str):
        raise invalid_argument(f"Invalid access entry: role {role!r:.60} for {holder} {name!r:.200}.")
    if holder == "iamMember" and name.partition(":")[0] in {"user", "serviceAccount"}:
        holder, name = "userByEmail", name.partition(":")[2]
    return {"role": role, holder: name}


def access_policy(access: Access | None, project: Policy) -> Policy:
    """Turn a dataset's access list into the bindings it stands for.

    Special groups mean whoever holds the basic role on the project. Groups and domains mean nobody here: the
    local cloud knows no group's members.
    """
    bindings: list[Binding] = []
    for entry in access.entries if access else ():
        role = _ACCESS_ROLES[entry["role"]]
        members: tuple[str, ...] = ()
        if email := entry.get("userByEmail"):
            kind = "serviceAccount" if str(email).endswith(".gserviceaccount.com") else "user"
            members = (f"{kind}:{email}",)
        elif member := entry.get("iamMember"):
            members = (str(member),)
        elif group := _SPECIAL_GROUPS.get(str(entry.get("specialGroup"))):
            members = tuple(m for b in project.bindings if b.role == group for m in b.members)
        if members:
            bindings.append(Binding(role=role, members=members))
    return Policy(bindings=tuple(bindings))
