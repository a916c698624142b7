"""A second function of the package, under a name of its own."""

from handler import lambda_handler as run  # type: ignore[import-not-found]  # it lies next to this at the top of the package

__all__ = ["run"]
