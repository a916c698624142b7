"""What AWS STS answered to GetCallerIdentity: a caller, or AWS's own refusal. Pure."""

from __future__ import annotations

from xml.etree import ElementTree

from federation_rules.caller import Caller
from local_cloud.services.sts.model import AwsRefusal

MOST_ANSWER_BYTES = 64 * 1024
_LONGEST_MESSAGE = 300
_CALLER = ("Account", "Arn", "UserId")


class NoAnswer(ValueError):  # noqa: N818  (a finding about an answer, not a malfunction)
    """It is neither a caller nor a refusal; the text says what it is, and quotes nothing of it."""


def read_answer(body: bytes, status: int) -> Caller | AwsRefusal:
    """Read AWS's answer, as strictly as AWS writes it.

    Args:
        body: At most :data:`MOST_ANSWER_BYTES`.
        status: HTTP status.

    Raises:
        NoAnswer: It is too large, isn't XML without a document type, or holds something else, or something twice.
    """
    if len(body) > MOST_ANSWER_BYTES:
        raise NoAnswer(f"more than {MOST_ANSWER_BYTES} bytes")
    # An entity needs a document type to be declared in, and what isn't ASCII could hide one in another encoding.
    if not body.isascii() or b"\x00" in body or b"<!" in body:
        raise NoAnswer("XML with a document type, or not in ASCII")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (bounded, and without a document type)
    except ElementTree.ParseError as problem:
        raise NoAnswer("no XML") from problem
    if status == 200 and _name(root) == "GetCallerIdentityResponse":
        account, arn, user_id = (_only(root, "GetCallerIdentityResult", name) for name in _CALLER)
        return Caller(account=account, arn=arn, user_id=user_id)
    if status != 200 and _name(root) == "ErrorResponse":
        # The first line only: behind it AWS may repeat the request that it signed, session token included.
        message = _only(root, "Error", "Message").splitlines()[0]
        return AwsRefusal(code=_only(root, "Error", "Code")[:60], message=message[:_LONGEST_MESSAGE])
    raise NoAnswer(f"neither a caller nor an error, with status {status}")


def _only(root: ElementTree.Element, parent: str, name: str) -> str:
    found = [
        (child.text or "").strip()
        for outer in root
        if _name(outer) == parent
        for child in outer
        if _name(child) == name
    ]
    if len(found) != 1 or not found[0]:
        raise NoAnswer(f"an answer with {len(found)} {name}, or an empty one")
    return found[0]


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
