"""Who agreed to what: consent per subject and purpose, with expiry and withdrawal (METHODS section 8)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

OWN_FACE = "own_face"
LIKENESS_FOR_CONTACTS = "likeness_for_contacts"
TRAFFIC_DATA_MARKETING = "traffic_data_marketing"
OFFERS = "offers"
PURPOSES = (OWN_FACE, LIKENESS_FOR_CONTACTS, TRAFFIC_DATA_MARKETING, OFFERS)


def allowed(consents: pl.DataFrame, purpose: str, today: date) -> pl.DataFrame:
    """Customers whose consent for a purpose holds on a day.

    Consent holds from the moment it was granted (any time on `today` counts) until it is withdrawn or expires:
    a withdrawal on `today`, or an expiry at or before its start, means no consent.

    Args:
        consents: rows of table `consents`.
        purpose: one of `PURPOSES`.
        today: the day asked about, UTC.

    Returns:
        One column, customer_id, sorted, distinct.

    Raises:
        InputError: the purpose does not exist.
    """
    import polars as pl

    if purpose not in PURPOSES:
        raise InputError(f"there is no purpose {purpose!r}.", fix=f"The purposes are {', '.join(PURPOSES)}.")
    start = datetime.combine(today, time())
    end = start + timedelta(days=1)
    holds = (
        (pl.col("purpose") == purpose)
        & (pl.col("granted_at") < end)
        & (pl.col("expires_at").is_null() | (pl.col("expires_at") > start))
        & (pl.col("withdrawn_at").is_null() | (pl.col("withdrawn_at") >= end))
    )
    return consents.filter(holds).select("customer_id").unique().sort("customer_id")
