"""The one error of this package."""

from __future__ import annotations


class PackageError(Exception):
    """The function's package can't be built. The message says what was wrong, by which rule, and the fix."""
