"""What counts as a change of handset: the rules of statement `offers/spells`, for all who ask it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.config import Config

FOREVER = "9999-12-31"


def rules(config: Config, before: date | str) -> dict[str, Any]:
    """The parameters of `offers/spells`.

    Args:
        config: of the workspace.
        before: first day that does not count; `FOREVER` = all days do.
    """
    return {
        "before": before,
        "change_days": config.offers.change_days,
        "change_events": config.offers.change_events,
    }
