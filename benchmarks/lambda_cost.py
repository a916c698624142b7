"""What Lambda charges for a million invocations, estimated from processor time, waiting and published prices. Pure.

    cost of a million = requests + 1,000,000 x GB x seconds x price of a GB-second
    seconds           = waiting + processor time / share of a processor
    share             = memory / 1769 MB, at most 1

Sources, all as of November 2026: AWS, "AWS Lambda Pricing" (us-east-1, first tier, without the free tier); "Configure
Lambda function memory" for the share; AWS Compute Blog, "AWS Lambda standardizes billing for INIT Phase", by which a
cold start is billed from its first line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

MILLION = 1_000_000

REQUESTS_DOLLARS = 0.20
"""For a million requests, on either architecture."""

GB_SECOND_DOLLARS: Mapping[str, float] = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""For a second of a gigabyte, by architecture."""

WHOLE_PROCESSOR_MB = 1769
"""With so much memory a function has one whole processor, and with less the same share of one."""

MEMORY_MB = (128, 256, 512, 1024, WHOLE_PROCESSOR_MB)
"""The sizes that are compared."""

TOKEN_REQUEST_SECONDS = 0.1
"""Assumed: how long Google's STS, and its IAM Credentials, take to answer from AWS. Not measured here."""

QUERY_SECONDS = 0.8
"""Assumed: how long BigQuery takes to answer a small query. Not measured here."""

SOME_COLD = 0.01
"""Assumed: the share of cold starts of a function that is invoked all the time. AWS saw less than that in general."""

BIGQUERY_TIB_DOLLARS = 6.25
"""BigQuery on demand, for a TiB (US). Source: Google, "BigQuery pricing", as of November 2026."""

BIGQUERY_LEAST_BYTES = 10 * 1024 * 1024
"""The least that a query on one table is billed for. Source: the same."""

_MB_OF_A_GB = 1024
_BILLED_STEP_SECONDS = 0.001


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """What one invocation takes, wherever it runs.

    Args:
        cpu_seconds: Processor time on one whole processor.
        wait_seconds: Time in which it only waits for the network.
    """

    cpu_seconds: float
    wait_seconds: float

    def seconds(self, memory_mb: int) -> float:
        """How long it takes, in whole milliseconds, as it is billed."""
        taken = self.wait_seconds + self.cpu_seconds / min(1.0, memory_mb / WHOLE_PROCESSOR_MB)
        return math.ceil(round(taken / _BILLED_STEP_SECONDS, 6)) * _BILLED_STEP_SECONDS


def waiting(requests: int) -> float:
    """Seconds that an invocation waits, of whose requests the last is the query and the others are for its token."""
    return (requests - 1) * TOKEN_REQUEST_SECONDS + QUERY_SECONDS


def dollars_per_million(*, warm: Work, cold: Work, cold_share: float, memory_mb: int, architecture: str) -> float:
    """What a million invocations cost on Lambda, in US dollars.

    Args:
        warm: An invocation of a process that is there.
        cold: One that starts the process.
        cold_share: How many of the invocations are cold, from 0 to 1.
        memory_mb: The function's memory.
        architecture: One of :data:`GB_SECOND_DOLLARS`.
    """
    seconds = cold_share * cold.seconds(memory_mb) + (1 - cold_share) * warm.seconds(memory_mb)
    gb_seconds = MILLION * seconds * memory_mb / _MB_OF_A_GB
    return REQUESTS_DOLLARS + gb_seconds * GB_SECOND_DOLLARS[architecture]


def bigquery_dollars_per_million() -> float:
    """The least that a million queries cost on demand, each of one small table and beyond the free tier."""
    return MILLION * BIGQUERY_LEAST_BYTES / 1024**4 * BIGQUERY_TIB_DOLLARS
