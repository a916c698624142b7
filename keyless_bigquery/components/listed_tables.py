"""The grants on what a reader may read besides its first table: one for each table or dataset that is listed.

A table's grant is a member of its own allow policy. A dataset has an access list instead, and of the kinds that write
there only ``DatasetAccess`` leaves the other entries alone: ``DatasetIamMember`` writes the list anew without its
authorised views. Source: hashicorp/terraform-provider-google-beta, ``iam_bigquery_dataset.go``, ``accessToPolicy``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import pulumi
import pulumi_gcp as gcp

from keyless_bigquery.components import children
from keyless_bigquery.settings.reader_settings import slug

READS = "roles/bigquery.dataViewer"
"""The role of every grant."""

_LONGEST_SLUG = 60


class Grantee(Protocol):
    """Who reads."""

    @property
    def email(self) -> pulumi.Output[str] | None:
        """An account's e-mail address; ``None``: it reads under its own principal."""

    @property
    def member(self) -> pulumi.Output[str]:
        """The same as a member of a policy."""


Made = Mapping[str, pulumi.Output[str]]
"""The ids of what the stack itself makes, by name: of a table its own, of a dataset the dataset's."""


def logical_name(name: str) -> str:
    """The grant's logical name: readable, and unique, since names may differ in case or signs only.

    Args:
        name: ``project.dataset.table`` or ``project.dataset``.
    """
    return f"may-read-{slug(name)[:_LONGEST_SLUG].strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def grants(
    names: Sequence[str],
    reader: Grantee,
    *,
    called: children.Names,
    opts: pulumi.ResourceOptions,
    made: Made = MappingProxyType({}),
) -> list[pulumi.Resource]:
    """Makes the grants."""
    return [_grant(name, reader, called=called, opts=opts, made=made) for name in names]


def _grant(
    name: str, reader: Grantee, *, called: children.Names, opts: pulumi.ResourceOptions, made: Made
) -> pulumi.Resource:
    project, dataset, *table = name.split(".")
    dataset_id = made.get(f"{project}.{dataset}", dataset)
    if table:
        return gcp.bigquery.IamMember(
            called(logical_name(name)),
            project=project,
            dataset_id=dataset_id,
            table_id=made.get(name, table[0]),
            role=READS,
            member=reader.member,
            opts=opts,
        )
    # An account under its e-mail: BigQuery answers it there, wherever it was written.
    return gcp.bigquery.DatasetAccess(
        called(logical_name(name)),
        project=project,
        dataset_id=dataset_id,
        role=READS,
        user_by_email=reader.email,
        iam_member=reader.member if reader.email is None else None,
        opts=opts,
    )
