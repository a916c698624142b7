"""What a configured value must look like: one rule for each kind of value, all pure.

A rule answers ``None`` for a good value, and otherwise what is wrong and how to fix it. The limits are Google's and
AWS's own, checked here because the clouds report them late, or never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from keyless_bigquery.runtime import forms
from keyless_bigquery.runtime.environment import LOOPBACK
from keyless_bigquery.trust.names import (
    ACCOUNT_ID,
    POOL_OR_PROVIDER_ID,
    PROJECT_ID,
    PROJECT_NUMBER,
    PROVIDER_NAME,
    SERVICE_PLACEHOLDER,
    TOKEN_ISSUER,
)

Verdict = forms.Verdict
"""What is wrong with a value, and how to fix it; ``None``: nothing is."""

region = forms.region
"""An AWS region of the standard partition."""

Rule = Callable[[str], Verdict]
"""Looks at one value."""

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|::1", re.ASCII)
_ENDPOINT_EXAMPLE = "For example: https://apis.internal.example or http://127.0.0.1:8080"
_GOOGLE_ENDPOINT_EXAMPLE = "For example: https://{service}-myendpoint.p.googleapis.com"

_NOT_IN_A_NAME = (
    ("*", "a wildcard is not a table that can be granted", "List each table, or the dataset as project.dataset."),
    ("`", "it has backticks, which belong in a query", "Leave them out."),
    (":", "its parts are joined by dots here, not by a colon", "For example: my-project.sales.orders"),
)


def pattern(expression: str, rule: str, fix: str) -> Rule:
    """The value matches a regular expression as a whole."""
    compiled = re.compile(expression, re.ASCII)
    return lambda value: None if compiled.fullmatch(value) else (rule, fix)


def one_of(allowed: Sequence[str]) -> Rule:
    """The value is one of a few."""
    return lambda value: None if value in allowed else (f"it must be one of {', '.join(allowed)}", "Choose one.")


def whole_number(least: int, most: int, allowed: Sequence[int] = ()) -> Rule:
    """The value is a whole number within bounds, and one of ``allowed`` where those are given."""

    def rule(value: str) -> Verdict:
        if re.fullmatch(r"[0-9]{1,19}", value, re.ASCII) is None or not least <= int(value) <= most:
            return f"it must be a whole number from {least} to {most}", f"For example: {(*allowed, least)[0]}"
        if allowed and int(value) not in allowed:
            return f"it must be one of {', '.join(map(str, allowed))}", "Take the next higher one."
        return None

    return rule


_project_id_form = pattern(
    PROJECT_ID,
    "a project id has 6 to 30 lower-case letters, digits and hyphens, begins with a letter and ends without a hyphen",
    "`gcloud projects list` shows the ids.",
)


_DOMAIN_SCOPED = re.compile(r"[^/:]*[^/:.]\.[^/:]+:.*", re.DOTALL)

_WITH_A_DOMAIN = (
    "a legacy project id with a domain doesn't fit in project.dataset.table, and the e-mails of its accounts have"
    " another form",
    "Use another project: `gcloud projects list` shows the ids.",
)
"""The form is named by BigQuery's own refusal, ``Invalid project ID``: "Some project IDs also include domain name"."""


def project_id(value: str) -> Verdict:
    """A Google Cloud project id, without a domain. Source: Resource Manager API, ``Project.projectId``."""
    if _DOMAIN_SCOPED.fullmatch(value):
        return _WITH_A_DOMAIN
    if value.isascii() and value.isdigit():
        return (
            "that is a project number, where a project id is expected",
            f"`gcloud projects describe {value[:20]} --format='value(projectId)'` prints the id.",
        )
    return _project_id_form(value)


def project_number(value: str) -> Verdict:
    """A Google Cloud project number, which audience and principal need. Source: Google, "Principal identifiers"."""
    if re.fullmatch(PROJECT_NUMBER, value, re.ASCII):
        return None
    return (
        "a project number has digits only; this looks like a project id, and Google STS refuses an audience made from"
        " an id as invalid_target",
        f"`gcloud projects describe {value if _project_id_form(value) is None else 'PROJECT'}"
        " --format='value(projectNumber)'` prints the number; or remove the setting,"
        " and the number is taken from the pool that Google makes.",
    )


def account_id(value: str) -> Verdict:
    """An AWS account id: exactly 12 digits. Source: AWS, "View AWS account identifiers"."""
    if re.fullmatch(r"[0-9]{12}", value, re.ASCII):
        return None
    found = f"this has {len(value)}" if value.isascii() and value.isdigit() else "this is not a number"
    return (
        f"an AWS account id has exactly 12 digits, leading zeros included, and {found}",
        "`aws sts get-caller-identity --query Account --output text` prints it; write it in quotes.",
    )


_pool_or_provider_id_form = pattern(
    POOL_OR_PROVIDER_ID, "Google takes 4 to 32 lower-case letters, digits and hyphens", "For example: bigquery-readers"
)


def pool_or_provider_id(value: str) -> Verdict:
    """A pool's or provider's id. Source: IAM API, ``workloadIdentityPools.create``."""
    if value.startswith("gcp-"):
        return "ids that begin with 'gcp-' are reserved by Google", "Choose another beginning."
    return _pool_or_provider_id_form(value)


def endpoint(value: str) -> Verdict:
    """A base URL without a path; plain http only where the packets never leave the machine."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"it is not a URL ({error})", _ENDPOINT_EXAMPLE
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "it must be a base URL that begins with https:// (http:// for this machine itself)", _ENDPOINT_EXAMPLE
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return "it must be scheme, host and port only", _ENDPOINT_EXAMPLE
    if _HOST.fullmatch(host) is None:
        return "its host has characters that no host name has", _ENDPOINT_EXAMPLE
    if parts.scheme == "http" and host not in LOOPBACK:
        return "tokens travel to this address, and plain http is for this machine itself only", _ENDPOINT_EXAMPLE
    return None


def google_endpoint(value: str) -> Verdict:
    """An :func:`endpoint` whose host may hold ``{service}`` once, as the hosts of Private Service Connect do."""
    if value.count(SERVICE_PLACEHOLDER) > 1:
        return f"{SERVICE_PLACEHOLDER} may stand in it once", _GOOGLE_ENDPOINT_EXAMPLE
    return endpoint(value.replace(SERVICE_PLACEHOLDER, "service"))


service_account_id = pattern(
    ACCOUNT_ID,
    "Google takes 6 to 30 lower-case letters, digits and hyphens, beginning with a letter and ending without a hyphen",
    "For example: bq-reader-dev",
)

dataset_id = pattern(
    r"[A-Za-z0-9_]{1,1024}", "a dataset id has letters, digits and underscores only", "For example: keyless_dev"
)
"""Source: BigQuery API, ``DatasetReference.datasetId``."""

table_id = pattern(
    r"[A-Za-z0-9_-]{1,1024}", "a table id here has letters, digits, underscores and hyphens only", "For example: users"
)
"""BigQuery takes more than that; whatever needs no escaping inside backticks is enough here."""


def table_or_dataset(value: str) -> Verdict:
    """A table as ``project.dataset.table``, or a whole dataset as ``project.dataset``."""
    if _DOMAIN_SCOPED.fullmatch(value):
        return _WITH_A_DOMAIN
    for sign, rule, fix in _NOT_IN_A_NAME:
        if sign in value:
            return rule, fix
    parts = value.split(".")
    if len(parts) not in (2, 3):
        return (
            "it must be project.dataset.table, or project.dataset for all that is and will be in a dataset",
            "For example: my-project.sales.orders",
        )
    if "INFORMATION_SCHEMA" in map(str.upper, parts):
        return "a view of INFORMATION_SCHEMA is metadata, which has no policy of its own", "Name a table or a dataset."
    named = zip(("project", "dataset", "table"), parts, (project_id, dataset_id, table_id), strict=False)
    wrong = ((part, text, rule(text)) for part, text, rule in named)
    found = next(((part, text, verdict) for part, text, verdict in wrong if verdict is not None), None)
    return None if found is None else (f"in it the {found[0]} is {found[1]!r:.100}: {found[2][0]}", found[2][1])


location = pattern(
    r"[A-Za-z]{2}|[a-z]+-[a-z]+[0-9]+", "it is not a BigQuery location", "For example: US, EU or asia-northeast1"
)
"""A multi-region or a region."""

role_name = pattern(
    r"[A-Za-z0-9_+=,.@-]{1,64}",
    "an IAM role name has 1 to 64 letters, digits and _+=,.@- and no path, which is not part of an assumed role's ARN",
    "For example: keyless-bigquery-dev",
)
"""Source: IAM API, ``CreateRole``. None of these characters needs escaping in CEL or in a principal."""

function_name = pattern(
    r"[A-Za-z0-9_-]{1,64}",
    "a function name has 1 to 64 letters, digits, hyphens and underscores",
    "For example: keyless-bigquery-dev",
)
"""Source: Lambda API, ``CreateFunction``."""


def handler(value: str) -> Verdict:
    """The function in the package that the library calls. Source: Lambda API, ``FunctionConfiguration.Handler``."""
    if value.endswith(".py"):
        return "that is a file, where a function in it is expected", f"For example: {value[:-3][:60]}.lambda_handler"
    if value.partition(".")[0] == "keyless_bigquery":
        return "that is the library, which calls the function", "Name a function in lambda_src."
    if len(value) > 128:
        return f"it has {len(value)} characters, and Lambda takes at most 128", "Shorten it."
    return forms.handler(value)


universe_domain = pattern(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "it must be a domain name", "Google's own is googleapis.com")
"""Google's public cloud is one universe; sovereign clouds and the local cloud are others."""

subnet_id = pattern(r"subnet-[0-9a-f]{8,17}", "it is not the id of a subnet", "For example: subnet-0123456789abcdef0")
"""Source: EC2 API, ``DescribeSubnets``."""

security_group_id = pattern(
    r"sg-[0-9a-f]{8,17}", "it is not the id of a security group", "For example: sg-0123456789abcdef0"
)
"""Source: EC2 API, ``DescribeSecurityGroups``."""

kms_key_arn = pattern(
    r"arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}",
    "it must be the full ARN of a key, not an alias: the role is allowed to use exactly this key",
    "`aws kms describe-key --key-id ALIAS --query KeyMetadata.Arn` prints it.",
)
"""Source: KMS, "Key identifiers", key ARN."""

policy_arn = pattern(
    r"arn:aws:iam::[0-9]{12}:policy/[A-Za-z0-9+=,.@_/-]{1,512}",
    "it must be the ARN of a policy of your own account",
    "For example: arn:aws:iam::123456789012:policy/keyless-bigquery-dev-boundary",
)
"""Source: IAM, "IAM identifiers", ARNs of customer managed policies."""

provider_name = pattern(
    PROVIDER_NAME,
    "it must be a provider's full resource name with the project's number:"
    " projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    "`gcloud iam workload-identity-pools providers describe PROVIDER --workload-identity-pool=POOL --location=global"
    " --format='value(name)'` prints it.",
)

token_issuer = pattern(
    TOKEN_ISSUER,
    "it must be the issuer of the account's tokens, letter by letter: https://UUID.tokens.sts.global.api.aws in small"
    " letters, without a port, a path or a slash at the end",
    "`aws iam get-outbound-web-identity-federation-info --query IssuerIdentifier --output text` prints it, where"
    " `aws iam enable-outbound-web-identity-federation` was run once in the account.",
)

reader_name = pattern(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
    "a reader's name has lower-case letters, digits and single hyphens, and begins with a letter",
    "For example: orders",
)
"""Ours: every name of the reader's resources is made of it."""


def at_most(characters: int) -> Rule:
    """The text isn't longer than this."""
    return lambda value: (
        None
        if len(value) <= characters
        else (f"it has {len(value)} characters, at most {characters} fit", "Shorten it.")
    )
