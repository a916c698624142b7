"""Grants on Google Cloud: to whom, of what, and without taking others' away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyless_tools.guardrails.model import Finding, Resource, Rule, StackRule, Unknown, unknown
from keyless_tools.guardrails.values import last_key, leaves, mapping, texts

_PUBLIC = frozenset({"allusers", "allauthenticatedusers"})
_WHOLE_POOL = re.compile(r"principalset://iam\.googleapis\.com/.*/(?:workloadidentitypools|workforcepools)/[^/]+/\*")
_MEMBER_KEYS = frozenset({"member", "members", "iamMember", "entity"})

_OF_BIGQUERY = "gcp:bigquery/"
_READS_ROWS = frozenset({"roles/bigquery.dataviewer", "roles/bigquery.dataeditor", "roles/bigquery.filtereddataviewer"})
_ONE_ACCOUNT = "gcp:serviceaccount/"
_IMPERSONATOR = "roles/iam.workloadidentityuser"
_BROAD = frozenset(
    f"roles/{role}".lower()
    for role in (
        *("owner", "editor", "viewer"),
        # The basic roles of 2025.
        *("admin", "writer", "reader"),
        *("bigquery.admin", "bigquery.dataOwner"),
        # By these a member becomes a service account, at once or with one more step.
        *("iam.serviceAccountTokenCreator", "iam.serviceAccountOpenIdTokenCreator", "iam.serviceAccountUser"),
        *("iam.serviceAccountKeyAdmin", "iam.serviceAccountAdmin", "iam.workloadIdentityPoolAdmin"),
        # By these a member gets any of the above.
        *("iam.securityAdmin", "iam.roleAdmin", "iam.organizationRoleAdmin"),
        *("resourcemanager.projectIamAdmin", "resourcemanager.folderIamAdmin"),
        *("resourcemanager.folderAdmin", "resourcemanager.organizationAdmin"),
    )
)
_BROAD_PERMISSIONS = re.compile(
    r"iam\.serviceaccounts\.(?:actas|getaccesstoken|getopenidtoken|implicitdelegation|signblob|signjwt)"
    r"|iam\.serviceaccountkeys\.(?:create|upload)|iam\.workloadidentitypool(?:provider)?s\.(?:create|update)"
    r"|iam\.roles\.update|.*\.setiampolicy"
)
_AUTHORITATIVE = re.compile(r"gcp:.*:\w*iam(?:binding|policy|memberremove)", re.ASCII)
_AUTHORITATIVE_BESIDES = frozenset(
    {
        # Writes the access list anew, without the authorised views that are in it.
        "gcp:bigquery/datasetiammember:datasetiammember",
        "aws:iam/policyattachment:policyattachment",
        "aws:iam/rolepoliciesexclusive:rolepoliciesexclusive",
        "aws:iam/rolepolicyattachmentsexclusive:rolepolicyattachmentsexclusive",
        "gcp:storage/bucketacl:bucketacl",
    }
)
_DATASET = "gcp:bigquery/dataset:dataset"
_DATASET_ACCESS = "gcp:bigquery/datasetaccess:datasetaccess"
_FUNCTION = "aws:lambda/function:function"
_TABLES = "BIGQUERY_TABLES"


def _is_google(resource: Resource) -> bool:
    return resource.kind.startswith(("gcp:", "google-native:"))


def _members(resource: Resource) -> Iterator[Finding]:
    if not _is_google(resource):
        return
    for where, value in leaves(resource.inputs):
        if isinstance(value, Unknown) and last_key(where) in _MEMBER_KEYS:
            yield unknown(where)
        elif isinstance(value, str) and value.strip().lower() in _PUBLIC:
            yield Finding(where=where, actual=value, fix="name the one principal that needs it")
        elif isinstance(value, str) and _WHOLE_POOL.fullmatch(value.strip().lower()):
            yield Finding(
                where=where, actual=value, fix="name a role: principalSet://…/POOL/attribute.aws_role/ROLE_ARN"
            )


NO_OPEN_MEMBER = Rule(
    name="no-open-member",
    why="A whole pool is every identity of every provider in it, now and later; allUsers is everyone.",
    judge=_members,
)


def _roles(resource: Resource) -> Iterator[Finding]:
    if not _is_google(resource):
        return
    for where, value in leaves(resource.inputs):
        key = last_key(where)
        if key in {"role", "roles"}:
            if isinstance(value, Unknown):
                yield unknown(where)
            elif isinstance(value, str):
                yield from _role(resource, where, value.strip())
        elif key == "permissions" and isinstance(value, str) and _BROAD_PERMISSIONS.fullmatch(value.strip().lower()):
            yield Finding(where=where, actual=value, fix="leave this permission out of the custom role")


def _role(resource: Resource, where: str, role: str) -> Iterator[Finding]:
    if role.lower() in _BROAD:
        yield Finding(
            where=where,
            actual=role,
            fix="grant what is used: bigquery.jobUser on the project, bigquery.dataViewer on the table, "
            "iam.workloadIdentityUser on the one account",
        )
    elif role.lower() == _IMPERSONATOR and not resource.kind.startswith(_ONE_ACCOUNT):
        yield Finding(
            where=where,
            actual=f"{role} on more than one service account",
            fix="grant it on the one account, with gcp.serviceaccount.IAMMember",
        )
    elif role.lower() in _READS_ROWS and not resource.kind.startswith(_OF_BIGQUERY):
        yield Finding(
            where=where,
            actual=f"{role} on more than one dataset",
            fix="grant it on the table, with gcp.bigquery.IamMember; the setting `tables` lists more of them",
        )


NO_BROAD_ROLE = Rule(
    name="no-broad-role",
    why="It opens more than one table, or is a way to become any service account of the project.",
    judge=_roles,
)


def _authoritative(resource: Resource) -> Iterator[Finding]:
    if _AUTHORITATIVE.fullmatch(resource.kind) or resource.kind in _AUTHORITATIVE_BESIDES:
        yield Finding(
            where="its type",
            actual=resource.type,
            fix="grant single members: …IAMMember, …IamMember, RolePolicyAttachment",
        )
    if resource.kind == _DATASET and texts(resource.inputs.get("accesses")):
        yield Finding(
            where="accesses", actual="the dataset's whole access list", fix="grant on the table, with IamMember"
        )


NO_AUTHORITATIVE_IAM = Rule(
    name="no-authoritative-iam",
    why="It owns a whole list of grants, and takes away those that others have made.",
    judge=_authoritative,
)


def _datasets(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    granted = [resource for resource in resources if resource.kind == _DATASET_ACCESS]
    if not granted:
        return
    lists = [_tables_of(resource) for resource in resources if resource.kind == _FUNCTION]
    listed = {name for tables in lists if isinstance(tables, str) for name in tables.split(",")}
    for resource in granted:
        project, dataset = resource.inputs.get("project"), resource.inputs.get("datasetId")
        if isinstance(project, Unknown) or isinstance(dataset, Unknown):
            yield resource, unknown("datasetId")
        elif f"{project}.{dataset}" in listed:
            continue
        elif any(isinstance(tables, Unknown) for tables in lists):
            yield resource, unknown("datasetId", f"whether {_TABLES} lists it is seen while `pulumi up` runs")
        else:
            yield (
                resource,
                Finding(
                    where="datasetId",
                    actual=f"{project}.{dataset}, which no function of the stack lists",
                    fix="grant on the tables that are read; or list the whole dataset in the setting `tables`",
                ),
            )


def _tables_of(function: Resource) -> str | Unknown:
    """All that a function may read, joined by commas."""
    environment = function.inputs.get("environment")
    variables = environment if isinstance(environment, Unknown) else mapping(environment).get("variables")
    found = variables if isinstance(variables, Unknown) else mapping(variables).get(_TABLES, "")
    return found if isinstance(found, Unknown) else str(found)


LISTED_DATASET = StackRule(
    name="listed-dataset",
    why="A grant on a dataset opens all that is in it, and what is added later.",
    judge=_datasets,
)
