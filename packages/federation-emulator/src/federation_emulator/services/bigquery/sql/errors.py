"""The one error of reading SQL."""

from __future__ import annotations


class UnreadableSqlError(Exception):
    """The statement can't be understood well enough to know what it reads.

    Attributes:
        rule: What was expected of it.
        actual: What it has instead.
    """

    def __init__(self, rule: str, actual: str, *, text: str = "") -> None:
        super().__init__(text or f"Not understood by the local gateway: {rule}; the statement has {actual}.")
        self.rule = rule
        self.actual = actual
