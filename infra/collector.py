"""Python's collector of reference cycles, kept out of the way of a program that ends after a second or two.

The providers' SDKs are some hundred thousand objects that stay until the end. The collector would look through them
again and again while they are loaded, and once more as the interpreter ends, and there is nothing to find.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Holds the collector. Then it goes on as before, and takes what is there by now for old."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Back and forth: the oldest generation, which is looked at last, without a look at each object.
        gc.freeze()
        gc.unfreeze()
        if was_on:
            gc.enable()


def spare_the_exit() -> None:
    """Has the interpreter end without a last look for cycles; the system takes the memory back at once."""
    atexit.register(gc.freeze)
