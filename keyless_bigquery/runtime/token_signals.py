"""What the refusals of Google STS and IAM Credentials mean. Pure.

Sources: Google, "Troubleshoot Workload Identity Federation"; AWS STS API, "Common Error Types", whose code and message
Google STS quotes; Google, "Error reasons" (``google.api.ErrorReason``).
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from keyless_bigquery.runtime.errors import ImpersonationError, TokenExchangeError
from keyless_bigquery.runtime.signals import AGAIN, API_OFF, OWN_WORDS, PERIMETER, SCOPES, SUSPENDED, WAIT, Signal

_FILE = "credential-configuration.json"
_CLOCK = "the clock of the machine: outside of Lambda, the time service of the container's or pod's host"
_KEYS = (
    "where AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN come from: all three must be of one session,"
    " and no variable of the function's own may replace one"
)
_REGION = "AWS_REGION, and regional_cred_verification_url in credential-configuration.json"
_STARTS = "how often the function is started: each start exchanges a token"


def _aws(says: str, cause: str, check: str, *, passes: str = "") -> Signal:
    """AWS's answer to GetCallerIdentity, as Google STS quotes it; ``says``: a pattern of its code or its message."""
    return Signal(
        reasons={"invalid_grant"}, text=says, link=TokenExchangeError, cause=cause, check=check, passes=passes
    )


AWS: Sequence[Signal] = (
    # AWS's message says more than its code: a wrong clock, region and key are all SignatureDoesNotMatch.
    _aws(r"is now earlier than", "the clock is more than 15 minutes behind AWS's", _CLOCK),
    _aws(r"not yet current|is still later than", "the clock is more than 15 minutes ahead of AWS's", _CLOCK),
    _aws(r"RequestExpired|TimeTooSkewed", "the clock is more than 15 minutes off AWS's", _CLOCK),
    _aws(r"should be scoped to", "the request is signed for another region or service than it is sent to", _REGION),
    _aws(
        r"SignatureDoesNotMatch|InvalidSignature",
        "the secret key is not that of the access key, or the request was changed after it was signed",
        _KEYS,
    ),
    _aws(
        r"ExpiredToken|TokenRefreshRequired|token .*\bexpired",
        "the role's session has expired",
        "what renews the session: Lambda itself does, so that a variable of the function's own or a copied session"
        " may be in its place",
    ),
    _aws(
        r"InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|InvalidToken|MalformedSecurityToken|AuthFailure",
        "AWS does not know the session, or it is not valid in this region",
        f"{_KEYS}; that the role was not deleted; and in a region that an account must enable, that it is enabled",
    ),
    _aws(
        r"RegionDisabled|OptInRequired|not activated in this region",
        "AWS STS is not enabled in this region",
        "AWS_REGION, and the STS endpoints in the account settings of AWS IAM",
    ),
    _aws(
        r"AccessDenied|NotAuthorized|UnauthorizedOperation|explicit deny",
        "AWS denies the request, although no policy can deny a session GetCallerIdentity",
        "regional_cred_verification_url: whether it is a GetCallerIdentity request; and what AWS's message names",
    ),
    _aws(
        r"MissingAuthenticationToken|IncompleteSignature|MalformedHttpRequest|(?:Missing|Invalid|Unknown)\w*(?:Action"
        r"|Operation|Parameter)|ValidationError|MalformedQueryString",
        "the signed request is not whole",
        f"regional_cred_verification_url in {_FILE}, and what else may have changed the request",
    ),
    _aws(
        r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|Rate exceeded", "AWS throttles", _STARTS, passes=AGAIN
    ),
    _aws(
        r"Internal(?:Failure|Error|Server)|Unavailable|RequestTimeout|RequestAborted",
        "AWS STS failed",
        "the status of AWS STS in the region; then run the function again",
        passes=AGAIN,
    ),
)
"""AWS's refusals of a signed request, whether Google or the function sends it."""

EXCHANGE: Sequence[Signal] = (
    *AWS,
    _aws(r"AWS response", "AWS refuses the signed request", "AWS's code and message, as Google quotes them"),
    Signal(
        text=API_OFF,
        link=TokenExchangeError,
        cause="the API is off",
        check="whether the API sts.googleapis.com is on in the project",
        passes=WAIT,
    ),
    Signal(
        text=PERIMETER,
        link=TokenExchangeError,
        cause="a VPC Service Controls perimeter",
        check="the ingress rules of the perimeter around the pool's project, by the identifier in the message",
    ),
    Signal(
        text=SUSPENDED,
        link=TokenExchangeError,
        cause="Google does not serve the pool's project",
        check="the project's state, and its billing account",
    ),
    Signal(
        text=r"attribute condition",
        link=TokenExchangeError,
        cause="the attribute condition does not admit the caller",
        check="the provider's attribute condition: it must name the caller's account and role exactly",
        passes=WAIT,
    ),
    Signal(
        text=r"size of mapped attribute|exceeds the \d+ bytes? limit",
        link=TokenExchangeError,
        cause="a mapped attribute is too long",
        check="the provider's attribute mapping, and the length of role name and session name together",
    ),
    Signal(
        text=r"google\.subject|attribute mapping",
        link=TokenExchangeError,
        cause="the attribute mapping gives no subject",
        check="the provider's attribute mapping",
        passes=WAIT,
    ),
    Signal(
        reasons={"invalid_target"},
        link=TokenExchangeError,
        cause="the audience names no provider that exists and is enabled",
        check=f"the pool and the provider, and the audience in {_FILE}: it must name them with the project's number",
        passes=WAIT,
    ),
    Signal(
        reasons={"unauthorized_client"},
        link=TokenExchangeError,
        check="the provider's attribute mapping and condition",
        passes=WAIT,
    ),
    Signal(
        reasons={"invalid_grant"},
        text=r"\baccount\b",
        link=TokenExchangeError,
        cause="the caller is of another AWS account than the provider's",
        check="the account of the function's execution role, and the provider's",
    ),
    Signal(
        reasons={"invalid_request"},
        text=r"\bregion\b",
        link=TokenExchangeError,
        cause="the request is signed for a region that Google does not ask",
        check=_REGION,
    ),
    Signal(
        reasons={"invalid_request"},
        link=TokenExchangeError,
        check=f"audience and regional_cred_verification_url in {_FILE}",
    ),
    Signal(
        reasons={"quota_exceeded", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "temporarily_unavailable"},
        link=TokenExchangeError,
        cause="too many exchanges",
        check=_STARTS,
        passes=AGAIN,
    ),
    Signal(
        reasons={"server_error", "internal_failure", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"},
        link=TokenExchangeError,
        cause="Google STS failed",
        check="the status of sts.googleapis.com; then run the function again",
        passes=AGAIN,
    ),
    Signal(link=TokenExchangeError, check=OWN_WORDS),
)
"""Google STS."""

IMPERSONATION: Sequence[Signal] = (
    Signal(
        text=API_OFF,
        link=ImpersonationError,
        cause="the API is off",
        check="whether the API iamcredentials.googleapis.com is on in the project",
        passes=WAIT,
    ),
    Signal(
        text=PERIMETER,
        link=ImpersonationError,
        cause="a VPC Service Controls perimeter",
        check="the ingress rules of the perimeter around the service account's project: they must admit the role's"
        " principalSet; by the identifier in the message",
    ),
    Signal(
        text=SCOPES,
        link=ImpersonationError,
        cause="the federated token has no scope for this",
        check="the scopes that the function's own client asks for: the pool's token needs cloud-platform",
    ),
    Signal(
        text=r"serviceusage\.services\.use|USER_PROJECT_DENIED|permission to use project",
        link=ImpersonationError,
        cause="the request is charged to a project that the principal may not use",
        check=f"quota_project_id in {_FILE}: the stack sets none",
    ),
    Signal(
        text=SUSPENDED,
        link=ImpersonationError,
        cause="Google does not serve the service account's project",
        check="the project's state, and its billing account",
    ),
    Signal(
        text=r"constraints/|organi[sz]ation policy|org policy",
        link=ImpersonationError,
        cause="an organisation policy",
        check="the constraint that the message names, with the organisation's administrator",
    ),
    Signal(
        codes={HTTPStatus.FORBIDDEN},
        text=r"iam\.serviceAccounts\.getAccessToken|^(?:The caller does not have permission|Permission denied\.?;|;)",
        link=ImpersonationError,
        check="the binding roles/iam.workloadIdentityUser on the service account: its principalSet must name the"
        " caller's role; and whether the account exists",
        passes=WAIT,
    ),
    Signal(
        codes={HTTPStatus.NOT_FOUND},
        link=ImpersonationError,
        cause="the service account is not there",
        check="whether the service account exists and was not deleted and made anew",
        passes=WAIT,
    ),
    Signal(
        codes={HTTPStatus.UNAUTHORIZED},
        link=ImpersonationError,
        cause="the federated token was not accepted",
        check="whether the pool is still enabled",
    ),
    Signal(
        text=r"account .{0,80}(?:is|has been) disabled|ACCOUNT_STATE_INVALID",
        link=ImpersonationError,
        cause="the service account is disabled",
        check="the service account: `gcloud iam service-accounts enable`, after asking who disabled it",
    ),
    Signal(
        codes={HTTPStatus.BAD_REQUEST},
        reasons={"INVALID_ARGUMENT"},
        link=ImpersonationError,
        check=f"service_account_impersonation_url in {_FILE}",
    ),
    Signal(
        codes={HTTPStatus.TOO_MANY_REQUESTS},
        link=ImpersonationError,
        cause="too many tokens in a minute",
        check=_STARTS,
        passes=AGAIN,
    ),
    Signal(
        codes=range(500, 600),
        link=ImpersonationError,
        cause="IAM Credentials failed",
        check="the status of IAM Credentials; then run the function again",
        passes=AGAIN,
    ),
    Signal(link=ImpersonationError, check=OWN_WORDS),
)
"""IAM Credentials, ``generateAccessToken``."""
