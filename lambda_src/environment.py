"""The function's contract with whoever deploys it: which environment variables it reads, and what they mean.

Standard library only, so that the Pulumi program can import the names without the BigQuery client.
"""

from __future__ import annotations

CREDENTIALS_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""Path of the credential configuration, read by google-auth itself. Relative to the function's own folder."""

PROJECT = "GOOGLE_CLOUD_PROJECT"
"""Project that pays for the query jobs. Its presence also saves google-auth a look-up in Resource Manager."""

TABLE = "BIGQUERY_TABLE"
"""The table to read, as ``project.dataset.table``."""

LOCATION = "BIGQUERY_LOCATION"
"""BigQuery location of the dataset, for example ``US`` or ``asia-northeast1``."""

MAXIMUM_BYTES_BILLED = "BIGQUERY_MAXIMUM_BYTES_BILLED"
"""BigQuery refuses a query that would bill more bytes than this. A whole number."""

API_ENDPOINT = "BIGQUERY_API_ENDPOINT"
"""Base URL of the BigQuery API where it is not Google's public one. Optional."""
