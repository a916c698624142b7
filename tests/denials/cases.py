"""The denial table: every case, in the order of the chain."""

from __future__ import annotations

from tests.denials import (
    how_it_is_signed,
    what_is_asked,
    who_calls,
    who_may_administer,
    who_may_impersonate,
    who_may_read,
)
from tests.denials.case import Case

CASES: tuple[Case, ...] = (
    *how_it_is_signed.CASES,
    *what_is_asked.CASES,
    *who_calls.CASES,
    *who_may_impersonate.CASES,
    *who_may_read.CASES,
    *who_may_administer.CASES,
)
