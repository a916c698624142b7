"""What a million invocations cost: the formula, and that the page concludes what the report says."""

from __future__ import annotations

import pytest
import yaml

from benchmarks.lambda_cost import (
    GB_SECOND_DOLLARS,
    REQUESTS_DOLLARS,
    WHOLE_PROCESSOR_MB,
    Work,
    bigquery_dollars_per_million,
    dollars_per_million,
    waiting,
)
from benchmarks.page import FOLDER
from benchmarks.report import from_json
from benchmarks.sections.cost import Measured, table
from infra.program import ROOT

WARM = Work(cpu_seconds=0.002, wait_seconds=0.8)
COLD = Work(cpu_seconds=0.2, wait_seconds=1.0)


def dollars(*, memory_mb: int = 1024, architecture: str = "arm64", cold_share: float = 0.0) -> float:
    return dollars_per_million(
        warm=WARM, cold=COLD, cold_share=cold_share, memory_mb=memory_mb, architecture=architecture
    )


def test_half_a_processor_takes_twice_as_long_and_waiting_stays_what_it_is() -> None:
    whole, half = COLD.seconds(WHOLE_PROCESSOR_MB), COLD.seconds(WHOLE_PROCESSOR_MB // 2)
    assert whole == pytest.approx(1.2)
    assert half == pytest.approx(1.4, abs=0.002)
    assert COLD.seconds(2 * WHOLE_PROCESSOR_MB) == whole


def test_a_started_millisecond_is_billed_whole() -> None:
    assert Work(cpu_seconds=0.0, wait_seconds=0.0101).seconds(128) == pytest.approx(0.011)
    assert Work(cpu_seconds=0.0, wait_seconds=0.010).seconds(128) == pytest.approx(0.010)


def test_a_million_seconds_of_a_gigabyte_and_the_requests_are_all_that_is_billed() -> None:
    second = Work(cpu_seconds=0.0, wait_seconds=1.0)
    found = dollars_per_million(warm=second, cold=second, cold_share=0.5, memory_mb=1024, architecture="x86_64")
    assert found == pytest.approx(REQUESTS_DOLLARS + 1_000_000 * GB_SECOND_DOLLARS["x86_64"])


def test_cold_starts_cost_by_their_share() -> None:
    assert dollars() < dollars(cold_share=0.01) < dollars(cold_share=1.0)
    assert dollars(cold_share=0.5) == pytest.approx((dollars() + dollars(cold_share=1.0)) / 2)


def test_each_request_for_a_token_waits_before_the_query() -> None:
    assert waiting(3) > waiting(2) > waiting(1) > 0


@pytest.mark.parametrize(("way", "requests"), [("impersonated", 3), ("direct", 2)])
def test_the_table_has_the_cost_of_each_size_on_each_architecture(way: str, requests: int) -> None:
    found = table(Measured(way=way, cold=(0.1, 0.2, 0.9), warm=(0.002,)))
    (row,) = (row for row in found.rows if row[0] == "1024")
    cells = dict(zip(found.columns, row, strict=True))
    cold = Work(cpu_seconds=0.2, wait_seconds=waiting(requests))
    assert cells["cold"] == f"{cold.seconds(1024):.2f}"
    expected = dollars_per_million(warm=WARM, cold=cold, cold_share=0.01, memory_mb=1024, architecture="arm64")
    assert cells["arm64: 1% cold"] == f"{expected:.2f}"
    assert float(cells["arm64: warm"]) < float(cells["x86_64: warm"])


def test_what_the_page_concludes_is_what_the_report_and_the_defaults_say() -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    assert f"cost {bigquery_dollars_per_million():.2f} dollars" in page
    (found,) = (one for one in from_json(FOLDER / "cost.json").tables if "impersonated (estimate)" in one.title)
    rows = {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.rows}
    chosen, largest = rows[str(default("memoryMb"))], rows[str(WHOLE_PROCESSOR_MB)]
    assert default("functionArchitecture") == "arm64"
    assert float(chosen["cold"]) - float(largest["cold"]) <= 0.5
    assert float(chosen["arm64: 1% cold"]) < float(largest["arm64: 1% cold"]) / 3
    assert float(rows["1024"]["cold"]) - float(largest["cold"]) < waiting(3) / 4
    assert (of_stack("dev"), of_stack("prod")) == (256, 1024)


def default(key: str) -> object:
    """What the project file gives a setting."""
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"][key]["default"]


def of_stack(name: str) -> object:
    """The memory of a stack's functions."""
    return yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]["memoryMb"]
