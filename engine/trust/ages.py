"""How old people are, and the moment at which that and consents are asked for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from engine.clock import utc_now
from engine.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.warehouse import Warehouse

ADULT = 18


def moment(config: Config) -> datetime:
    """The moment at which consents and ages are asked for: now (UTC), or the end of the day `run.today`."""
    if not config.run.today:
        return utc_now()
    try:
        return end_of(date.fromisoformat(config.run.today))
    except ValueError:
        raise ConfigError(f"run.today = {config.run.today!r} is not a day.", fix="Write it as 2026-03-31.") from None


def end_of(day: date) -> datetime:
    """The last moment of a day: a consent that expires on the day does not count for it."""
    return datetime.combine(day, time.max)


def ages(store: Warehouse, day: date) -> None:
    """Temporary table `_ages_then` (customer_id, age, age_band): everybody's age on a day (see sql/trust/ages.sql)."""
    store.temp("_ages_then", "trust/ages", day=day)


def aged(store: Warehouse, day: date) -> pl.DataFrame:
    """Table `customers` with the ages of a day, without the birth dates these come of; leaves `_ages_then`."""
    ages(store, day)
    known = store.query("trust/ages_then")
    customers = store.read("customers")
    columns = [name for name in customers.columns if name != "birth_date"]
    return customers.drop("age").join(known, on="customer_id", how="left", maintain_order="left").select(columns)
