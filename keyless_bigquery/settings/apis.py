"""Which Google APIs are called, by which caller, and in which project each must be on. Pure.

An API must be on in two projects. One is the caller's own, its *consumer project*: that of a service account is the
project in which it was made, that of a federated token the project of the pool that admitted it, and a person's gcloud
credentials belong to a project of Google's unless they name a quota project. The other is the project of the resource.

=========================================  ==========================  ==========================================
caller                                     consumer project            it calls
=========================================  ==========================  ==========================================
a person who deploys                       gcloud's, or a quota one    :data:`DEPLOYMENT`
a service account that deploys             the account's               the same
a workflow's job, which is federated       ``identityProject``         the same, and ``sts`` to get its token
the function, for its federated token      the pool's                  ``sts``
the function, with its federated token     the pool's                  ``iamcredentials``, or with direct access
                                                                       ``bigquery``
the function, with the account's token     ``googleProject``           ``bigquery``
=========================================  ==========================  ==========================================

Of a deployment's APIs two must be on in its consumer project before the first ``up`` (:data:`BEFOREHAND`): the first
turns the others on, and the provider asks the second about a project whenever it reads which APIs are on.

Sources: Google Cloud, "Quota project overview"; hashicorp/terraform-provider-google-beta,
``resource_google_project_service.go``, ``resourceGoogleProjectServiceRead``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keyless_bigquery.settings.settings import Settings

BEFOREHAND = ("serviceusage", "cloudresourcemanager")
"""What the consumer project of a service account or a federated caller needs before it can deploy."""

DEPLOYMENT = (*BEFOREHAND, "iam", "bigquery")
"""What a deployment calls."""

_EXCHANGE = ("sts",)
_POOLS = _ACCOUNTS = ("iam",)
_TABLES = ("bigquery",)


def needed(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The APIs that each project of a stack needs, by project id and without their common ending; none twice.

    Those of another team's pool or tables are not among them, and neither is ``serviceusage``: it must be on already,
    since it can't enable itself.
    """
    impersonated = settings.access == "impersonation"
    own_pool, own_table = settings.pool == "own", settings.table == "own"
    return _by_project(
        (settings.google_project, (*_ACCOUNTS, "cloudresourcemanager")),
        (settings.google_project, ("iamcredentials",) if impersonated else ()),
        (settings.pool_project, (*_POOLS, *_EXCHANGE) if own_pool else ()),
        (settings.pool_project, (("iamcredentials",) if impersonated else ("bigquery",)) if own_pool else ()),
        (settings.google_project, ("bigquery",)),
        (settings.data_project, _TABLES if own_table else ()),
    )


def needed_by_workflows(identity_project: str, *, state: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The APIs that the project of the workflows' own pool needs: it is the consumer of all that their jobs call.

    Args:
        identity_project: Id of the project that holds GitHub's pool.
        state: What keeps the stack's state on Google's side: ``storage`` for a bucket, ``cloudkms`` for a key.
    """
    return _by_project((identity_project, (*_POOLS, *_EXCHANGE)), (identity_project, (*DEPLOYMENT, *state)))


def _by_project(*parts: tuple[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for project, apis in parts:
        if apis:
            found.setdefault(project, {}).update(dict.fromkeys(apis))
    return {project: tuple(apis) for project, apis in found.items()}
