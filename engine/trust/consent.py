"""Who agreed to what: consents are events, and the newest one per subject and purpose counts (METHODS section 8)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse

OWN_FACE = "own_face"
LIKENESS_FOR_CONTACTS = "likeness_for_contacts"
TRAFFIC_DATA_MARKETING = "traffic_data_marketing"
OFFERS = "offers"
PURPOSES = (OWN_FACE, LIKENESS_FOR_CONTACTS, TRAFFIC_DATA_MARKETING, OFFERS)


def allowed(store: Warehouse, purpose: str, moment: datetime) -> pl.DataFrame:
    """Customers whose consent for a purpose holds at a moment.

    The newest grant or withdrawal up to the moment decides, whatever the order in which they were imported. At the
    same moment a withdrawal beats a grant and an earlier expiry a later one. A grant holds until its expiry.

    Args:
        store: the warehouse; table `consents` is read.
        purpose: one of `PURPOSES`.
        moment: UTC.

    Returns:
        One column, customer_id, sorted, distinct.

    Raises:
        InputError: the purpose does not exist.
    """
    import polars as pl

    if purpose not in PURPOSES:
        raise InputError(f"there is no purpose {purpose!r}.", fix=f"The purposes are {', '.join(PURPOSES)}.")
    found = store.query("trust/consented", moment=moment)
    return found.filter(pl.col("purpose") == purpose).select("customer_id").sort("customer_id")
