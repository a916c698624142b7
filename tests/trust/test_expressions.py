"""An expression that could run long is refused before it runs; any other runs in a bounded time."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyless_bigquery.trust.attributes import condition_holds, condition_problem, map_attributes, mapping_problem
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.expressions import ExpressionError, evaluate, expression_problem
from keyless_bigquery.trust.functions import Functions
from keyless_bigquery.trust.lexer import MACROS, macros, words
from keyless_bigquery.trust.names import MOST_CONDITION_CHARACTERS
from tests.pace import paced_seconds

LIMIT_SECONDS = 0.05
VALUES: dict[str, Any] = {
    "assertion": {"account": "2" * 12, "arn": "arn:aws:sts::2:assumed-role/" + "a/" * 1000, "userid": "A:" + "f/" * 90},
    "google": {"subject": "x" * 127, "groups": ["g" * 80] * 100},
    "attribute": {"a": "ab" * 4000},
}
CALLER = Caller(account="210987654321", arn="arn:aws:sts::210987654321:assumed-role/R/fn", user_id="AROA1:fn")


def problem(expression: str, limit: int = MOST_CONDITION_CHARACTERS) -> str | None:
    return expression_problem(expression, set(VALUES), limit)


def filled(unit: str, joint: str, *, before: str = "", after: str = "") -> str:
    """As many units as a condition has room for."""
    room = MOST_CONDITION_CHARACTERS - len(before) - len(after) + len(joint)
    return before + joint.join([unit] * (room // (len(unit) + len(joint)))) + after


def longest(before: str, unit: str, joint: str, after: str) -> str:
    """As many units as are accepted."""
    count = 1
    while problem(before + joint.join([unit] * (count + 1)) + after) is None and count < 1000:
        count += 1
    return before + joint.join([unit] * count) + after


def ended(expression: str) -> None:
    """Evaluate it. A bound that is reached while it runs counts as an end too."""
    with contextlib.suppress(ExpressionError):
        evaluate(expression, VALUES, Functions())


A = "attribute.a"
SLOW = {
    "equality": filled(f"{A}=={A}", "&&"),
    "negation": "!" * 4000 + "true",
    "contains": filled(f"{A}.contains('{'ab' * 40}b')", "||"),
    "lower case": filled(f"{A}.lowerAscii()=={A}", "&&"),
    "many calls": filled("'a'.extract('{x}')==''", "||"),
    "splits": filled("assertion.userid.split('a').size()>0", "&&"),
    "lists": filled("google.groups==google.groups", "&&"),
    "joined strings": longest("", A, "+", "==''"),
    "a macro": longest("google.groups.exists(x,", "x=='a'", "||", ")"),
    "a macro over characters": longest("assertion.userid.split('').exists(x,", "x=='a'", "||", ")"),
    "a macro over a list": longest("[" + "'a'," * 40 + "'a'].exists(x,", "x=='b'", "||", ")"),
    "joined strings in a macro": longest("google.groups.all(x,(", A, "+", ").contains('ba'))"),
    "filters": longest("google.groups", ".filter(x,true)", "", ".size()>1"),
    "a filter of joined lists": longest("(", "google.groups", "+", ").filter(x,true).size()>1"),
    "functions in a macro": "google.groups.all(x, x.lowerAscii().upperAscii()!='' && x.split('').size()>1)",
    "a large pattern": longest(f"{A}.matches('", r"\\w", "", "')"),
    "a pattern with many states": longest(f"{A}.matches('[ab]*a", "[ab]", "", "x')"),
    "many patterns": longest("", f"{A}.matches('(a|b)*x')", "||", ""),
    "a repetition": f"{A}.matches('[ab]*a[ab]{{60}}')",
    "backtracking": f"{A}.matches('(a+b+)+c')",
}


@pytest.mark.parametrize("name", SLOW)
def test_the_slowest_that_is_accepted_takes_at_most_50_ms(name: str) -> None:
    condition = SLOW[name]
    assert problem(condition) is None
    assert paced_seconds(lambda: ended(condition), limit=LIMIT_SECONDS) < LIMIT_SECONDS


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("google.groups.all(x, google.groups.all(y, google.groups.all(z, true)))", "a macro inside a macro"),
        (filled("x=='a'", "||", before="google.groups.exists(x,", after=")"), "steps"),
        ("google.groups" + ".filter(x,true)" * 12 + ".size()>1", "steps"),
        (filled(A, "+", after="==''"), "copies"),
        (f"{A}.matches('{chr(92) * 2}w{{64}}')", "regular expressions"),
        (f"{A}.matches('((a{{9}}){{9}}){{9}}')", "regular expressions"),
        (f"{A}.matches({A})", "isn't written out"),
        (f"{A}.matches('a' + 'b')", "isn't written out"),
        (f"{A}.matches('{chr(92)}x5cw')", "codes"),
        (f"{A}.matches('{'a' * 260}')", "pattern of 262"),
        ("google.groups.exists(x, x.matches('a'))", "matches beside a macro"),
        ("(" * 40 + "true" + ")" * 40, "nests brackets"),
        ("[1].map(x, x) == [1]", "calls map"),
        ("[1].existsOne(x, true)", "calls existsOne"),
        ("[1].exists(google, true)", "already means something else"),
        ("x == 'a'", "reads x"),
        ("true # a remark", "no CEL"),
        ("'a", "no end"),
        ("'a\n'", "no end"),
        ("timestamp('2026-01-01T00:00:00Z') == null", "calls timestamp"),
        ("1 * 2 == 2", "calls _*_"),
    ],
)
def test_what_could_run_long_or_is_not_understood_is_refused_when_it_is_written(condition: str, why: str) -> None:
    found = problem(condition)
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    "condition",
    [
        "assertion.arn.split('/').exists(part, part == 'R')",
        "assertion.arn.split('/').all(part, part != 'X') // a remark",
        "['R', 'S'].exists(role, assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/' + role + '/'))",
        "assertion.arn.split('/').exists_one(part, part == 'fn')",
        "assertion.arn.split('/').filter(part, part == 'R').size() == 1",
        r"assertion.arn.matches('^arn:aws:sts::\\d{12}:assumed-role/[A-Za-z0-9_-]+/.*$')",
        "assertion.arn.lowerAscii() == assertion['arn'].lowerAscii() && 'arn' in assertion",
        "has(assertion.arn) && !has(assertion.sub)",
        "assertion.account in ['1', '210987654321']",
        "size(assertion.account) == 12 && string(12) == '12'",
        "{'R': true}[assertion.arn.extract('assumed-role/{role}/')]",
        "'x,y'.split(',').join('-') == 'x-y' && 'abab'.replace('a', 'c', 1) == 'cbab'",
        "'a,b,c'.split(',', 2)[1] == 'b,c' && 'a,b'.split(',', 0) == [] && 'abc'.split('', 2) == ['a', 'bc']",
        "'''it's''' == \"it's\" && r'\\' == '\\\\'",
        "google.subject == assertion.arn ? 'aB'.upperAscii() == 'AB' : false",
    ],
)
def test_what_google_documents_is_evaluated(condition: str) -> None:
    assert condition_problem(condition) is None
    assert condition_holds(condition, CALLER, map_attributes({}, CALLER))


@pytest.mark.parametrize(
    "condition",
    [
        "assertion.arn.extract('no name') == '' || true",
        "'a'.replace('a', 'b', 'c') == '' || true",
        "'a'.split(1) == [] || true",
        "[1].join() == '' || true",
        "true || assertion.arn.split('/').join(1) == ''",
    ],
)
def test_a_function_that_fails_fails_the_whole_expression(condition: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert condition_problem(condition) is None
    if condition.startswith("true"):
        assert condition_holds(condition, CALLER, map_attributes({}, CALLER)), "what isn't evaluated can't fail"
    else:
        with pytest.raises(ExpressionError):
            evaluate(condition, VALUES, Functions())
    assert capfd.readouterr().err == ""


def test_one_split_gives_a_hundred_parts_and_no_more() -> None:
    assert evaluate(f"{','.join('a' * 100)!r}.split(',').size()", VALUES, Functions()) == 100
    with pytest.raises(ExpressionError, match="gave 101 parts; the limit is 100, and 2000 together"):
        evaluate(f"{','.join('a' * 101)!r}.split(',').size()", VALUES, Functions())


def test_all_expressions_of_a_mapping_share_one_bound() -> None:
    large = "+".join(["assertion.arn"] * 60)
    assert mapping_problem({"google.subject": "assertion.arn", "attribute.a": large}) is None
    both = {"google.subject": "assertion.arn", "attribute.a": large, "attribute.b": large}
    assert "as a whole" in str(mapping_problem(both))


def test_every_macro_of_the_library_is_known_to_the_lexer() -> None:
    import cel

    for name in ("all", "exists", "exists_one", "existsOne", "filter", "map", "sortBy", "transformList", "fold"):
        program = cel.compile(f"[1].{name}(x, true)")
        # A macro is replaced by what it does; what stays as a function is none, and is refused as one.
        assert (name in MACROS) is (name not in program.functions())


NAMES = ["assertion.arn", "attribute.a", "google.groups", "x", "'a'", "1", "'", "\u00e9", "\n", "\\", "//"]
CALLS = [".exists(x,", ".filter(x,", ".all(x,", ".split('')", ".size()", ".lowerAscii()", ".matches('[ab]*')"]
SIGNS = [*"[](){},+?:!", "==", "&&", "||", "in"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(NAMES + CALLS + SIGNS), max_size=60))
def test_whatever_is_accepted_ends_soon_with_a_value_or_a_reason(pieces: list[str]) -> None:
    expression = " ".join(pieces)
    if problem(expression) is None:
        assert paced_seconds(lambda: ended(expression), limit=LIMIT_SECONDS) < LIMIT_SECONDS


def test_a_macro_ends_with_its_parenthesis_and_the_next_one_is_not_inside_it() -> None:
    first, second = macros(words("a.exists(x, x == 1) && b.all(y, y == 2)"))
    assert [word.text for word in first.body] == ["x", ",", "x", "==", "1"]
    assert (first.inside, second.inside) == (False, False)
    assert [macro.inside for macro in macros(words("a.exists(x, b.all(y, y == x))"))] == [True, False]


@pytest.mark.parametrize(("expression", "count"), [(".exists(x, true)", 1), ("exists(x, true).", 0)])
def test_a_macro_is_called_on_something(expression: str, count: int) -> None:
    assert len(macros(words(expression))) == count
