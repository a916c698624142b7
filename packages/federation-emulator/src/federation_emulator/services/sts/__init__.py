"""Security Token Service: exchanges a signed AWS request for a federated token."""
