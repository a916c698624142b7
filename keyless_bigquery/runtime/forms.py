"""What a value must look like, one rule for the program's settings and the function's variables. Standard library only.

A rule answers ``None`` for a good value, and otherwise what is wrong and how to fix it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

Verdict = tuple[str, str] | None
"""What is wrong with a value, and how to fix it; ``None``: nothing is."""

_REGION = re.compile(r"[a-z]{2}-[a-z]+-[0-9]", re.ASCII)
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")
"""Source: AWS, "Partitions" of the SDKs' ``partitions.json``."""

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}", re.ASCII)
RESERVED_COLUMN_PREFIXES = (
    *("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER"),
    *("_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP"),
)
"""No column's name begins so, in whatever case. Source: BigQuery, "Specify a schema", column names."""

PSEUDO_COLUMNS = ("_PARTITIONTIME", "_PARTITIONDATE", "_FILE_NAME")
"""What a table has besides its columns: one partitioned by ingestion time, and an external one. Sources: BigQuery,
"Query partitioned tables" and "Query Cloud Storage data". Not ``_TABLE_SUFFIX``: a table here is no wildcard."""

_HANDLER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]+", re.ASCII)


def region(value: str) -> Verdict:
    """An AWS region of the standard partition, the only one whose callers Google can verify."""
    if value.startswith(_OTHER_PARTITIONS):
        return (
            "Google asks sts.REGION.amazonaws.com who the caller is, which serves the standard AWS partition only",
            "Use a region of the partition aws, such as eu-west-1.",
        )
    if _REGION.fullmatch(value):
        return None
    return "it is not the name of an AWS region", "For example: us-east-1 or ap-northeast-1"


def column_name(value: str) -> Verdict:
    """A name of a column that a table may be made with.

    Other alphabets, which BigQuery takes, are left out: the name goes into a query.
    """
    prefix = next((one for one in RESERVED_COLUMN_PREFIXES if value.upper().startswith(one)), None)
    if prefix is not None:
        return f"BigQuery takes no column whose name begins with {prefix}, in whatever case", "Rename it."
    if _COLUMN.fullmatch(value):
        return None
    return (
        "a column's name has up to 300 letters, digits and underscores, and begins with a letter or an underscore",
        "For example: user_id",
    )


def selected_column(value: str) -> Verdict:
    """A name that may be selected in a table that exists: of a column, or of a pseudo-column."""
    return None if value.upper() in PSEUDO_COLUMNS else column_name(value)


def handler(value: str) -> Verdict:
    """A function in the package, as ``module.function``."""
    if _HANDLER.fullmatch(value):
        return None
    return (
        "it must be module.function: the function's name after that of its file in lambda_src, without .py",
        "For example: handler.lambda_handler, or reports.daily.lambda_handler for lambda_src/reports/daily.py",
    )


def session_value(value: str) -> Verdict:
    """One of the three values of a role's session: it is signed, and goes into a header."""
    if value.isascii() and value.isprintable() and " " not in value:
        return None
    return (
        "a session's value has no space, no line break and no other character that no header may have",
        "Copy it anew: AWS itself sets it.",
    )


def address(value: str) -> Verdict:
    """An address that requests are sent to: http or https, a host, perhaps a port and a path."""
    wrong = "it is no address: https://HOST or https://HOST:PORT, without spaces, user or password", "Write it so."
    if not (value.isascii() and value.isprintable()) or " " in value or "\\" in value:
        return wrong
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return wrong
    good = parts.scheme in ("http", "https") and host and _HOST.fullmatch(host) and port != 0
    return wrong if not good or "@" in parts.netloc or parts.query or parts.fragment else None


def proxy(value: str) -> Verdict:
    """The address of a proxy, with a user and password or without, as curl and requests take it."""
    wrong = (
        "it is no address of a proxy: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, without spaces",
        "Write signs in user and password as %XX.",
    )
    scheme, sign, rest = value.partition("://")
    if not sign:
        scheme, rest = "http", value
    if scheme.lower() not in ("http", "https"):
        return "it is a proxy of another kind than http, for which the function has no client", wrong[1]
    login, at, place = rest.rstrip("/").rpartition("@")
    if at and (any(sign in login for sign in "@/?# ") or not login.isprintable()):
        return wrong
    return wrong if address(f"{scheme.lower()}://{place}") or "/" in place else None
