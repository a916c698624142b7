"""Predicates of a query: which hold for every row of a source, and which are partition filters; see ``partitions``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp


def conjuncts(predicate: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the predicates all of which must be true for this one to be."""
    from sqlglot import exp

    if isinstance(predicate, exp.Paren):
        yield from conjuncts(predicate.this)
    elif isinstance(predicate, exp.And):
        yield from conjuncts(predicate.left)
        yield from conjuncts(predicate.right)
    else:
        yield predicate


def of_joins(query: exp.Select, alias: str) -> Iterator[exp.Expr]:
    """Yield the predicates of joins without which no row of this source is in the result."""
    joins = query.args.get("joins") or []
    place = next((at for at, join in enumerate(joins) if join.alias_or_name == alias), -1)
    for at, join in enumerate(joins):
        side, on = join.side.upper(), join.args.get("on")
        drops = not side or (side == "LEFT" and at == place) or (side == "RIGHT" and at > place)
        if on is not None and drops and at >= place:
            yield from conjuncts(on)


def passed_columns(query: exp.Select) -> dict[str, exp.Expr]:
    """Return the columns of a query that a predicate around it may as well be about inside, and what each is there."""
    from sqlglot import exp

    if any(query.args.get(clause) for clause in ("limit", "offset", "qualify")) or any(
        each.find(exp.Window) for each in query.selects
    ):
        return {}
    return {
        each.alias_or_name: each.unalias()
        for each in query.selects
        if not each.find(exp.AggFunc, exp.Query, exp.Unnest)
    }


def moved(predicates: Iterable[exp.Expr], places: Mapping[str, exp.Expr]) -> Iterator[exp.Expr]:
    """Yield the predicates whose columns all have a place, written with these."""
    from sqlglot import exp

    for predicate in predicates:
        columns = list(predicate.find_all(exp.Column))
        if not all(column.name in places for column in columns) or predicate.find(exp.Query):
            continue
        inside = exp.paren(predicate.copy(), copy=False)
        for column in list(inside.find_all(exp.Column)):
            column.replace(exp.paren(places[column.name].copy(), copy=False))
        yield from conjuncts(inside)


def on_source(predicates: Iterable[exp.Expr], alias: str) -> Iterator[exp.Expr]:
    """Yield the predicates on one source alone, without its name."""
    from sqlglot import exp

    for predicate in predicates:
        if predicate.find(exp.Query) or any(column.table != alias for column in predicate.find_all(exp.Column)):
            continue
        bare = exp.paren(predicate.copy(), copy=False)
        for column in list(bare.find_all(exp.Column)):
            column.replace(exp.column(column.this.copy()))
        yield bare


def filters(predicate: exp.Expr, alias: str, columns: frozenset[str]) -> bool:
    """Say whether a predicate is about the partitioning column alone, compared with constants."""
    from sqlglot import exp

    if isinstance(predicate, exp.Paren | exp.Not):
        return filters(predicate.this, alias, columns)
    if isinstance(predicate, exp.And | exp.Or):
        return all(filters(each, alias, columns) for each in (predicate.left, predicate.right))
    sides: list[Any] = []
    if isinstance(predicate, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.NullSafeEQ | exp.NullSafeNEQ):
        sides = [predicate.left, predicate.right]
        if not _is_partition(sides[0], alias, columns):
            sides.reverse()
    elif isinstance(predicate, exp.Between):
        sides = [predicate.this, predicate.args["low"], predicate.args["high"]]
    elif isinstance(predicate, exp.In):
        listed = predicate.args.get("unnest") or predicate.args.get("query")
        sides = [predicate.this, *predicate.expressions, *([listed] if listed else [])]
    elif isinstance(predicate, exp.Is):
        sides = [predicate.this, predicate.expression]
    return bool(sides) and _is_partition(sides[0], alias, columns) and all(map(_is_constant, sides[1:]))


def _is_partition(node: exp.Expr, alias: str, columns: frozenset[str]) -> bool:
    """Say whether an expression is the partitioning column, or that cut to a date, a time or a part of one."""
    from sqlglot import exp

    if isinstance(node, exp.Column):
        return node.table == alias and node.name.lower() in columns
    cut = exp.Cast | exp.Date | exp.Datetime | exp.Timestamp | exp.DateTrunc | exp.DatetimeTrunc | exp.TimestampTrunc
    if isinstance(node, exp.Paren | exp.TsOrDsToDate | exp.TsOrDsToTimestamp | exp.TsOrDsToDatetime | cut):
        return _is_partition(node.this, alias, columns)
    return False


def _is_constant(node: exp.Expr) -> bool:
    from sqlglot import exp

    return node.find(exp.Column, exp.Query) is None
