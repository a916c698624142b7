"""The library behind a function that reads BigQuery without a service account key."""
