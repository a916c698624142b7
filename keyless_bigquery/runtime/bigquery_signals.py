"""What BigQuery's refusals and failures mean. Pure.

Sources: BigQuery, "Error messages", "Troubleshoot query errors", and the guide of each guard; and the public reports
that tests/runtime/answers.md names.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from keyless_bigquery.runtime.errors import JobCreationError, QueryError, ReaderError, TableAccessError
from keyless_bigquery.runtime.query_signals import QUERY
from keyless_bigquery.runtime.signals import AGAIN, API_OFF, OWN_WORDS, PERIMETER, SCOPES, SUSPENDED, WAIT, Signal

_READER = "the service account (with direct access: of the role's principalSet)"
_DATA = r"(?:table|view|dataset) [`'\"]?(?P<data>[\w.:-]*[.:][\w*$-]+)"
_FAILED = "BigQuery failed"
_STATUS = "the status of BigQuery; then run the function again"


def _guard(text: str, cause: str, check: str, *, link: type[ReaderError] = TableAccessError) -> Signal:
    """Another guard than the stack's grants, whatever status BigQuery gives it."""
    return Signal(text=text, link=link, cause=cause, check=check)


_PROJECT: Sequence[Signal] = (
    Signal(
        codes={HTTPStatus.UNAUTHORIZED},
        link=JobCreationError,
        cause="the token was not accepted",
        check="whether service account and pool are still enabled",
    ),
    Signal(
        text=API_OFF,
        link=JobCreationError,
        cause="the API is off",
        check="whether the API bigquery.googleapis.com is on in the project",
        passes=WAIT,
    ),
    _guard(
        r"billingNotEnabled|billing has not been enabled|free (?:tier|query bytes)|sandbox mode|BigQuery sandbox",
        "the project has no billing account, or is a sandbox",
        "the billing of GOOGLE_CLOUD_PROJECT",
        link=JobCreationError,
    ),
    _guard(
        SUSPENDED,
        "Google does not serve the project",
        "the state of GOOGLE_CLOUD_PROJECT, and its billing account",
        link=JobCreationError,
    ),
    _guard(
        r"bytesBilledLimitExceeded|limit for bytes billed",
        "the query would bill more than it may",
        "BIGQUERY_MAXIMUM_BYTES_BILLED, the size of the table, and a filter on its partitions",
        link=QueryError,
    ),
    Signal(codes={500, 502, 503, 504}, link=QueryError, cause=_FAILED, check=_STATUS),
    Signal(
        text=r"backendError|internalError|tableUnavailable|retrying (?:the job )?may solve the problem",
        link=QueryError,
        cause=_FAILED,
        check=_STATUS,
    ),
    _guard(
        r"responseTooLarge|response too large",
        "the result is too large",
        "the query: fewer columns or rows, or a destination table",
        link=QueryError,
    ),
    Signal(
        text=r"rateLimitExceeded|exceeded rate limit|RESOURCE_EXHAUSTED|resource has been exhausted",
        link=JobCreationError,
        cause="too many requests in a short time",
        check="how often the function runs at once, and the quotas of GOOGLE_CLOUD_PROJECT",
        passes=AGAIN,
    ),
    _guard(
        r"quotaExceeded|quota exceeded|exceeded .*\bquota\b",
        "a quota is used up",
        "the quota that the message names, on the console's page Quotas of GOOGLE_CLOUD_PROJECT",
        link=JobCreationError,
    ),
    _guard(
        r"serviceusage\.services\.use|USER_PROJECT_DENIED|required permission to use project",
        "the request is charged to a project that the reader may not use",
        "GOOGLE_CLOUD_PROJECT, and a quota project of the function's own client: the stack sets none",
        link=JobCreationError,
    ),
    _guard(
        SCOPES,
        "the token has no scope for this",
        "the scopes that the function's own client asks for: https://www.googleapis.com/auth/bigquery, or"
        " cloud-platform",
        link=JobCreationError,
    ),
    Signal(
        text=r"bigquery\.jobs\.create\b",
        link=JobCreationError,
        check=f"roles/bigquery.jobUser of {_READER} on GOOGLE_CLOUD_PROJECT",
        passes=WAIT,
    ),
    _guard(
        r"Not found: Project\b|(?:unknown|invalid) project\b|permission denied on resource project"
        r"|project \S+ (?:is not found|has been deleted)",
        "the project does not exist, or is not the reader's to use",
        "GOOGLE_CLOUD_PROJECT, and the project in the table's name",
        link=JobCreationError,
    ),
)
"""The project that pays, its limits, and the right to start jobs in it."""

_GUARDS: Sequence[Signal] = (
    _guard(
        r"policy tag|raw access permission|fine-?grained ?(?:reader|get)|masked get|datacatalog\."
        r"|\bdata ?polic(?:y|ies)\b",
        "a policy tag guards a column that the query reads",
        f"roles/datacatalog.categoryFineGrainedReader of {_READER} on the policy tag, or for masked values"
        " roles/bigquerydatapolicy.maskedReader; or leave the column out of BIGQUERY_COLUMNS",
    ),
    _guard(
        r"row.?access.?polic|row.?level.?(?:security|access)|getFilteredData",
        "a row access policy guards the table",
        f"the grantees of the table's row access policies: {_READER} must be one",
    ),
    _guard(
        PERIMETER,
        "a VPC Service Controls perimeter",
        "the ingress rules of the perimeters around GOOGLE_CLOUD_PROJECT and the table's project, by the identifier in"
        " the message",
    ),
    _guard(
        r"constraints/|organi[sz]ation(?:al)? policy|org policy|administrator requires|policyViolation"
        r"|POLICY_VIOLATED|RESTRICTION_VIOLATED|ORG_POLICY|BLOCKED_BY_ADMIN|violates constraint",
        "an organisation policy",
        "the constraint that the message names, with the organisation's administrator",
    ),
    _guard(
        r"cloud ?kms|cloudkms\.|cryptoKey|\bKMS (?:key|error)",
        "Cloud KMS does not decrypt the table",
        "the table's key, in `bq show`: it needs an enabled version, and on it"
        " roles/cloudkms.cryptoKeyEncrypterDecrypter of BigQuery's own service account"
        " bq-PROJECT_NUMBER@bigquery-encryption.iam.gserviceaccount.com, not of the reader's",
    ),
    _guard(
        r"drive credentials|drive scope|drive\.readonly|google drive|google sheets"
        r"|no suitable credentials",
        "the table is external, its data in Google Drive",
        "the token: it has no scope for Drive, which the reader does not ask for; copy the sheet into a table of"
        f" BigQuery's own. Elsewhere the file must be shared with {_READER}",
    ),
    _guard(
        r"storage\.(?:objects|buckets|folders|managedFolders)\.|cloud storage|gs://|globbing file pattern"
        r"|opening file|Access Denied: File\b|Not found: (?:Files?|URIs?)\b",
        "the table is external, its data in files of Cloud Storage",
        f"roles/storage.objectViewer of {_READER} on the bucket, or of the connection's service account where the table"
        " has a connection; and that the files are there",
    ),
    _guard(
        r"bigtable\.(?:tables|instances|clusters)|cloud bigtable",
        "the table is external, its data in Bigtable",
        f"roles/bigtable.reader of {_READER} on the Bigtable instance",
    ),
    _guard(
        r"bigquery\.connections?\.|(?:Access Denied|Not found): Connection\b|cloud ?sql|cloud spanner|\bBigLake\b"
        r"|\bassume the role\b|amazon s3|azure blob",
        "the query goes through a connection",
        f"roles/bigquery.connectionUser of {_READER} on the connection, and what the connection's own account may read",
    ),
    _guard(
        r"data egress|egress restriction|analytics ?hub|linked dataset|clean ?room|aggregation.threshold|privacy_unit"
        r"|analysis rule|join restriction|restricted egress",
        "the owner of the data restricts how it is read",
        "the terms of the shared dataset, or the analysis rules of the view, with its owner",
    ),
    _guard(
        r"bigquery\.(?:routines|models)\.|(?:Access Denied|Not found): (?:Routine|Model|Function)\b|remote function"
        r"|cloudfunctions\.|run\.routes|aiplatform\.",
        "the query, or a view that it reads, uses a routine or model",
        f"the name; and roles/bigquery.dataViewer of {_READER} on its dataset, or that the data authorises the routine",
    ),
    _guard(
        r"bigquery\.readsessions\.",
        "the BigQuery Storage API needs a grant that the stack does not make",
        f"roles/bigquery.readSessionUser of {_READER}; or in the function `create_bqstorage_client=False`",
    ),
    _guard(
        r"bigquery\.\w+\.(?:update|create|delete|set|export|restore|replicate|link|override)\w*",
        "the query writes or exports, and the stack grants reading alone",
        f"the query; a function that shall write needs a grant of your own to {_READER}",
    ),
    _guard(
        r"bigquery\.reservation|: Reservation\b|reservation assignment|(?:have the|assigned) reservation",
        "a reservation",
        "the reservation that GOOGLE_CLOUD_PROJECT is assigned to: its location and slots",
        link=JobCreationError,
    ),
)
"""Google's guards of data besides the grants of the stack, and what else a query may need."""

_TABLE: Sequence[Signal] = (
    Signal(
        codes={HTTPStatus.FORBIDDEN},
        text=_DATA,
        granted=True,
        link=TableAccessError,
        check=f"roles/bigquery.dataViewer of {_READER} on the table, BIGQUERY_TABLE, and whether the table is in"
        " BIGQUERY_LOCATION: Google does not say which",
        passes=WAIT,
    ),
    _guard(
        r"bigquery\.\w+\.(?:list|get)\w*",
        "the query reads metadata, or a table, that the stack grants nothing on",
        f"the permission that the message names, for {_READER}; a whole dataset in the setting tables grants the"
        " list of its tables",
    ),
    Signal(
        codes={HTTPStatus.FORBIDDEN},
        text=_DATA,
        link=TableAccessError,
        cause="the query, or a view that it reads, reads what the stack grants nothing on",
        check="where a view reads it: that its dataset authorises the view; where the query does: the setting tables,"
        " which must name it",
    ),
    Signal(
        codes={HTTPStatus.NOT_FOUND},
        text=r"Not found: (?:Table|View|Dataset|Wildcard|Materialized|Snapshot)|(?:table|view|dataset) … was not found",
        link=TableAccessError,
        check="the name, as BIGQUERY_TABLE or the query has it, and BIGQUERY_LOCATION: what is in another location is"
        " not found",
    ),
)
"""The grants on data."""

BIGQUERY: Sequence[Signal] = (
    *QUERY,
    *_PROJECT,
    *_GUARDS,
    *_TABLE,
    # The default of a refusal is the data, and nothing is guessed of it.
    Signal(codes={HTTPStatus.FORBIDDEN}, link=TableAccessError, check=OWN_WORDS),
    Signal(link=QueryError, check=OWN_WORDS),
)
"""BigQuery: the query, the project, and guards before grants, since the texts of guards name tables as well."""
