"""Stands before the real pip on the path of the tests' engines."""
