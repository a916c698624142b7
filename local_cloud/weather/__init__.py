"""Bad weather, on request: changes that take time to be seen, and answers that fail, hang or never come."""
