"""What goes wrong with a seed; apart from its model, so that whoever only tells of it need not load that."""

from __future__ import annotations


class SeedError(Exception):
    """A seed that can't be used; the text names every problem that was found."""
