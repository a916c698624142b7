"""What AWS STS answered to GetCallerIdentity: a caller, or AWS's own refusal. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from federation_emulator.services.sts.model import AwsRefusal
from keyless_bigquery.trust.caller import Caller

MOST_ANSWER_BYTES = 64 * 1024
_LONGEST_MESSAGE = 300
_CALLER = ("Account", "Arn", "UserId")
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_DECLARATION = re.compile(r'\A<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?\?>\s*', re.ASCII)
_SPACE = " \t\r\n"


class NoAnswer(ValueError):  # noqa: N818  (a finding about an answer, not a malfunction)
    """It is neither a caller nor a refusal; the text says what it is, and quotes nothing of it."""


def read_answer(body: bytes, status: int) -> Caller | AwsRefusal:
    """Read AWS's answer, as strictly as AWS writes it. The body has at most :data:`MOST_ANSWER_BYTES`.

    Raises:
        NoAnswer: It is too large, isn't XML without a document type, or has another shape than AWS's.
    """
    if len(body) > MOST_ANSWER_BYTES:
        raise NoAnswer(f"more than {MOST_ANSWER_BYTES} bytes")
    # An entity needs a document type to be declared in, and what isn't ASCII could hide one in another encoding.
    if not body.isascii() or b"\x00" in body or b"<!" in body:
        raise NoAnswer("XML with a document type, a comment or a section of characters, or not in ASCII")
    text = _DECLARATION.sub("", body.decode("ascii"), count=1)
    if "<?" in text:
        raise NoAnswer("XML with a processing instruction, or of another version or encoding")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  (bounded, and without a document type)
    except (ElementTree.ParseError, ValueError) as problem:
        raise NoAnswer("no XML") from problem
    if status == 200:
        inner = _fields(root, "GetCallerIdentityResponse", {"GetCallerIdentityResult"})
        found = _texts(inner["GetCallerIdentityResult"], _CALLER)
        return Caller(account=found["Account"], arn=found["Arn"], user_id=found["UserId"])
    inner = _fields(root, "ErrorResponse", {"Error"})
    refusal = _texts(inner["Error"], ("Type", "Code", "Message"))
    # The first line only: behind it AWS may repeat the request that it signed, session token included.
    message = refusal["Message"].strip().splitlines()[0]
    return AwsRefusal(code=refusal["Code"][:60], message=message[:_LONGEST_MESSAGE])


def _fields(element: ElementTree.Element, name: str, needed: set[str]) -> dict[str, ElementTree.Element]:
    """Read an element that holds elements only: AWS's name, no attribute, each child once, no text between them.

    The request's id comes along, where AWS has put it over time: next to the rest, or in an element of its own.
    """
    children = {_name(child): child for child in element}
    known = needed | {"ResponseMetadata", "RequestId"}
    between = "".join((element.text or "", *(child.tail or "" for child in element)))
    whole = needed <= set(children) <= known and len(children) == len(element)
    if _name(element) != name or element.attrib or between.strip(_SPACE) or not whole:
        raise NoAnswer(f"something else than {name} with {', '.join(sorted(needed))}")
    return children


def _texts(element: ElementTree.Element, names: Iterable[str]) -> dict[str, str]:
    """Read an element whose children hold a text each, as it stands: no attribute, no element in it."""
    children = _fields(element, _name(element), set(names))
    found = {name: children[name].text or "" for name in names}
    for name, text in found.items():
        # Only a message may end with line breaks, as AWS's do.
        clean = text.strip() if name == "Message" else text == text.strip() and text
        if len(children[name]) or children[name].attrib or not clean:
            raise NoAnswer(f"an empty {name}, or one with more in it than its text")
    return found


def _name(element: ElementTree.Element) -> str:
    """An element's name, if it is in AWS's namespace."""
    return element.tag.removeprefix(f"{{{_NAMESPACE}}}") if element.tag.startswith("{") else ""
