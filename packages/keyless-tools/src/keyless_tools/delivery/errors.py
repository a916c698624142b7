"""The one error of delivery: a line that says what failed and what to do."""


class DeliveryError(Exception):
    """The workflow can't go on; the text is the whole message."""
