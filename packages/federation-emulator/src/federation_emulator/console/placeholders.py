"""Names in texts become placeholders: the same name the same one, so that equal stays equal and different different.

What is public stays: prose, the structure of resource names and ARNs, roles and permissions, the hosts of Google's and
AWS's APIs, CEL. All else is replaced, whatever it is: a name, a number, a secret that a client sent in a name's place.
"""

from __future__ import annotations

import re
from collections import Counter

_KINDS = {
    "projects/": "PROJECT",
    "workloadIdentityPools/": "POOL",
    "providers/": "PROVIDER",
    "serviceAccounts/": "SERVICE-ACCOUNT",
    "serviceAccount:": "SERVICE-ACCOUNT",
    "user:": "USER",
    "group:": "GROUP",
    "datasets/": "DATASET",
    "tables/": "TABLE",
    "assumed-role/": "ROLE",
    "role/": "ROLE",
}
"""What a name is called, by what stands before it."""

_WORDS = """
projects locations global workloadIdentityPools providers serviceAccounts datasets tables jobs routines roles
subject google principal principalSet serviceAccount user group domain allUsers allAuthenticatedUsers arn aws
sts iam role assumed-role root https http repo repository ref refs heads tags main environment pull_request
deployer local invalid NUMBER POOL PROVIDER ACCOUNT ROLE SESSION EMAIL TOKEN PROJECT DATASET TABLE JOB
GetCallerIdentity InvalidClientTokenId SignatureDoesNotMatch ExpiredToken BigQuery OAuth GitHub jwksJson AKIA
ASIA true false projectOwners projectWriters projectReaders OWNER WRITER READER has in size ACTIVE DELETED
"""
_STRUCTURE = frozenset(_WORDS.split())
"""Words that are the name of nothing in particular: parts of resource names, and of the emulator's own messages."""

_PUBLIC = re.compile(
    r"""(?<![\w/-])roles/(?:[a-z]+\.)?[A-Za-z]+(?![\w.-])                         # a predefined role
    | (?<![\w.-])(?:iam|bigquery|resourcemanager|serviceusage|datacatalog)(?:\.[A-Za-z]+){2}(?![\w.-])  # a permission
    | (?<![\w.-])(?:[a-z]+|sts\.[a-z]{2}(?:-[a-z]+){1,2}-[0-9])\.(?:googleapis|amazonaws)\.com(?![\w.-])
    | (?<![\w.-])(?:oidc\.(?:issuerUri|allowedAudiences|jwksJson)|aws\.accountId)(?![\w.-])
    | \{(?:account_arn|role_name)\}                                                 # Google's default mapping
    | (?<=region\ )[a-z]{2}(?:-[a-z]+){1,2}-[0-9](?![\w-])
    | (?<=\.)iam\.gserviceaccount\.com(?![\w.-])
    | (?<![\w.-])token\.actions\.githubusercontent\.com(?![\w.-])
    | (?<![\w.-])(?:assertion|attribute|google)(?:\.[a-z][a-z0-9_]{0,31})+(?![\w-])      # a claim, or an attribute
    | (?<=\.)(?:startsWith|endsWith|contains|matches|extract|split|join|lowerAscii|upperAscii)(?=\()
    | (?<![\w-])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z(?!\w) | (?<![\w-])\d{8}T\d{6}Z(?!\w)
    | (?<!\w)\#[0-9a-f]{8}(?![\w-])                                               # a token's fingerprint
    | (?<![\w-])(?:RS|ES|PS|HS)\d{3}(?![\w-])
    | (?:(?<=iat\ )|(?<=exp\ )|(?<=nbf\ ))\d{10}(?!\w)
    | (?<![\w.'"-])\d{1,5}(?![\w'"-])
    """,
    re.ASCII | re.VERBOSE,
)
_QUOTED = re.compile(r"""(?<!\w)(?:'(?:\\.|[^'\\])*(?:'(?!\w)|$)|"(?:\\.|[^"\\])*(?:"(?!\w)|$))""", re.ASCII)
_PROSE = re.compile(r"(?:[A-Z]{2,5}|[A-Za-z]?[a-z]{0,15})(?:-[a-z]{1,15}){0,3}", re.ASCII)
_WORD = re.compile(r"[^ ]+")
_SEGMENT = re.compile(r"[^\x00-*,./:-@\[-^`{-\x7f…]+")  # letters, digits and _+- of ASCII, and all beyond it
_BEFORE = re.compile(r"([A-Za-z-]+[/:])\Z", re.ASCII)
_EDGES = "()[]{}<>,.;:!?'\"…✗✓"


class Placeholders:
    """The placeholders of texts that belong together. Show it all of them before the first one is kept.

    A name that stands where names belong is found there, and replaced wherever else it stands, in prose too.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}
        self._counts = Counter[str]()

    def replace(self, text: str, *, is_value: bool = False) -> str:
        """Write a text with its names replaced. ``is_value``: it is no sentence, so a plain word is a name, too."""
        kept = [match.span() for match in _PUBLIC.finditer(text)]
        quoted = [match.span() for match in _QUOTED.finditer(text)]
        written, done = "", 0
        for word in _WORD.finditer(text):
            is_prose = (
                not is_value
                and _SEGMENT.fullmatch(re.sub("'(?=[st]$)", "", word[0].strip(_EDGES))) is not None
                and not text.endswith(("= ", "kid "), 0, word.start())
                and not any(start < word.end() and word.start() < end for start, end in quoted)
            )
            for match in _SEGMENT.finditer(text, *word.span()):
                if match[0].strip("+-") and not _within(match.span(), kept):
                    written += text[done : match.start()] + self._segment(match, is_prose=is_prose)
                    done = match.end()
        return written + text[done:]

    def _segment(self, match: re.Match[str], *, is_prose: bool) -> str:
        name = match[0]
        if name in self._by_name:
            return self._by_name[name]
        if name in _STRUCTURE or (is_prose and _PROSE.fullmatch(name)):
            return name
        kind = _kind(match)
        self._counts[kind] += 1
        self._by_name[name] = f"{kind}-{self._counts[kind]}"
        return self._by_name[name]


def _kind(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()], match.string[match.end() :]
    label = _BEFORE.search(before)
    kind = _KINDS.get(label[1], "") if label else ""
    if before.endswith("@"):
        kind = "PROJECT" if after.startswith(".iam.gserviceaccount.com") else "DOMAIN"
    elif after.startswith("@"):
        kind = kind or "USER"
    elif re.search(r"assumed-role/[^/ ]+/\Z", before):
        kind = "SESSION"
    if re.fullmatch("[0-9]{12}", match[0]):
        return "PROJECT-NUMBER" if kind == "PROJECT" else "ACCOUNT"
    return kind or "VALUE"


def _within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)
