"""What once made gateway and engine read two statements in one text: now it is a value, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential.gateway import Answered, Asked, Gateway
from tests.differential.judging import problem_of
from tests.differential.shop import Shop
from tests.emulator.google_server import PROJECT, SECOND_PROJECT

ORDERS = (PROJECT, "shop", "orders")
SECRET = "(SELECT word FROM vault.secret)"


def ask(gateway: Gateway, shop: Shop, sql: str, *, token: str = "", **more: Any) -> Answered:
    (answered,) = gateway.ask([Asked(sql=sql, token=token or shop.reader, **more)])
    assert problem_of(answered, shop) == "", answered
    return answered


def parameter(name: str, kind: str, value: str) -> dict[str, Any]:
    return {"name": name, "parameterType": {"type": kind}, "parameterValue": {"value": value}}


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        (f"SELECT '$$ AS x, {SECRET} AS y --'", f"$$ AS x, {SECRET} AS y --"),
        (rf"SELECT 'a\\\' || {SECRET} --'", rf"a\' || {SECRET} --"),
        (rf"SELECT r'\', {SECRET} --'", rf"\', {SECRET} --"),
        (f'SELECT """\' || {SECRET} || \'"""', f"' || {SECRET} || '"),
        ("SELECT '\\u2028-- \\u2019 \\ufeff'", "\u2028-- \u2019 \ufeff"),
        ("SELECT '@a', '@@a'", "@a"),
        (f"SELECT 'x' /* ' */ # {SECRET}\n -- ' , {SECRET}", "x"),
        (f"SELECT 'RANGE_SESSIONIZE(TABLE x, ' || ', {SECRET}'", f"RANGE_SESSIONIZE(TABLE x, , {SECRET}"),
        (f"SELECT 'BIGNUMERIC ' || '1 {SECRET}'", f"BIGNUMERIC 1 {SECRET}"),
        ("SELECT 'kpl0', 'kpp0', '?'", "kpl0"),
    ],
)
def test_a_string_is_what_google_says_it_is(gateway: Gateway, shop: Shop, sql: str, value: str) -> None:
    answered = ask(gateway, shop, sql)
    assert answered.scanned == frozenset()
    assert answered.body["rows"][0]["f"][0]["v"] == value


@pytest.mark.parametrize("value", ["'; SELECT 1", f"' || {SECRET} || '", "$$ --", "\\' \n \u2028 @p"])
def test_a_parameter_is_its_value_whatever_that_is(gateway: Gateway, shop: Shop, value: str) -> None:
    settings = {"queryParameters": [parameter("p", "STRING", value)]}
    answered = ask(gateway, shop, "SELECT @p, COUNT(*) FROM shop.orders", settings=settings)
    assert [cell["v"] for cell in answered.body["rows"][0]["f"]] == [value, "3"]
    assert answered.scanned == {ORDERS}


@pytest.mark.parametrize("payer", [PROJECT, SECOND_PROJECT])
@pytest.mark.parametrize("home", [PROJECT, SECOND_PROJECT])
@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("shop.orders", ""),
        ("orders", "home"),
        (f"`{PROJECT}.shop.orders`", PROJECT),
        (f"{SECOND_PROJECT}.shop.orders", SECOND_PROJECT),
        (f"`{SECOND_PROJECT}.shop.seen`", SECOND_PROJECT),
        (f"`{PROJECT}.shop.seen_twice`", PROJECT),
        (f"`{PROJECT}.shop.abroad_twice`", SECOND_PROJECT),
    ],
)
def test_a_name_means_one_table_of_one_project(
    gateway: Gateway, shop: Shop, payer: str, home: str, name: str, project: str
) -> None:
    settings = {"defaultDataset": {"projectId": home, "datasetId": "shop"}}
    sent = Asked(sql=f"SELECT word FROM {name}", payer=payer, settings=settings)
    (answered,) = gateway.ask([sent])
    assert problem_of(answered, shop) == ""
    expected = {"": payer, "home": home}.get(project, project)
    assert shop.tables_of(str(answered.body)) == {(expected, "shop", "orders")}
    (denied,) = gateway.ask([Asked(sql=sent.sql, payer=payer, settings=settings, token=shop.reader)])
    assert (denied.status == 200) == (expected == PROJECT and "seen" not in name and "abroad" not in name), denied


def test_a_wildcard_is_refused_by_its_own_name(gateway: Gateway, shop: Shop) -> None:
    answered = ask(gateway, shop, "SELECT word FROM `shop.*`")
    assert answered.status == 403
    assert not any(table in answered.body["error"]["message"] for table in ("secret", "day_1", "a b"))


def test_what_is_made_only_if_it_is_missing_changes_nothing_that_is_there(gateway: Gateway, shop: Shop) -> None:
    path = f"/bigquery/v2/projects/{PROJECT}/datasets/shop/tables"
    before = [gateway.done("GET", f"{path}/{name}") for name in ("seen", "day_1")]
    for name in ("seen", "day_1"):
        sql = f"CREATE TABLE IF NOT EXISTS shop.{name} (z INT64) OPTIONS (description = 'changed')"
        assert gateway.ask([Asked(sql=sql)])[0].status == 200
    assert [gateway.done("GET", f"{path}/{name}") for name in ("seen", "day_1")] == before
    (answered,) = gateway.ask([Asked(sql="SELECT word FROM shop.seen")])
    assert answered.status == 200
    assert answered.scanned == {ORDERS}
    assert problem_of(answered, shop) == ""
