"""The one error of delivery."""


class DeliveryError(Exception):
    """A preview or a look for drift failed; the text is the whole message: what failed, and the fix."""
