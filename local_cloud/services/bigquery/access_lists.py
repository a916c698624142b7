"""A dataset's access list: its form, the bindings it stands for, and the views that it authorises. Pure.

Sources: Google, BigQuery REST, ``datasets.access``; "Authorized views"; "Authorized datasets".
"""

from __future__ import annotations

import re
from typing import Any

from local_cloud.errors import invalid_argument, unimplemented
from local_cloud.permissions import Binding, Policy
from local_cloud.services.bigquery.model import Access, DatasetName, TableName

_ACCESS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
_WIRE_ROLES = {role: name for name, role in _ACCESS_ROLES.items()}
_MEMBER_KINDS = ("userByEmail", "groupByEmail", "domain", "specialGroup", "iamMember")
_RESOURCE_KINDS = ("view", "routine", "dataset")
_ID = re.compile(r"[^\W_][\w -]{0,1023}")
_SPECIAL_GROUPS = {"projectOwners": "roles/owner", "projectWriters": "roles/editor", "projectReaders": "roles/viewer"}


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
        return _read_resource(entry, holder)
    role, name = str(entry.get("role")), entry[holder]
    role = _WIRE_ROLES.get(role, role)
    if role not in _ACCESS_ROLES or not isinstance(name, str):
        raise invalid_argument(f"Invalid access entry: role {role!r:.60} for {holder} {name!r:.200}.")
    if holder == "iamMember" and name.partition(":")[0] in {"user", "serviceAccount"}:
        holder, name = "userByEmail", name.partition(":")[2]
    return {"role": role, holder: name}


def _read_resource(entry: dict[str, Any], holder: str) -> dict[str, Any]:
    """Read an entry that authorises a view, or all views of a dataset. It has no role."""
    if entry.get("role"):
        raise invalid_argument(f"An access entry for a {holder} must not have a role: it authorises its views.")
    if holder == "routine":
        raise unimplemented("Authorized routines are not offered by the local cloud: it runs no routines.")
    named = entry[holder]
    if holder == "view":
        return {"view": _reference(named, ("projectId", "datasetId", "tableId"))}
    kinds = named.get("targetTypes") if isinstance(named, dict) else None
    if kinds != ["VIEWS"]:
        raise invalid_argument('An access entry for a dataset must have targetTypes: ["VIEWS"].')
    reference = _reference(named.get("dataset"), ("projectId", "datasetId"))
    return {"dataset": {"dataset": reference, "targetTypes": ["VIEWS"]}}


def _reference(value: object, parts: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(value, dict) or not all(_ID.fullmatch(str(value.get(part, ""))) for part in parts):
        raise invalid_argument(f"An access entry's reference must have {', '.join(parts)}.")
    return {part: value[part] for part in parts}


def without_views_of(access: Access, gone: TableName | DatasetName) -> Access:
    """Take out what authorises a view, or the views of a dataset, that isn't there any more."""
    whole = {"projectId": gone.project, "datasetId": gone.dataset}

    def names_it(entry: dict[str, Any]) -> bool:
        if isinstance(gone, TableName):
            return bool(entry.get("view") == {**whole, "tableId": gone.table})
        view = entry.get("view") or {}
        return (entry.get("dataset") or {}).get("dataset") == whole or whole.items() <= view.items()

    return Access(entries=tuple(entry for entry in access.entries if not names_it(entry)))


def authorises(access: Access | None, view: TableName) -> bool:
    """Say whether a dataset's access list lets a view read there on behalf of whoever may read the view.

    Either the view itself is in it, or its dataset for all views ("Authorized views", "Authorized datasets").
    """
    own = {"projectId": view.project, "datasetId": view.dataset, "tableId": view.table}
    home = {"dataset": {"projectId": view.project, "datasetId": view.dataset}, "targetTypes": ["VIEWS"]}
    return any(entry.get("view") == own or entry.get("dataset") == home for entry in (access.entries if access else ()))


def access_policy(access: Access | None, *, project: Policy) -> Policy:
    """Turn a dataset's access list into the bindings it stands for.

    Special groups mean whoever holds the basic role on the project. Groups and domains mean nobody here: the
    local cloud knows no group's members.
    """
    bindings: list[Binding] = []
    for entry in access.entries if access else ():
        if "role" not in entry:
            continue  # it authorises a view, which is nobody's role
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
