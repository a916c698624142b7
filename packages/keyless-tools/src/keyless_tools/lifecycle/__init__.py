"""Adopt, recover and destroy a stack."""
