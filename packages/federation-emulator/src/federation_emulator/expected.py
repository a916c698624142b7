"""The errors of this package that a person can do something about. Where a command ends, they become one line."""

from __future__ import annotations


class ExpectedError(Exception):
    """Something failed that is no fault of this package; the text is the whole message."""


class SeedError(ExpectedError):
    """A seed that can't be used; the text names every problem that was found."""
