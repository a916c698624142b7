"""The gateway before the warehouse: token and IAM policy first, then forwarding."""
