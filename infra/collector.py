"""Python's collector of reference cycles, kept out of the way of a program that ends after a second or two.

The providers' SDKs are some hundred thousand objects that stay until the end. The collector would look through them
again and again while they are loaded, and once more as the interpreter ends, and there is nothing to find.
"""

from __future__ import annotations

import atexit
import gc


def hold() -> None:
    """Holds the collector until :func:`release`, and spares it the look at the end, when the memory goes anyway."""
    gc.disable()
    atexit.register(gc.freeze)


def release() -> None:
    """Lets the collector go on; what is there by now it takes for old, and looks at last."""
    # Back and forth: the oldest generation, without a look at each object.
    gc.freeze()
    gc.unfreeze()
    gc.enable()
