"""What of a dataset or a table is kept, what only answers have, and what the local cloud does not offer. Pure.

Sources: Google, BigQuery REST, ``Dataset`` and ``Table``; "BigQuery quotas and limits"; "Introduction to labels".
"""

from __future__ import annotations

import unicodedata
from typing import Any

from federation_emulator.core.errors import invalid_argument
from federation_emulator.core.http import text_field
from federation_emulator.services.bigquery import schema
from federation_emulator.services.bigquery.fields import NOTHING, accepted
from federation_emulator.services.bigquery.model import DEFAULT_LOCATION, is_location, location_name

MOST_TEXT_CHARACTERS = 16_384
"""BigQuery quotas: the description of a dataset or a table."""

MOST_LABELS = 64
MOST_LABEL_CHARACTERS = 63
MOST_CLUSTERING_COLUMNS = 4

_TEXTS = ("friendlyName", "description")
REQUIRED = "requirePartitionFilter"
EXPIRATION = "expirationTime"
LEAST_EXPIRATION_MILLISECONDS = 3_600_000
"""BigQuery REST, ``Dataset.defaultTableExpirationMs``: the minimum is one hour."""

DETAILS = (REQUIRED, EXPIRATION, "maxTimeTravelHours", "storageBillingModel")
"""Fields that are kept, and not by the BigQuery emulator."""

COPIED = (*_TEXTS, "labels", "schema", "timePartitioning", "clustering", REQUIRED)
"""Fields that a copy of a table has from it."""

_ELSEWHERE = frozenset({"datasetReference", "tableReference", "access", "view"})
"""Fields that are read where they belong."""

_PARTITIONS = ("DAY", "HOUR", "MONTH", "YEAR")
_PARTITIONING_TYPES = {"DATE": ("DAY", "MONTH", "YEAR"), "DATETIME": _PARTITIONS, "TIMESTAMP": _PARTITIONS}
"""Types of a partitioning column, and by which units each is partitioned ("Introduction to partitioned tables")."""

_BILLING = ("LOGICAL", "PHYSICAL")


def kept_of_dataset(body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what of a dataset's body is kept; ``before`` is the dataset as it is, empty for a new one.

    Raises:
        ApiError: 400, a value beyond Google's limits; 501, a field that is not offered.
    """
    kept = _kept("Dataset", body, before)
    location = location_name(text_field(kept, "location"))
    if location and not is_location(location):
        raise invalid_argument(f"Invalid value for location: {location!r:.60} is not a valid value.")
    least = int(kept.get("defaultTableExpirationMs") or LEAST_EXPIRATION_MILLISECONDS)
    if least < LEAST_EXPIRATION_MILLISECONDS:
        raise invalid_argument(f"defaultTableExpirationMs is at least {LEAST_EXPIRATION_MILLISECONDS}, not {least}.")
    hours = str(kept.get("maxTimeTravelHours") or "48")
    if not (hours.isascii() and hours.isdigit()) or int(hours) % 24 or not 48 <= int(hours) <= 168:
        raise invalid_argument(f"maxTimeTravelHours is between 48 and 168, and a multiple of 24, not {hours:.20}.")
    if kept.get("storageBillingModel") and kept["storageBillingModel"] not in _BILLING:
        raise invalid_argument(f"Invalid value for storageBillingModel: known are {', '.join(_BILLING)}.")
    there = location_name(str(before.get("location") or ""))
    if location and there and location != there:
        raise invalid_argument(f"The location of a dataset can't be changed from {there}.")
    return {**kept, "location": there or location or DEFAULT_LOCATION}


def kept_of_table(body: dict[str, Any], before: dict[str, Any], *, new: bool = False) -> dict[str, Any]:
    """Return what of a table's body is kept; arguments and errors as of :func:`kept_of_dataset`.

    A new table may be partitioned, one that was there before stays as it is.
    """
    kept = _kept("Table", body, before)
    accepted("TableSchema", body.get("schema") or {})
    if columns := schema.read(schema.fields(kept)):
        kept["schema"] = {"fields": columns}
    known = {field["name"].casefold(): field for field in columns or schema.fields(before)}
    partitioning, clustering = kept.get("timePartitioning") or {}, kept.get("clustering") or {}
    clustered = clustering.get("fields") or []
    if len(clustered) > MOST_CLUSTERING_COLUMNS:
        raise invalid_argument(f"Clustering is by at most {MOST_CLUSTERING_COLUMNS} columns.")
    for name in (*([partitioning["field"]] if partitioning.get("field") else []), *clustered):
        if name.casefold() not in known:
            raise invalid_argument(f"The field {name!r:.100} specified for partitioning or clustering was not found.")
    if partitioning:
        _check_partitioning(partitioning, known)
        if before and not new:
            _check_same_partitioning(partitioning, before.get("timePartitioning"))
    return {**kept, **_filter_required(kept, before)}


def _check_partitioning(partitioning: dict[str, Any], known: dict[str, dict[str, Any]]) -> None:
    unit, name = partitioning.get("type"), partitioning.get("field")
    if unit not in _PARTITIONS:
        raise invalid_argument(f"Invalid value for type: {unit!r:.40} is not a valid value.")
    if not name:
        return
    column = known[name.casefold()]
    kind = str(column["type"]).upper()
    if kind not in _PARTITIONING_TYPES or str(column.get("mode")).upper() == "REPEATED":
        raise invalid_argument(
            "The field specified for time partitioning can only be of type TIMESTAMP, DATE, or DATETIME. The type "
            f"found is: {kind}."
        )
    if unit not in _PARTITIONING_TYPES[kind]:
        raise invalid_argument(f"A column of type {kind} can't be partitioned by {unit}.")


def _check_same_partitioning(given: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Refuse another partitioning: of one that is there only the expiration and the filter's requirement change."""
    if before is None:
        raise invalid_argument("Cannot convert non partitioned/clustered table to partitioned/clustered table.")
    fixed = [(each.get("type"), str(each.get("field") or "").casefold()) for each in (given, before)]
    if fixed[0] != fixed[1]:
        raise invalid_argument("Cannot change the partitioning of a table: its type and its field stay.")


def check_view(kept: dict[str, Any]) -> None:
    """Insist that nothing is said of a view that only a table has.

    Raises:
        ApiError: 400.
    """
    for name in ("timePartitioning", "clustering", REQUIRED, EXPIRATION):
        if kept.get(name) not in NOTHING:
            raise invalid_argument(f"{name} can't be set on a view by the local cloud.")


def with_defaults(kept: dict[str, Any], dataset: dict[str, Any], *, now: int) -> dict[str, Any]:
    """Return what is kept of a new table, with what its dataset says of new tables.

    Args:
        kept: What is said of the table itself, which counts more.
        dataset: The dataset's resource.
        now: Milliseconds since 1970.
    """
    made = dict(kept)
    after, partitions = (dataset.get(f"default{each}ExpirationMs") for each in ("Table", "Partition"))
    partitioning = made.get("timePartitioning")
    if partitioning and partitions:
        # "If both are set, only the partitions' is used" (BigQuery REST, ``defaultPartitionExpirationMs``).
        made["timePartitioning"] = {"expirationMs": partitions, **partitioning}
    elif after:
        made.setdefault(EXPIRATION, str(now + int(after)))
    return made


def check_expiration(kept: dict[str, Any], *, now: int) -> None:
    """Insist that a table's expiration is yet to come.

    Raises:
        ApiError: 400, it is past.
    """
    if kept.get(EXPIRATION) not in NOTHING and int(kept[EXPIRATION]) <= now:
        raise invalid_argument(f"Invalid value for {EXPIRATION}: {kept[EXPIRATION]} is not in the future.")


def _filter_required(kept: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Read whether a filter is required, which may be said in two places; it is kept in one.

    Source: Google, BigQuery REST, ``Table.requirePartitionFilter``, ``TimePartitioning.requirePartitionFilter``.
    """
    partitioning = kept.get("timePartitioning") or {}
    said = {each[REQUIRED] for each in (kept, partitioning) if each.get(REQUIRED) is not None}
    if not said and REQUIRED not in kept and "timePartitioning" not in kept:
        return {}
    required = bool(before.get(REQUIRED)) if not said else True in said
    if len(said) > 1:
        raise invalid_argument(f"{REQUIRED} of the table and of its timePartitioning differ.")
    if required and not partitioning and not before.get("timePartitioning"):
        raise invalid_argument(f"{REQUIRED} can only be set on a partitioned table.")
    bare = {key: value for key, value in partitioning.items() if key != REQUIRED}
    return {REQUIRED: required, **({"timePartitioning": bare} if bare else {})}


def _kept(kind: str, body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in accepted(kind, body, before).items() if key not in _ELSEWHERE}
    for name in _TEXTS:
        text_field(kept, name, limit=MOST_TEXT_CHARACTERS)
    return {**kept, "labels": read_labels(kept["labels"])} if "labels" in kept else kept


def read_labels(given: dict[str, str | None] | None) -> dict[str, str]:
    """Check labels; one with ``null`` is taken away.

    Raises:
        ApiError: 400, too many, or one that is malformed.
    """
    labels = {key: value for key, value in (given or {}).items() if value is not None}
    if len(labels) > MOST_LABELS:
        raise invalid_argument(f"There are {len(labels)} labels; the limit is {MOST_LABELS}.")
    for key, value in labels.items():
        for part, least in ((key, 1), (value, 0)):
            if not least <= len(part) <= MOST_LABEL_CHARACTERS or not all(map(_in_a_label, part)):
                raise invalid_argument(
                    f"Invalid label {part!r:.80}: up to {MOST_LABEL_CHARACTERS} lowercase letters, digits, underscores "
                    "and dashes, international characters included."
                )
        if not unicodedata.category(key[0]).startswith("L"):
            raise invalid_argument(f"Invalid label key {key!r:.80}: it must begin with a lowercase letter.")
    return labels


def _in_a_label(character: str) -> bool:
    category = unicodedata.category(character)
    return character in "_-" or category in {"Ll", "Lo", "Lm", "Nd"} or category.startswith("M")
