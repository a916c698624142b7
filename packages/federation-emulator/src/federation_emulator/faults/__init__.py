"""Fault injection: changes that take time to be seen, and answers that fail, hang or never come."""
