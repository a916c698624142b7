"""IAM v1: workload identity pools, their providers, and service accounts."""
