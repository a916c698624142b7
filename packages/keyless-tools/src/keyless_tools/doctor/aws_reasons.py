"""What an error of AWS's means, by its code: what it is, and what fixes it. Pure.

Sources: "Common error types" of the APIs of Lambda, IAM, STS and CloudWatch Logs; IAM, "Troubleshoot access denied
error messages"; "Troubleshoot Signature Version 4 signing" for the clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keyless_tools.doctor.answer import Absent, Hidden, Silent

_SIGN_IN = "sign in again (`aws sso login`, or new keys)"
_SUPPORT = "AWS failed by itself: run it again"
_TOO_OFTEN = "too many requests in the account: wait a minute, and run it again"
_CLOCK = "this machine's clock is off: set it"
_NOT_KNOWN = (
    "AWS does not know the access key (in this region): it is deleted, of another partition, or the region is off in"
    " the account"
)
_OFF = "the region or the service is off in the account: enable it, or compare awsRegion"
_REQUEST = "AWS does not take the request; a proxy or awsEndpoint may change it"
_SECRET = "the secret key is another, or a proxy changes the request"  # noqa: S105 - a sentence, and no secret

CODES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
            *("InvalidToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ),
        f"your AWS session has expired, or is none: {_SIGN_IN}",
    ),
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"), _NOT_KNOWN
    ),
    **dict.fromkeys(("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"), _CLOCK),
    **dict.fromkeys(
        ("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException"),
        _SECRET,
    ),
    **dict.fromkeys(("OptInRequired", "SubscriptionRequiredException"), _OFF),
    **dict.fromkeys(
        (
            *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "LimitExceededException"),
            *("RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
        ),
        _TOO_OFTEN,
    ),
    **dict.fromkeys(
        (
            *("InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "ServiceException"),
            *("ServiceUnavailableException", "ServiceFailure", "RequestTimeoutException", "RequestTimeout"),
            "RequestAbortedException",
        ),
        _SUPPORT,
    ),
    **dict.fromkeys(
        (
            *("InvalidAction", "UnknownOperationException", "MalformedHttpRequestException", "MalformedQueryString"),
            *("RequestEntityTooLargeException", "MissingAction", "InvalidQueryParameter"),
            *("InvalidParameterCombination", "InvalidParameterValue", "MissingParameter", "ValidationError"),
        ),
        _REQUEST,
    ),
}
"""What each code means that is neither a refusal by a policy nor the absence of what was asked for."""

NOT_THERE = frozenset({"ResourceNotFoundException", "NoSuchEntity"})
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})

_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)", re.ASCII)
_BECAUSE = re.compile(r"because (.+)|(with an explicit deny.*)", re.ASCII)
_LATE = ("Signature expired", "Signature not yet current")
_LONGEST = 200


def meaning(code: str, message: str, *, action: str) -> Absent | Hidden | Silent:
    """What an error means.

    Args:
        code: AWS's code.
        message: Its text.
        action: What was asked.
    """
    if code in NOT_THERE:
        return Absent()
    if code in FORBIDDEN:
        # It may be another one than was asked, of a key for example.
        named, because = _ACTION.search(message), _BECAUSE.search(message)
        unnamed = "" if named else message
        why = because[1] or because[2] if because else unnamed
        return Hidden(permission=named[1] if named else action, why=f"{why:.{_LONGEST}}")
    what = _CLOCK if message.startswith(_LATE) else CODES.get(code)
    answered = f"AWS answered {action} with {code}: {message:.{_LONGEST}}"
    return Silent(why=answered if what is None else f"{what}. {answered}")
