"""What stands between a table's grant and its rows, as ``tables.get`` has it: kind, keys, filters, tags. Pure.

Sources: BigQuery REST, ``tables``, ``datasets``; and the page of BigQuery's documentation that each note names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from keyless_bigquery.command_line import command_line
from keyless_tools.doctor import fixes
from keyless_tools.doctor.answer import JSON
from keyless_tools.doctor.expected import TableName


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing about a table.

    Args:
        text: What it is.
        check: What was not seen, and how to look at it; empty: nothing more is needed.
        expected: What should be; not empty: the function surely fails.
        fix: The command that fixes it; ``""`` for one that shows the table.
    """

    text: str
    check: str = ""
    expected: str = ""
    fix: str = ""


def notes(name: TableName, table: JSON, dataset: JSON, *, columns: Collection[str], at: datetime) -> Iterator[Note]:
    """Whatever a grant on a table is not enough for.

    Args:
        name: Its name.
        table: The table.
        dataset: Its dataset.
        columns: Those that are selected by default; none: it is not known which are.
        at: Now.
    """
    yield from _kind(table)
    yield from _linked(dataset)
    yield from _tags(table, columns)
    yield from _filter(table)
    if key := (table.get("encryptionConfiguration") or {}).get("kmsKeyName"):
        show = command_line("gcloud", "kms", "keys", "get-iam-policy", str(key))
        yield Note(
            text=f"encrypted with {key}",
            check=f"BigQuery's service agent of {name.project} needs roles/cloudkms.cryptoKeyEncrypterDecrypter on it,"
            f" and it must be enabled: `{show}`",
        )
    if (expires := _time(table.get("expirationTime"))) is not None:
        text = f"expires at {expires:%Y-%m-%d %H:%M} UTC"
        needed = "" if expires > at else "a table that has not expired"
        yield Note(text=text, expected=needed, fix=needed and fixes.bring_table_back(name.for_bq))


def reads_of(table: JSON, project: str) -> tuple[TableName, ...]:
    """Tables that a view's query names, as far as patterns see them: there may be more, and one may be a field.

    Args:
        table: The table.
        project: The view's, in which a name without one is.
    """
    query = str(((table.get("view") or table.get("materializedView") or {}).get("query")) or "")
    lists = [match["list"] for match in _FROM.finditer(_NO_NAMES.sub(" ", query))]
    named = [match for one in lists for match in _ONE.finditer(one)]
    paths = [match["path"].replace("`", "").split(".") for match in named]
    known = {(match["alias"] or path[-1]).split()[-1] for match, path in zip(named, paths, strict=True)}
    full = [[project, *path] if len(path) == 2 and path[0] not in known else path for path in paths]
    found = dict.fromkeys(TableName.parse(".".join(path)) for path in full if len(path) == 3)
    return tuple(found)


def authorised(view: TableName, dataset: JSON) -> bool:
    """Whether a dataset lists a view, or the dataset of it, as authorised. Source: BigQuery, "Authorized views"."""
    whole = {"projectId": view.project, "datasetId": view.dataset}
    for entry in dataset.get("access") or []:
        if entry.get("view") == {**whole, "tableId": view.table}:
            return True
        if (entry.get("dataset") or {}).get("dataset") == whole:
            return True
    return False


_WORD = r"(?:`[^`]+`|[A-Za-z_][\w-]*)"
_PATH = rf"{_WORD}(?:\.{_WORD})*\*?(?![\w.-]|\s*\()"
_NO_ALIAS = "JOIN|CROSS|INNER|LEFT|RIGHT|FULL|ON|USING|WHERE|GROUP|ORDER|LIMIT|UNION|HAVING|WINDOW|QUALIFY|FOR"
_ALIAS = rf"\s+(?:AS\s+)?(?!(?:{_NO_ALIAS})\b)[A-Za-z_]\w*"
_ONE = re.compile(rf"(?P<path>{_PATH})(?P<alias>{_ALIAS})?", re.IGNORECASE | re.ASCII)
_FROM = re.compile(
    rf"\b(?:FROM|JOIN)\s*(?P<list>{_PATH}(?:{_ALIAS})?(?:\s*,\s*{_PATH}(?:{_ALIAS})?)*)", re.IGNORECASE | re.ASCII
)
"""What follows FROM and JOIN: names with their aliases; not a function's, and not a query in brackets."""

_NO_NAMES = re.compile(
    r"--[^\n]*|#[^\n]*|/\*.*?\*/|\'{3}.*?\'{3}|\"{3}.*?\"{3}|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"",
    re.DOTALL | re.ASCII,
)
_PLAIN = frozenset({"TABLE", "", "SNAPSHOT"})
_WITHOUT_POLICIES = frozenset({"VIEW", "MATERIALIZED_VIEW", "SNAPSHOT"})


def may_have_row_policies(table: JSON) -> bool:
    """Whether it is of a kind that has row access policies of its own."""
    return table.get("type") not in _WITHOUT_POLICIES


def _kind(table: JSON) -> Iterator[Note]:
    kind = str(table.get("type") or "")
    if (table.get("view") or {}).get("useLegacySql") is True:
        yield Note(
            text="a view in legacy SQL", expected="one in GoogleSQL, which alone the function's queries can read"
        )
    elif kind in {"VIEW", "MATERIALIZED_VIEW"}:
        yield Note(text=f"a {kind.lower().replace('_', ' ')}")
    elif kind == "EXTERNAL" or table.get("externalDataConfiguration"):
        yield from _external(table.get("externalDataConfiguration") or {})
    elif kind == "SNAPSHOT":
        of = _named((table.get("snapshotDefinition") or {}).get("baseTableReference"))
        yield Note(text=f"a snapshot of {of}, whose rows stay as they were")
    elif kind not in _PLAIN:
        yield Note(text=f"of the kind {kind}", check="what its reader needs is not known here")
    if "cloneDefinition" in table:
        yield Note(text=f"a clone of {_named(table['cloneDefinition'].get('baseTableReference'))}")
    if connection := (table.get("biglakeConfiguration") or {}).get("connectionId"):
        yield _connected("a table of BigLake", str(connection))


def _external(external: Mapping[str, Any]) -> Iterator[Note]:
    form, uris = str(external.get("sourceFormat") or ""), [str(uri) for uri in external.get("sourceUris") or []]
    text = f"an external table ({', '.join(filter(None, [form, *uris[:1]])) or 'source unknown'})"
    hosts = {urlsplit(uri).hostname or "" for uri in uris}
    if form == "GOOGLE_SHEETS" or hosts & {"drive.google.com", "docs.google.com"}:
        needed = "a table that has its rows in BigQuery: the function's token has BigQuery's scope and not Drive's"
        yield Note(text=text, expected=needed)
    elif connection := external.get("connectionId"):
        yield _connected(text, str(connection))
    elif form == "BIGTABLE":
        yield Note(text=text, check="who reads needs roles/bigtable.reader on the instance")
    elif buckets := dict.fromkeys(uri.split("/")[2] for uri in uris if uri.startswith("gs://")):
        show = command_line("gcloud", "storage", "buckets", "get-iam-policy", f"gs://{next(iter(buckets))}")
        yield Note(text=text, check=f"who reads needs roles/storage.objectViewer on {', '.join(buckets)} too: `{show}`")
    else:
        yield Note(text=text, check="who reads may need a right to the source too")


def _connected(text: str, connection: str) -> Note:
    return Note(text=text, check=f"the service account of the connection {connection} must be allowed the source")


def _linked(dataset: JSON) -> Iterator[Note]:
    kind = str(dataset.get("type") or "DEFAULT")
    if source := (dataset.get("linkedDatasetSource") or {}).get("sourceDataset"):
        of = f"{source.get('projectId')}.{source.get('datasetId')}"
        yield Note(text=f"in a dataset linked to {of}", check="its publisher must allow the reader")
    elif reference := dataset.get("externalDatasetReference"):
        yield _connected("in an external dataset", str(reference.get("connection") or "of it"))
    elif kind not in {"DEFAULT", "PUBLIC"}:
        yield Note(text=f"in a dataset of the type {kind}", check="what its reader needs is not known here")


def _tags(table: JSON, columns: Collection[str]) -> Iterator[Note]:
    """Columns that are protected. Source: BigQuery, "Column-level access control", "Mask data by data policies"."""
    selected = {column.casefold() for column in columns}
    fields = (table.get("schema") or {}).get("fields") or []
    guarded = {str(field["name"]): found for field in fields if (found := list(dict.fromkeys(_guards(field))))}
    for column, guards in guarded.items():
        text = f"column {column} is protected by {', '.join(guards)}"
        if selected and column.casefold() not in selected:
            yield Note(text=f"{text}, so that SELECT * is refused or masked")
            continue
        tag = next((one for one in guards if "/policyTags/" in one), "")
        show = f": `{command_line('gcloud', 'data-catalog', 'taxonomies', 'policy-tags', 'get-iam-policy', tag)}`"
        yield Note(
            text=text,
            check="who reads needs roles/datacatalog.categoryFineGrainedReader on it, or sees it masked"
            f" (roles/bigquerydatapolicy.maskedReader){show if tag else ''}",
        )


def _guards(field: Mapping[str, Any]) -> Iterator[str]:
    """The tags and policies of a column, and of whatever is in it."""
    yield from (str(name) for name in (field.get("policyTags") or {}).get("names") or [])
    for key in ("dataPolicies", "dataPolicyList"):
        entries = field.get(key) or []
        yield from (str(entry.get("name")) for entry in entries if isinstance(entry, dict) and entry.get("name"))
    for inner in field.get("fields") or []:
        yield from _guards(inner)


def _filter(table: JSON) -> Iterator[Note]:
    """A filter that every query needs. Source: BigQuery, "Require a partition filter"."""
    parts = table.get("timePartitioning") or {}
    if table.get("requirePartitionFilter") or parts.get("requirePartitionFilter"):
        field = parts.get("field") or (table.get("rangePartitioning") or {}).get("field") or "_PARTITIONTIME"
        yield Note(
            text=f"every query must filter by the partitioning column {field}",
            check="whether the function's queries do is not seen: a SELECT without WHERE is refused",
        )


def _named(reference: Mapping[str, Any] | None) -> str:
    found = reference or {}
    return ".".join(str(found.get(key, "?")) for key in ("projectId", "datasetId", "tableId"))


def _time(milliseconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(milliseconds)) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def kinds_in(tables: Sequence[JSON]) -> dict[str, list[str]]:
    """The tables of a listed dataset that are more than plain ones, by kind."""
    found: dict[str, list[str]] = {}
    for table in tables:
        kind = str(table.get("type") or "TABLE").lower().replace("_", " ")
        if table.get("requirePartitionFilter") or (table.get("timePartitioning") or {}).get("requirePartitionFilter"):
            kind = "table with a required partition filter"
        if kind not in {"table", "snapshot"}:
            found.setdefault(kind, []).append(str((table.get("tableReference") or {}).get("tableId")))
    return found
