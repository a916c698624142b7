"""The one error of set-up: a line that says what failed and what to do."""

from federation_emulator.expected import ExpectedError


class EngineError(ExpectedError):
    """Set-up can't go on; the text is the whole message."""
