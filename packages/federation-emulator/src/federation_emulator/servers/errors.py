"""The one error of set-up: a line that says what failed and what to do."""


class EngineError(Exception):
    """Set-up can't go on; the text is the whole message."""
