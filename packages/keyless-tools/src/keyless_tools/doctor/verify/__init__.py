"""Invokes the deployed functions for real, and waits until what was just granted is seen everywhere."""
