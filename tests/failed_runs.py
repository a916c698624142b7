"""What the SDK leaves behind when an inline program's run fails."""

from __future__ import annotations

import gc
import sys
import warnings


def forget_failed_runs() -> None:
    """Collect the event loops and coroutines that SDK 3.272 leaves, here where it is known; anywhere else they warn."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
    finally:
        sys.unraisablehook = hook
