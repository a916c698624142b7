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
"""How the advice begins where waiting may fix it: a change of the stack's own may not be seen everywhere yet."""

OWN_WORDS = "Google's message: it names the reason, and nothing of what the stack grants explains it"

# Guards that several of Google's services have. Source: `google.api.ErrorReason`, and each service's messages.
API_OFF = r"has not been used in project|has not enabled BigQuery|SERVICE_DISABLED|accessNotConfigured"
PERIMETER = r"VPC_?Service_?Controls|VPC Service Controls|prohibited by organization's policy|SECURITY_POLICY"
SCOPES = r"required OAuth scope|insufficient authentication scopes|SCOPE_INSUFFICIENT|insufficient_scope"
SUSPENDED = (
    r"SUSPENDED|CONSUMER_INVALID|BILLING_DISABLED|been suspended|project \S+ has been deleted|billing to be enabled"
)

_NAMES = re.compile(
    # What follows the kind of a thing; names in double quotes; addresses of files; AWS's names.
    r"(?<=\btable )\S+|(?<=\bview )\S+|(?<=\bdataset )\S+|(?<=\bcolumn )\S+|(?<=\bproject )\S+|(?<=\bconnection )\S+"
    r"|(?<=\broutine )\S+|(?<=\bmodel )\S+|(?<=\bbucket )\S+|(?<=\")[^\"]*(?=\")|(?<=gs://)\S+|(?<=arn:)\S+",
    re.ASCII | re.IGNORECASE,
)
_DATA = "(?P<data>"


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
        """The reasons and the text, without the names in it: a table may be called ``reservation``."""
        return "; ".join([*sorted(self.reasons), _NAMES.sub("…", self.message)])


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One row. What is not given fits every answer.

    Args:
        codes: The HTTP statuses.
        reasons: Words of which the answer has one.
        text: A pattern that is searched in :attr:`Refusal.words`, or where it has a group ``data`` for the name of a
            table or dataset, in the message itself. Case makes no difference.
        granted: The stack's own grants cover what the group ``data`` names.
        link: Which link failed.
        cause: Why, as far as the answer shows it.
        check: What a person should check.
        passes: Waiting may fix it.
    """

    link: type[ReaderError]
    check: str
    cause: str = ""
    codes: Collection[int] = ()
    reasons: Collection[str] = ()
    text: str = ""
    granted: bool = False
    passes: bool = False

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
        where = refusal.message if _DATA in self.text else refusal.words
        found = re.search(self.text, where, re.ASCII | re.IGNORECASE)
        return found is not None and (not self.granted or _covers(granted, found["data"]))

    def error(self, what: str) -> ReaderError:
        """The error to raise, with what happened in words."""
        return self.link(what, f"{WAIT}{self.check}" if self.passes else self.check, self.cause)


def signal_of(rows: Sequence[Signal], refusal: Refusal, granted: Collection[str] = ()) -> Signal:
    """The first row that fits; the last one fits everything."""
    return next(row for row in rows if row.fits(refusal, granted))


def may_pass(line: str) -> bool:
    """Whether waiting may fix what a failed invocation's line reports: its advice alone decides, which is ours."""
    return line.rpartition(". Check: ")[2].startswith(WAIT)


def _covers(granted: Collection[str], data: str) -> bool:
    name = data.replace(":", ".")
    return name in granted or name.rpartition(".")[0] in granted
