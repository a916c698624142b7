"""The characters that decided a refusal are marked, and no others."""

from __future__ import annotations

import pytest

from federation_emulator.console.difference import Piece, difference
from federation_emulator.core.trace import LONGEST_VALUE, Part, Refusal
from tests.pace import paced_seconds

ARN = "arn:aws:sts::210987654321:assumed-role"
CONDITION = f"assertion.account == '210987654321' && assertion.arn.startsWith('{ARN}/Reader-Role/')"


def refusal(actual: str, expected: str) -> Refusal:
    return Refusal(part=Part.CONDITION, rule="rule", actual=actual, expected=expected, fix="fix")


def marked(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text for piece in pieces if piece.differs]


@pytest.mark.parametrize(
    ("actual", "expected", "in_actual", "in_expected"),
    [
        pytest.param(f"{ARN}/somebody-else/fn", CONDITION, ["somebody-else"], ["Reader-Role"], id="another role"),
        pytest.param(f"{ARN}/Reader-Role2/fn", CONDITION, ["2"], [], id="a longer role"),
        pytest.param(f"{ARN}/reader-Role/fn", CONDITION, ["r"], ["R"], id="another case"),
        pytest.param(
            f"binding names attribute.aws_role = {ARN}/reader-role, principal has {ARN}/Reader-Role (roles/x on p)",
            f"roles/x for principal://iam.googleapis.com/projects/1/subject/{ARN}/Reader-Role/fn on p",
            ["reader-role", "Reader-Role"],
            [],
            id="two values in one sentence",
        ),
        pytest.param(
            "principal has only roles/bigquery.jobUser on projects/local-keyless",
            "roles/bigquery.dataViewer for user:a@b.example on projects/local-keyless",
            ["jobUser"],
            ["dataViewer"],
            id="another role of IAM",
        ),
        pytest.param("no Authorization header", "Authorization: Bearer TOKEN", [], [], id="nothing alike"),
        pytest.param("projects/local-keyless", "projects/local-keyless", [], [], id="the same"),
        pytest.param("", "", [], [], id="nothing at all"),
    ],
)
def test_what_differs_between_the_nearest_names_is_marked(
    actual: str, expected: str, in_actual: list[str], in_expected: list[str]
) -> None:
    found = difference(refusal(actual, expected))
    assert "".join(piece.text for piece in found.actual) == actual
    assert "".join(piece.text for piece in found.expected) == expected
    assert "".join(marked(found.actual)) == "".join(in_actual)
    assert "".join(marked(found.expected)) == "".join(in_expected)


NAMES = " ".join(f"{'x' * 20}{number}" for number in range(LONGEST_VALUE))[:LONGEST_VALUE]


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(NAMES, NAMES.replace("x1", "y1")), ("a" * LONGEST_VALUE, "a" * (LONGEST_VALUE - 1) + "b")],
    ids=["names", "one name"],
)
def test_the_longest_values_take_no_time(actual: str, expected: str) -> None:
    assert paced_seconds(lambda: difference(refusal(actual, expected)), limit=0.25) < 0.25
