"""Rows of texts in a table's types, and the first thing that is wrong with each row that does not fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engine.intake import devices, rejected, values
from engine.intake.rejected import ROW, WHY, why
from engine.tables import TABLES, Column
from engine.trust import consent

if TYPE_CHECKING:
    import polars as pl


def typed(target: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows in the table's types, and the rows that do not fit.

    Args:
        target: name of the table.
        frame: as texts, with `__row` and maybe what is wrong already (`engine.intake.rejected`).

    Returns:
        Rows with `__row`, further columns of an open table as features; `__row` and `__why` of the others.
    """
    import polars as pl

    table = TABLES[target]
    known = [c for c in table.columns if c.name in frame.columns]
    extra = [c for c in frame.columns if c not in table.names and c not in (ROW, WHY)]
    if target == "devices":
        frame = frame.with_columns(
            manufacturer=devices.canonical(frame["manufacturer"]), tac=devices.tac("tac"), __tac=pl.col("tac")
        )
    own = _own_rule(target, frame.columns)
    ordered = [values.problem(c) for c in _keys_first(known, table.keys)]
    frame = frame.with_columns(pl.coalesce(rejected.given(frame), *own, *ordered).alias(WHY))
    bad = frame.filter(pl.col(WHY).is_not_null()).select(ROW, WHY)
    good = frame.filter(pl.col(WHY).is_null())
    columns = [values.parse(c.name, c.type).alias(c.name) for c in known]
    if target == "inventory" and extra:
        columns.append(_as_json(good, extra))
    good = good.select(ROW, *columns, *(extra if table.open else []))
    return _features(good, extra) if table.open else good, bad


def _own_rule(target: str, columns: list[str]) -> list[pl.Expr]:
    import polars as pl

    if target == "consents":
        known = pl.col("purpose").is_in(consent.PURPOSES) | pl.col("purpose").is_null()
        moments = [pl.col(name) for name in ("granted_at", "withdrawn_at") if name in columns]
        neither = pl.all_horizontal(pl.lit(True), *(moment.is_null() for moment in moments))
        return [
            pl.when(~known).then(why("purpose", "unknown_purpose", f"not one of {', '.join(consent.PURPOSES)}")),
            pl.when(neither).then(why("granted_at", "neither_granted_nor_withdrawn")),
        ]
    if target == "devices":
        return [pl.when(pl.col("__tac").is_not_null() & pl.col("tac").is_null()).then(why("tac", "not_8_digits"))]
    if target == "treatments" and "propensity" in columns:
        chance = values.parse("propensity", "f64")
        return [pl.when((chance <= 0) | (chance > 1)).then(why("propensity", "not_a_propensity"))]
    if target == "offers":
        large = [(c, values.parse(c, "f64")) for c in ("value", "cost", "capacity") if c in columns]
        return [pl.when(amount.abs() >= values.LARGEST).then(why(c, "too_large")) for c, amount in large]
    if target == "customers" and "age" in columns:
        age = values.parse("age", "i32")
        return [pl.when((age < 0) | (age > 130)).then(why("age", "impossible_age"))]
    return []


def _keys_first(columns: list[Column], keys: tuple[str, ...]) -> list[Column]:
    return sorted(columns, key=lambda c: c.name not in keys)


def _as_json(frame: pl.DataFrame, extra: list[str]) -> pl.Series:
    """The further columns of each row as one JSON object, empty values left out; of a table without photos, which
    corrects what is there, as nulls."""
    import polars as pl

    empty = "path" not in frame.columns
    lines = [
        json.dumps({k: v for k, v in row.items() if empty or v is not None}, sort_keys=True, ensure_ascii=False)
        for row in frame.select(extra).iter_rows(named=True)
    ]
    return pl.Series("attributes", lines, dtype=pl.String)


def _features(frame: pl.DataFrame, extra: list[str]) -> pl.DataFrame:
    """Further columns as numbers where every value reads as one, else as text."""
    import polars as pl

    for name in extra:
        numbers = frame[name].cast(pl.Float64, strict=False)
        if numbers.null_count() == frame[name].null_count():
            frame = frame.with_columns(numbers.alias(name))
    return frame
