"""The start of the process, before anything else is imported. Standard library only."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Keeps the garbage collector from looking through what is being imported, which it does some dozen times.

    Of modules, functions and classes nothing is garbage; looking for it takes a fifteenth of the start. Afterwards they
    count as old, so that it looks at them again only once in a long while.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Together: into the oldest generation. Left frozen, files among them would not be flushed at the exit.
        gc.freeze()
        gc.unfreeze()
        if enabled:
            gc.enable()
