"""What goes wrong with a seed; apart from its model, which a command that only reports it need not load."""

from __future__ import annotations

from federation_emulator.expected import ExpectedError


class SeedError(ExpectedError):
    """A seed that can't be used; the text names every problem that was found."""
