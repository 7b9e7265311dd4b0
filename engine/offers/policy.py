"""Who gets which offer: eligibility, then the offer worth most after its cost, or none (METHODS section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.offers import allocation
from engine.trust.ages import ADULT

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


# Why a customer gets what they get, as table `choices` says it: `kind`.
OFFERED, MINOR, AGE_UNKNOWN, NO_CONSENT = "offered", "minor", "age_unknown", "no_consent"
NO_OFFERS, NONE_VALID, NO_MODEL, NOT_OPEN = "no_offers", "none_valid", "no_model", "not_open"
NEVER_TRIED, USED_UP, NOT_WORTH = "never_tried", "used_up", "not_worth"
_BARRED = {AGE_UNKNOWN: "age not known", MINOR: f"under {ADULT}", NO_CONSENT: "no consent to offers"}


@dataclass(frozen=True)
class Limits:
    """What the choice must keep to.

    Args:
        today: day on which offers must be valid.
        budget: most that all offers together may cost; 0 = no limit.
        to_owners: offers go to customers who own the make too, where the offer itself does not say.
        keep_unless: an offer that a customer had is exchanged only for one that is worth more by this.
    """

    today: date
    budget: float = 0.0
    to_owners: bool = False
    keep_unless: float = 0.0


def check_offers(offers: pl.DataFrame) -> None:
    """Refuse offers whose worth makes no sense.

    Raises:
        InputError: a value or cost is negative or no number, or a capacity is negative; names the offer.
    """
    import polars as pl

    for column in ("value", "cost", "capacity"):
        number = pl.col(column)
        bad = offers.filter(number.is_not_null() & ~((number >= 0) & number.cast(pl.Float64).is_finite()))
        if bad.height:
            raise InputError(
                f"offer {bad['offer_id'][0]!r} has {column} {bad[column][0]}.",
                column=column,
                fix="Give 0 or more in the offers file and import it again.",
            )


def valid_offers(offers: pl.DataFrame, today: date) -> pl.DataFrame:
    """The offers that may be made on a day: `valid_from` and `valid_to` include it or are open."""
    import polars as pl

    return offers.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= today))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= today))
    )


def barred(people: pl.DataFrame) -> pl.DataFrame:
    """Why a customer may get no offer at all.

    Args:
        people: customer_id, age (null = not known), adult, offers (may get some), as `engine.trust.people` has it.

    Returns:
        customer_id, barred (age_unknown, minor or no_consent; null = may get offers), in the order of `people`.
    """
    import polars as pl

    reasons = [
        pl.when(~pl.col("adult") & pl.col("age").is_null()).then(pl.lit(AGE_UNKNOWN)),
        pl.when(~pl.col("adult")).then(pl.lit(MINOR)),
        pl.when(~pl.col("offers")).then(pl.lit(NO_CONSENT)),
    ]
    return people.select("customer_id", pl.coalesce(reasons).alias("barred"))


def eligible(people: pl.DataFrame, offers: pl.DataFrame, limits: Limits) -> np.ndarray:
    """Who may get which offer.

    Args:
        people: customer_id, age, barred (null = may get offers), manufacturer (owned now; null = not known).
        offers: table `offers`.
        limits: the rest.

    Returns:
        bool [people, offers]. Who has no age on record gets no offer with a minimum age.
    """
    import numpy as np

    age = people["age"].cast(float).to_numpy()
    owned = people["manufacturer"].to_numpy()
    free = people["barred"].is_null().to_numpy()
    live = set(valid_offers(offers, limits.today)["offer_id"])
    columns = []
    for offer in offers.iter_rows(named=True):
        may = free & (offer["offer_id"] in live)
        if offer["min_age"] is not None:
            may &= age >= offer["min_age"]
        to_owners = limits.to_owners if offer["to_owners"] is None else offer["to_owners"]
        if not to_owners and offer["manufacturer"] is not None:
            may &= owned != offer["manufacturer"]
        columns.append(may)
    return np.stack(columns, axis=1) if columns else np.zeros((people.height, 0), dtype=bool)


def choose(
    people: pl.DataFrame, uplift: Mapping[str, np.ndarray], offers: pl.DataFrame, limits: Limits,
    *, missing: Mapping[str, str], supported: Mapping[str, np.ndarray] | None = None, last: pl.Series | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Table `choices`: the eligible offers of greatest value x uplift - cost within budget and capacities, or none.

    Args:
        people: see `eligible`, sorted by customer_id.
        uplift: offer_id -> uplift of each of `people`; offers without a model are absent.
        offers: table `offers`, sorted by offer_id; equal gains go to the first.
        limits: what the choice must keep to.
        missing: offer_id -> why it has no model.
        supported: offer_id -> whether customers like this one were ever offered it [people]; absent = all.
        last: offer_id that each of `people` had after the last run, null = none; only for `limits.keep_unless`. It is
            kept only while it is open to the customer and worth its cost.

    Returns:
        customer_id, offer_id, expected_value, kind, reason, and uplift of the chosen offer (null for none).
    """
    import numpy as np
    import polars as pl

    table = offers.filter(pl.col("offer_id").is_in(list(uplift)))
    names = table["offer_id"].to_list()
    value, cost = table["value"].to_numpy(), table["cost"].to_numpy()
    n = people.height
    lift = np.stack([uplift[o] for o in names], axis=1) if names else np.zeros((n, 0))
    gain = value * lift - cost
    may = eligible(people, table, limits)
    known = np.stack([(supported or {}).get(o, np.ones(n, bool)) for o in names], axis=1) if names else may
    capacity = None
    if table["capacity"].null_count() < table.height:
        capacity = table["capacity"].fill_null(n).to_numpy()
    weighed = gain if last is None else _weighed(gain, names, last, limits.keep_unless)
    open_ = may & known
    worth = open_ & (gain > 0)
    choice = allocation.allocate(weighed, cost, worth, budget=limits.budget or None, capacity=capacity)
    rows = np.arange(n)
    taken = choice >= 0
    best = np.where(open_, gain, -np.inf).argmax(axis=1) if names else np.zeros(n, int)
    shown = np.where(taken, choice, best)
    instead = gain[rows, best] if names else np.zeros(n)
    kept = (instead > gain[rows, shown]) & (instead <= weighed[rows, shown]) if names else taken
    frame = people.select("customer_id", "barred").with_columns(
        pl.Series("taken", taken),
        pl.Series("any_open", open_.any(axis=1)),
        pl.Series("any_may", may.any(axis=1)),
        pl.Series("shown", [names[i] for i in shown] if names else [None] * n, dtype=pl.String),
        pl.Series("uplift", lift[rows, shown] if names else np.zeros(n)),
        pl.Series("gain", gain[rows, shown] if names else np.zeros(n)),
        pl.Series("cost", cost[shown] if names else np.zeros(n), dtype=pl.Float64),
        pl.Series("kept", kept),
    )
    points = (100 * pl.col("uplift")).round(1)
    offered = pl.format(
        "raises the chance of accepting by {} points: worth {} after a cost of {}",
        points, pl.col("gain").round(2), pl.col("cost").round(2),
    )  # fmt: skip
    offered = (
        pl.when("kept")
        .then(pl.format("{}; kept, as no other is worth {} more", offered, limits.keep_unless))
        .otherwise(offered)
    )
    refused = pl.format(
        "no offer is worth its cost: the best, {}, changes the chance by {} points, {} after its cost",
        pl.col("shown"), points, pl.col("gain").round(2),
    )  # fmt: skip
    nothing, why = _nothing(offers, set(uplift), limits, missing)
    words = {
        **{kind: pl.lit(text) for kind, text in _BARRED.items()},
        OFFERED: offered,
        nothing: pl.lit(why),
        NEVER_TRIED: pl.lit("no offer was ever tried on customers like this one"),
        USED_UP: pl.lit("the budget or the offers' capacities are used where they gain more"),
        NOT_WORTH: refused,
    }
    kind = (
        pl.when(pl.col("barred").is_not_null()).then(pl.col("barred"))
        .when("taken").then(pl.lit(OFFERED))
        .when(~pl.col("any_may")).then(pl.lit(nothing))
        .when(~pl.col("any_open")).then(pl.lit(NEVER_TRIED))
        .when(pl.col("gain") > 0).then(pl.lit(USED_UP))
        .otherwise(pl.lit(NOT_WORTH))
    )  # fmt: skip
    said = [pl.when(pl.col("kind") == name).then(text) for name, text in words.items()]
    return frame.with_columns(kind=kind).select(
        "customer_id",
        pl.when("taken").then(pl.col("shown")).alias("offer_id"),
        pl.when("taken").then(pl.col("gain")).otherwise(0.0).alias("expected_value"),
        "kind",
        pl.coalesce(said).alias("reason"),
        pl.when("taken").then(pl.col("uplift")).alias("uplift"),
    )


def _weighed(gain: np.ndarray, names: list[str], last: pl.Series, more: float) -> np.ndarray:
    """Gains [people, offers], that of the offer which a customer had raised by what another must be worth more."""
    import numpy as np

    had = (
        np.stack([last.eq_missing(name).to_numpy() for name in names], axis=1) if names else np.zeros(gain.shape, bool)
    )
    return gain + more * had


def _nothing(offers: pl.DataFrame, modelled: set[str], limits: Limits, missing: Mapping[str, str]) -> tuple[str, str]:
    """Why a customer who may get offers has none to weigh: the kind, and its words."""
    live = set(valid_offers(offers, limits.today)["offer_id"])
    if not offers.height:
        return NO_OFFERS, "there are no offers"
    if not live:
        return NONE_VALID, "no offer is valid on this day"
    if not live & modelled:
        parts = [f"{o}: {missing[o]}" for o in sorted(live & set(missing))]
        return NO_MODEL, f"no offer has a model ({'; '.join(parts)})" if parts else "no offer has a model"
    return NOT_OPEN, "no offer is open to this customer (age, or the make is owned already)"
