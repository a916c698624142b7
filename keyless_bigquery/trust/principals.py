"""Who asks: the principals for whom tokens speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a token speaks for.

    Attributes:
        member: Its own IAM member form: ``user:…``, ``serviceAccount:…`` or ``principal://…/subject/…``.
        pool: For a federated principal, the pool's resource name (``projects/N/locations/global/…``).
        subject: For a federated principal, the mapped ``google.subject``.
        attributes: For a federated principal, the mapped ``attribute.*`` values by bare name.
        groups: For a federated principal, the mapped ``google.groups``.
        unique_id: For a service account, the id that a namesake created later doesn't share.
    """

    member: str
    pool: str = ""
    subject: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    unique_id: str = ""

    @property
    def email(self) -> str:
        """The e-mail of a user or service account; empty for a federated principal."""
        return "" if self.pool else self.member.partition(":")[2]


def federated_principal(
    *, pool: str, subject: str, attributes: Mapping[str, str], groups: tuple[str, ...] = ()
) -> Principal:
    """Name the principal that a mapped external identity becomes in a pool."""
    member = f"principal://iam.googleapis.com/{pool}/subject/{subject}"
    return Principal(member=member, pool=pool, subject=subject, attributes=dict(attributes), groups=groups)
