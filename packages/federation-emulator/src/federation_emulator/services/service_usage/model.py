"""An enabled API, and the APIs that exist here."""

from __future__ import annotations

from dataclasses import dataclass

from federation_emulator.core.config import Project

TITLES = {
    "bigquery.googleapis.com": "BigQuery API",
    "bigquerystorage.googleapis.com": "BigQuery Storage API",
    "cloudbilling.googleapis.com": "Cloud Billing API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "iamcredentials.googleapis.com": "IAM Service Account Credentials API",
    "logging.googleapis.com": "Cloud Logging API",
    "monitoring.googleapis.com": "Cloud Monitoring API",
    "policyanalyzer.googleapis.com": "Policy Analyzer API",
    "serviceusage.googleapis.com": "Service Usage API",
    "storage.googleapis.com": "Cloud Storage API",
    "sts.googleapis.com": "Security Token Service API",
}
"""Service name → title, as Google words it in errors and in ``gcloud services list``."""

NEEDS = {"bigquerystorage.googleapis.com": frozenset({"bigquery.googleapis.com"})}
"""Service → the services without which it can't be on; the pairs that Google's own errors have named."""

ALWAYS_ENABLED = "serviceusage.googleapis.com"
"""Service Usage can't enable itself, so here it is always on."""


@dataclass(frozen=True, kw_only=True)
class EnabledService:
    """One API that a project has switched on."""

    project_id: str
    name: str


def service_key(project: Project, name: str) -> str:
    """Return the key under which it is kept that a project has enabled an API."""
    return f"{project.policy_key}/services/{name}"
