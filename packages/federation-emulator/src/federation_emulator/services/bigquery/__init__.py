"""The gateway before the BigQuery emulator: token and IAM policy first, then forwarding."""
