"""Which Google APIs the chain uses, and in which project each must be on. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from infra.settings import Settings


def needed(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The APIs that each project needs, by project id and without their common ending; none twice.

    Those of a pool or table that is somebody else's are not among them, and neither is ``serviceusage``: it must be on
    already, since it can't enable itself. A federated token calls as a consumer of the pool's project, so what it
    calls must be on there, too.
    """
    called_federated = "iamcredentials" if settings.access == "impersonation" else "bigquery"
    own_pool, own_table = settings.pool == "own", settings.table == "own"
    parts = (
        (settings.google_project, ("iam", "cloudresourcemanager")),
        (settings.google_project, ("iamcredentials",) if settings.access == "impersonation" else ()),
        (settings.pool_project, ("iam", "sts", called_federated) if own_pool else ()),
        (settings.google_project, ("bigquery",)),
        (settings.data_project, ("bigquery",) if own_table else ()),
    )
    found: dict[str, dict[str, None]] = {}
    for project, apis in parts:
        if apis:
            found.setdefault(project, {}).update(dict.fromkeys(apis))
    return {project: tuple(apis) for project, apis in found.items()}
