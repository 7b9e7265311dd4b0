"""What is allowed for each person at a moment: influence, own face, face for contacts, offers (METHODS section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.trust.ages import ADULT, moment

if TYPE_CHECKING:
    from engine.config import Config
    from engine.warehouse import Warehouse


@dataclass(frozen=True)
class Rules:
    """The moment, and the settings that decide what is allowed at it.

    Args:
        moment: UTC.
        need_consent: offers need one.
        only_customers: offers are for customers of the customers table alone, because such were imported.
        unknown_is_adult: whose age is not known counts as an adult.
        need_traffic: influence needs consent to traffic_data_marketing.
        pinned: the moment is a setting, which may be set back.
    """

    moment: datetime
    need_consent: bool
    only_customers: bool
    unknown_is_adult: bool
    need_traffic: bool
    pinned: bool

    @property
    def unknown_offers(self) -> bool:
        """Whether people of whom nothing is known may get an offer."""
        return self.unknown_is_adult and not self.need_consent and not self.only_customers


def rules(config: Config, store: Warehouse, at: datetime | None = None) -> Rules:
    """The rules of a workspace.

    Args:
        config: its settings.
        store: its warehouse.
        at: the moment; None = `moment(config)`.
    """
    need = config.people.offers_need_consent
    return Rules(
        moment(config) if at is None else at,
        consents_came(store) if need == "auto" else need == "yes",
        bool(store.query("trust/came")["customers"][0]),
        config.people.unknown_age_is_adult,
        config.graph.require_traffic_consent,
        bool(config.run.today),
    )


def consents_came(store: Warehouse) -> bool:
    """Whether consents were ever imported."""
    return bool(store.query("trust/came")["consents"][0])


def standing(store: Warehouse, asked: Rules) -> None:
    """Temporary tables `_ages`, `_consented` and `_standing` (see sql/trust/standing.sql) at a moment."""
    store.temp("_ages", "trust/ages", day=asked.moment.date())
    store.temp("_consented", "trust/consented", moment=asked.moment)
    store.temp(
        "_standing",
        "trust/standing",
        adult=ADULT,
        unknown_is_adult=asked.unknown_is_adult,
        need_consent=asked.need_consent,
        only_customers=asked.only_customers,
    )


def digest(store: Warehouse, asked: Rules) -> str:
    """What `_standing` says of everybody, in short: stages that ask for it are stale when it changes."""
    found = store.query("trust/standing_digest").row(0)
    return ":".join(map(str, (*found, asked.unknown_offers, asked.unknown_is_adult, asked.need_traffic)))


def showable(store: Warehouse, asked: Rules) -> None:
    """Temporary table `_showable` (ad_id), the ads that may be shown; `_standing` is there.

    Args:
        store: the warehouse.
        asked: the rules that `_standing` was made by.
    """
    store.temp("_offers_said", "ads/offers_said")
    store.temp("_showable", "trust/showable", unknown_offers=asked.unknown_offers)
