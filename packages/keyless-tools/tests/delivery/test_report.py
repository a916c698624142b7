"""A preview's JSON becomes a table with what is lost first, and Markdown that GitHub takes whatever is in it."""

from __future__ import annotations

import pytest

from keyless_tools.delivery import report
from keyless_tools.doctor.finding import Finding, Link, warning
from keyless_tools.guardrails.plan import read_plan
from tests.previews import STACK, preview, step

STEPS = [
    STACK,
    step("same", "gcp:bigquery/dataset:Dataset", "dataset"),
    step("update", "keyless:infra:Reader", "reader", custom=False),
    step("update", "aws:lambda/function:Function", "function", diffReasons=["memorySize", "timeout"]),
    step("create-replacement", "aws:iam/role:Role", "execution-role", replaceReasons=["name"]),
    step("replace", "aws:iam/role:Role", "execution-role", replaceReasons=["name"], diffReasons=["name", "tags"]),
    step("delete-replaced", "aws:iam/role:Role", "execution-role"),
    step("delete", "gcp:bigquery/table:Table", "users"),
]
LIMIT = 65_536 - 500
"""GitHub takes comments and issues of 65,536 characters. Left of it: the marker, and a note that a person adds."""

READ = read_plan(preview(*STEPS))


def test_what_is_deleted_or_replaced_stands_before_everything_else() -> None:
    written = report.preview("dev", READ, "the text of the diff")
    assert written.splitlines()[:3] == [
        "### `dev`: 1 to update, 1 to replace, 1 to delete, 1 unchanged",
        "",
        "> **Deleted or replaced:** `execution-role`, `users`",
    ]
    assert "| replace | `execution-role` | `aws:iam/role:Role` | `name` |" in written, "only what forces it"
    assert "| update | `function` | `aws:lambda/function:Function` | `memorySize`, `timeout` |" in written
    assert "the text of the diff" in written


def test_a_preview_that_changes_nothing_says_so_and_has_no_table() -> None:
    nothing = read_plan(preview(*STEPS[:2]))
    written = report.preview("dev", nothing, "")
    assert written.startswith("### `dev`: 1 unchanged\n")
    assert "|" not in written
    assert "Deleted" not in written


def test_a_stack_without_resources_is_unchanged() -> None:
    assert report.preview("dev", read_plan(preview(STACK)), "").startswith("### `dev`: 0 unchanged\n")


@pytest.mark.parametrize("limit", [None, 2_000])
def test_a_long_diff_is_cut_to_what_github_takes_and_says_so(limit: int | None) -> None:
    diff = "\n".join(f"+ line {number}" for number in range(20_000))
    written = report.preview("dev", READ, diff, **({"limit": limit} if limit else {}))
    assert (limit or 55_000) - 400 < len(written) <= (limit or LIMIT)
    shown = written.count("+ line ")
    assert f"… {20_000 - shown} more lines" in written
    assert written.endswith("```\n\n</details>\n")


def test_a_diff_that_fits_is_whole() -> None:
    written = report.preview("dev", READ, "\n".join(f"+ line {number}" for number in range(500)))
    assert written.count("+ line ") == 500
    assert "more lines" not in written


def test_a_table_of_thousands_is_cut_too() -> None:
    many = [step("create", "t:t:T", f"name-{number}") for number in range(3_000)]
    written = report.preview("dev", read_plan(preview(*many)), "x" * 70_000)
    assert "| … | 2900 more |  |" in written
    assert len(written) <= LIMIT


def test_even_a_head_that_does_not_fit_keeps_the_limit() -> None:
    long = [step("delete", "t:t:T" * 30, "n" * 180, diffReasons=["p" * 180] * 9) for _ in range(100)]
    written = report.preview("dev", read_plan(preview(*long)), "the diff")
    assert len(written) <= LIMIT
    assert written.endswith("… the run's log has the rest\n")


def test_what_a_name_or_a_diff_holds_stays_in_its_place() -> None:
    name = "a`b|c @everyone\n## heading [link](https://example.org)"
    hostile = read_plan(preview(step("create", "t:t:T", name)))
    written = report.preview("dev", hostile, "before\n```\n</details>\n````\nafter")
    row = next(line for line in written.splitlines() if line.startswith("| create"))
    assert row.count("|") == 4
    assert row == "| create | `a'b¦c @everyone ## heading [link](https://example.org)` | `t:t:T` |"
    assert "`````diff\nbefore\n```\n</details>\n````\nafter\n`````\n" in written


def test_a_failed_preview_shows_what_the_engine_said() -> None:
    written = report.failure("The preview of `dev`", "error: 2 settings of this stack can't be used")
    assert written.startswith("### The preview of `dev` failed\n")
    assert "error: 2 settings of this stack can't be used" in written


def test_drift_and_a_failure_are_cut_too() -> None:
    added = [Finding(link=Link.ROLE_POLICIES, **vars(warning("x" * 3_000, remove=["y" * 3_000])))] * 30
    for written in (
        report.failure("The preview", "x\n" * 70_000),
        report.drift("dev", "x\n" * 70_000),
        report.drift("dev", "x\n" * 70_000, added),
        report.drift("dev", "", added),
    ):
        assert 55_000 < len(written) <= LIMIT


def test_drift_comes_with_both_ways_to_end_it() -> None:
    written = report.drift("dev", "~ memorySize: 512 => 256")
    assert "`pulumi up --refresh --stack dev`" in written
    assert "`pulumi refresh --stack dev`" in written
    assert "~ memorySize: 512 => 256" in written
