"""What BigQuery's refusals of a query itself mean. Pure.

Sources: BigQuery, "Error messages", "Troubleshoot query errors", "Querying partitioned tables"; and public reports.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyless_bigquery.runtime.errors import QueryError
from keyless_bigquery.runtime.signals import Signal

QUERY: Sequence[Signal] = tuple(
    # No refusals of rights, whose texts may hold any of these words.
    Signal(codes={200, 400, 404, 499}, link=QueryError, text=text, cause=cause, check=check)
    for text, cause, check in (
        (
            r"error while reading|failed to (?:open|expand) |error detected while parsing",
            "a file of an external table can't be read as the table declares it",
            "the file that the message names, and the table's format and schema",
        ),
        (
            r"partition elimination",
            "the table requires a filter on its partitions",
            "the query: it needs a WHERE that compares that column with a constant or a parameter. The stack's own"
            " handler has none: such a table needs a handler of your own",
        ),
        (
            r"unrecognized (?:name|column)|name:? \S+ not found inside|no such (?:field|column)"
            r"|column \S+ (?:was |is )?not (?:found|present)|field name \S+ does not exist|is ambiguous",
            "a column is not there, or not the only one of its name",
            "the columns that BIGQUERY_COLUMNS or the query names, against the table's schema",
        ),
        (
            r"query parameter|undeclared parameter|parameter \S+ not found",
            "a parameter is missing or of another type",
            "the parameters that the function gives the query: each @name of it, and its type",
        ),
        (
            r"syntax error|unclosed |unexpected (?:end of|keyword|string)|legacy ?sql",
            "it is not GoogleSQL",
            "the query, at the place that the message names",
        ),
        (
            r"no matching signature|could not cast|cannot be coerced|invalid cast|bad \S+ value|division by zero"
            r"|overflow|out of (?:range|bounds)|cannot access field|failed to parse input"
            r"|invalid (?:date|time|timestamp|datetime|interval|json|numeric|argument)\b",
            "a value or type does not fit",
            "the query at the place that the message names, and the values that it computes with",
        ),
        (
            r"in different locations|invalid storage region|invalid location|not supported in (?:location|region)"
            r"|(?:location|region) \S+ (?:is not|does not)",
            "the data is not where the query runs",
            "BIGQUERY_LOCATION: all tables of a query must be in it",
        ),
        (
            r"must be qualified with a dataset|missing dataset|separated by dot|invalid (?:table|dataset) (?:name|id)",
            "a table's name is incomplete, or no name",
            "the names in the query: `project.dataset.table`",
        ),
        (
            r"timed out|; timeout\b|execution time limit",
            "BigQuery ended the job: its time was up",
            "the setting timeoutSeconds, and the job in BigQuery's job history",
        ),
        (
            r"\bcancell?ed\b|; stopped\b",
            "the job was cancelled",
            "the job in BigQuery's job history, and who may cancel it",
        ),
        (
            r"resources? ?exceeded|resource limits|billingTierLimitExceeded|not enough resources|too many subqueries",
            "the query needs more than BigQuery gives it",
            "the query: fewer rows to sort, join or aggregate at once",
        ),
    )
)
"""The query itself."""
