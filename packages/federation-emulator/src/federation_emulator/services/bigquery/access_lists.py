"""A dataset's access list: its form, the bindings it stands for, and the views that it authorises. Pure.

Sources: Google, BigQuery REST, ``datasets.access``; "Authorized views"; "Authorized datasets".
"""

from __future__ import annotations

from typing import Any

from federation_emulator.core.errors import invalid_argument, unimplemented
from federation_emulator.core.permissions import Binding, Policy
from federation_emulator.services.bigquery.ids import dataset_id_problem, project_id_problem, table_id_problem
from federation_emulator.services.bigquery.model import Access, DatasetName, TableName
from keyless_bigquery.trust.members import member_problem

_ACCESS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
_WIRE_ROLES = {role: name for name, role in _ACCESS_ROLES.items()}
_MEMBER_KINDS = ("userByEmail", "groupByEmail", "domain", "specialGroup", "iamMember")
_RESOURCE_KINDS = ("view", "routine", "dataset")
_IDS = {"projectId": project_id_problem, "datasetId": dataset_id_problem, "tableId": table_id_problem}
_FIELDS = {"user": "userByEmail", "serviceAccount": "userByEmail", "group": "groupByEmail", "domain": "domain"}
"""Kinds of members that BigQuery has a field for: it answers ``iamMember`` so."""

_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
MOST_ENTRIES = 2500
"""BigQuery quotas: resources in a dataset's access control list."""

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


def read_access(listed: list[dict[str, Any]]) -> Access:
    """Read an access list in the API's form, its fields and their types checked.

    Raises:
        ApiError: 400, an entry without exactly one holder, with a role that isn't known here, or a member that is
            malformed, all users, or unknown; 501, a condition or a routine.
    """
    if len(listed) > MOST_ENTRIES:
        raise invalid_argument(f"The access list has {len(listed)} entries; the limit is {MOST_ENTRIES}.")
    return Access(entries=tuple(map(_read_entry, listed)))


def members(access: Access | None) -> list[str]:
    """List whom an access list names, as IAM members; special groups and what authorises views name none."""
    return [member for entry in (access.entries if access else ()) if (member := _member(entry))]


def _read_entry(entry: dict[str, Any]) -> dict[str, Any]:
    holders = [kind for kind in (*_MEMBER_KINDS, *_RESOURCE_KINDS) if entry.get(kind) not in (None, "")]
    if len(holders) != 1:
        raise invalid_argument(
            "An access entry must have exactly one of userByEmail, groupByEmail, domain, specialGroup, iamMember, "
            "view, routine, or dataset."
        )
    holder = holders[0]
    if entry.get("condition") is not None:
        raise unimplemented("Conditions in a dataset's access list are not offered by the local cloud.")
    if holder in _RESOURCE_KINDS:
        return _read_resource(entry, holder)
    role, name = _WIRE_ROLES.get(entry.get("role") or "", entry.get("role")), entry[holder]
    if role not in _ACCESS_ROLES:
        raise invalid_argument(
            f"Invalid access entry: role {role!r:.60} for {holder} {name!r:.200}. Known here: "
            f"{', '.join((*_ACCESS_ROLES, *_WIRE_ROLES))}."
        )
    _check_member(holder, name)
    kind, _, rest = name.partition(":")
    if holder == "iamMember" and kind in _FIELDS:
        holder, name = _FIELDS[kind], rest
    return {"role": role, holder: name}


def _check_member(holder: str, name: str) -> None:
    """Insist on a member that a policy may name too; a special group is one of the project's."""
    if holder == "specialGroup" and name not in _EVERYBODY:
        if name not in _SPECIAL_GROUPS:
            raise invalid_argument(f"Invalid access entry: there is no specialGroup {name!r:.100}.")
        return
    if problem := member_problem(_member({holder: name}) or name):
        raise invalid_argument(problem)


def _member(entry: dict[str, Any]) -> str:
    """Write the holder of an entry as an IAM member; empty for one that is none."""
    if email := entry.get("userByEmail"):
        # Whose address it is, its domain says: BigQuery has one field for both.
        kind = "serviceAccount" if email.lower().endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{email}"
    if group := entry.get("groupByEmail"):
        return f"group:{group}"
    if domain := entry.get("domain"):
        return f"domain:{domain}"
    return str(entry.get("iamMember") or "")


def _read_resource(entry: dict[str, Any], holder: str) -> dict[str, Any]:
    """Read an entry that authorises a view, or all views of a dataset. It has no role."""
    if entry.get("role"):
        raise invalid_argument(f"An access entry for a {holder} must not have a role: it authorises its views.")
    if holder == "routine":
        raise unimplemented("Authorized routines are not offered by the local cloud: it runs no routines.")
    named = entry[holder]
    if holder == "view":
        return {"view": _reference(named, ("projectId", "datasetId", "tableId"))}
    if named.get("targetTypes") != ["VIEWS"]:
        raise invalid_argument('An access entry for a dataset must have targetTypes: ["VIEWS"].')
    reference = _reference(named.get("dataset") or {}, ("projectId", "datasetId"))
    return {"dataset": {"dataset": reference, "targetTypes": ["VIEWS"]}}


def _reference(value: dict[str, Any], parts: tuple[str, ...]) -> dict[str, str]:
    for part in parts:
        if problem := _IDS[part](value.get(part) or ""):
            raise invalid_argument(f"Invalid access entry: {problem}")
    return {part: value[part] for part in parts}


def without_views_of(access: Access, gone: TableName | DatasetName) -> Access:
    """Take out what authorises a view, or the views of a dataset, that isn't there any more."""
    whole = gone.within.reference if isinstance(gone, TableName) else gone.reference

    def names_it(entry: dict[str, Any]) -> bool:
        if isinstance(gone, TableName):
            return bool(entry.get("view") == gone.reference)
        view = entry.get("view") or {}
        return (entry.get("dataset") or {}).get("dataset") == whole or whole.items() <= view.items()

    return Access(entries=tuple(entry for entry in access.entries if not names_it(entry)))


def authorises(access: Access | None, view: TableName) -> bool:
    """Say whether a dataset's access list lets a view read there on behalf of the readers of the view.

    Either the view itself is in it, or its dataset for all views ("Authorized views", "Authorized datasets").
    """
    home = {"dataset": view.within.reference, "targetTypes": ["VIEWS"]}
    entries = access.entries if access else ()
    return any(entry.get("view") == view.reference or entry.get("dataset") == home for entry in entries)


def access_policy(access: Access | None, *, project: Policy) -> Policy:
    """Turn a dataset's access list into the bindings it stands for.

    Special groups mean the principals that hold the basic role on the project. Groups and domains mean no one here:
    the local cloud knows no group's members.
    """
    bindings: list[Binding] = []
    for entry in access.entries if access else ():
        if "role" not in entry:
            continue  # it authorises a view, and holds no role
        role = _ACCESS_ROLES[entry["role"]]
        if group := _SPECIAL_GROUPS.get(str(entry.get("specialGroup"))):
            meant = tuple(m for b in project.bindings if b.role == group for m in b.members)
        else:
            meant = (_member(entry),)
        if meant:
            bindings.append(Binding(role=role, members=meant))
    return Policy(bindings=tuple(bindings))
