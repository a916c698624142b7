"""What an answer of Google's means: one row for each signal, and the first that fits. Pure.

A row names the link, the cause, what to check, and whether waiting may fix it. A row without a cause guesses nothing:
the line then has Google's own words alone. The rows are in :mod:`keyless_bigquery.runtime.token_signals` and
:mod:`keyless_bigquery.runtime.bigquery_signals`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from keyless_bigquery.runtime.errors import ReaderError

WAIT = "if it was deployed minutes ago, wait: Google takes up to 7 minutes to spread a change; else "
"""How the advice begins where a change of the stack's own may not be seen everywhere yet."""

AGAIN = "it may pass by itself: run it again in a moment; else "
"""How the advice begins where a service is busy or failed by itself."""

OWN_WORDS = "Google's message: it names the reason, and nothing of what the stack grants explains it"

# Guards that several of Google's services have. Source: `google.api.ErrorReason`, and each service's messages.
API_OFF = "has not been used in project|has not enabled BigQuery|SERVICE_DISABLED|accessNotConfigured"
PERIMETER = "VPC_?Service_?Controls|VPC Service Controls|prohibited by organization's policy|SECURITY_POLICY"
SCOPES = "required OAuth scope|insufficient authentication scopes|SCOPE_INSUFFICIENT|insufficient_scope"
SUSPENDED = (
    "(?:CONSUMER|GCP)_SUSPENDED|CONSUMER_INVALID|RESOURCE_PROJECT_INVALID|BILLING_DISABLED|has been suspended"
    "|billing to be enabled"
)

_QUOTED = re.compile(r"\"[^\"]*\"|`[^`]*`|(?<![A-Za-z])'([^']*)'(?![A-Za-z])", re.ASCII)
_AFTER_ITS_KIND = re.compile(
    r"\b((?:table|view|dataset|project|column|field|name|connection|routine|model|bucket)s?:? )(\S+)",
    re.ASCII | re.IGNORECASE,
)
_PERMISSION = re.compile(
    "(?:bigquery|storage|cloudkms|datacatalog|bigtable|iam|serviceusage|cloudsql|spanner|aiplatform|run|cloudfunctions)"
    r"(?:\.[A-Za-z]+){2,3}|google\.(?:subject|groups)",
    re.ASCII,
)
_WORD = re.compile(r"[A-Za-z-]+(?:'s?)?(?:/[A-Za-z-]+)?|[A-Z_]+", re.ASCII)
_SCHEMES = ("gs://", "constraints/")
_RESOURCE = re.compile(r"projects/([\w.:-]+)/datasets/(\w+)(?:/tables/([\w*-]+))?", re.ASCII)
_DATA = "(?P<data>"


def _without_names(message: str) -> str:
    """A message without what it names: a table, column, project or account may be called ``suspended``.

    Permissions are left, and what begins an address or a constraint.
    """
    text = _QUOTED.sub(lambda found: found[1] if found[1] and _PERMISSION.fullmatch(found[1]) else "…", message)
    text = _AFTER_ITS_KIND.sub(lambda found: f"{found[1]}{_masked(found[2], of_a_kind=True)}", text)
    return " ".join(_masked(word) for word in text.split())


def _masked(word: str, *, of_a_kind: bool = False) -> str:
    core = word.strip(".,:;()[]")
    begins = next((scheme for scheme in _SCHEMES if core.startswith(scheme)), None)
    if begins is not None:
        return f"{begins}…"
    if _PERMISSION.fullmatch(core) or (_WORD.fullmatch(core) and not of_a_kind):
        return word
    return "…"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer of Google's that is no success.

    Args:
        code: The HTTP status; ``None`` where there is none.
        reasons: What names it in a word: Google's status, the reasons of its errors and details, OAuth's error.
        message: The text.
    """

    code: int | None
    reasons: frozenset[str]
    message: str

    @property
    def words(self) -> str:
        """The text without the names in it, then the reasons."""
        return "; ".join([_without_names(self.message), *sorted(self.reasons)])

    @property
    def data(self) -> str:
        """The text, with the full resource names of tables and datasets in BigQuery's own form."""
        return _RESOURCE.sub(lambda found: "table " + ".".join(filter(None, found.groups())), self.message)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One row. What is not given fits every answer.

    Args:
        codes: The HTTP statuses.
        reasons: Words of which the answer has one.
        text: A pattern that is searched in :attr:`Refusal.words`, or where it has a group ``data`` for the name of a
            table or dataset, in :attr:`Refusal.data`. Case makes no difference.
        granted: The stack's own grants cover what the group ``data`` names.
        link: Which link failed.
        cause: Why, as far as the answer shows it.
        check: What a person should check.
        passes: How the advice begins where waiting may fix it: :data:`WAIT` or :data:`AGAIN`.
    """

    link: type[ReaderError]
    check: str
    cause: str = ""
    codes: Collection[int] = ()
    reasons: Collection[str] = ()
    text: str = ""
    granted: bool = False
    passes: str = ""

    def fits(self, refusal: Refusal, granted: Collection[str]) -> bool:
        """Whether the answer is of this kind.

        Args:
            refusal: The answer.
            granted: What the stack's grants cover: ``project.dataset.table`` or ``project.dataset``.
        """
        if self.codes and refusal.code not in self.codes:
            return False
        if self.reasons and not refusal.reasons.intersection(self.reasons):
            return False
        where = refusal.data if _DATA in self.text else refusal.words
        found = re.search(self.text, where, re.ASCII | re.IGNORECASE)
        return found is not None and (not self.granted or _covers(granted, found["data"]))

    def error(self, what: str) -> ReaderError:
        """The error to raise, with what happened in words."""
        return self.link(what, f"{self.passes}{self.check}", self.cause)


def signal_of(rows: Sequence[Signal], refusal: Refusal, granted: Collection[str] = ()) -> Signal:
    """The first row that fits; the last one fits everything."""
    return next(row for row in rows if row.fits(refusal, granted))


def may_pass(line: str) -> bool:
    """Whether waiting may fix what a failed invocation's line reports: its advice alone decides, which is ours."""
    return line.rpartition(". Check: ")[2].startswith((WAIT, AGAIN))


def _covers(granted: Collection[str], data: str) -> bool:
    name = data.replace(":", ".").partition("$")[0]
    return name in granted or name.rpartition(".")[0] in granted
