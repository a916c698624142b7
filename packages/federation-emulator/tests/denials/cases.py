"""The denial table: every case, in the order of the chain."""

from __future__ import annotations

from tests.denials import (
    what_a_job_says,
    what_a_query_reads,
    what_a_token_says,
    what_an_issuer_publishes,
    what_is_asked,
    what_is_judged_and_run,
    what_is_signed,
    what_is_tampered_with,
    which_token_counts,
    who_calls,
    who_may_administer,
    who_may_impersonate,
    who_may_read,
    whom_a_binding_names,
)
from tests.denials.case import Case

CASES: tuple[Case, ...] = (
    *what_is_signed.CASES,
    *what_is_tampered_with.CASES,
    *what_is_asked.CASES,
    *what_a_token_says.CASES,
    *what_a_job_says.CASES,
    *what_an_issuer_publishes.CASES,
    *who_calls.CASES,
    *whom_a_binding_names.CASES,
    *who_may_impersonate.CASES,
    *which_token_counts.CASES,
    *who_may_read.CASES,
    *what_a_query_reads.CASES,
    *what_is_judged_and_run.CASES,
    *who_may_administer.CASES,
)
