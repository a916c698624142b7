"""IAM Credentials v1: a federated token becomes a service account's access token."""
