"""The read module outside Lambda: prints the table's rows once, and ends with 0; with 1 and one line if it can't."""

from __future__ import annotations

import argparse
import sys

from lambda_src.aws_credentials import Supplier
from lambda_src.reading import Reading

LIMIT_MILLISECONDS = 60_000
"""How long all of it may take. What Lambda's timeout is to a function, a container must set itself."""


def main(arguments: list[str] | None = None) -> int:
    """Does it.

    Args:
        arguments: Command line; ``None``: the process's own.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description="Print the rows of BIGQUERY_TABLE without a service account key.")
    parser.add_argument("--boto3", action="store_true", help="ask boto3 for the role's session (EKS IRSA, EC2)")
    failure = Reading(_supplier(boto3=parser.parse_args(arguments).boto3)).print_rows(milliseconds=LIMIT_MILLISECONDS)
    if failure is None:
        return 0
    print(f"ERROR {failure}", file=sys.stderr)
    return 1


def _supplier(*, boto3: bool) -> Supplier | None:
    if not boto3:
        return None
    # Imported late: only the image with boto3 in it can, and importing it takes longer than a read.
    from examples.container.boto3_supplier import Boto3Supplier

    return Boto3Supplier()


if __name__ == "__main__":
    sys.exit(main())
