"""Who may be profiled, shown, lent and delivered at a moment: one rule, kept by the database itself.

`standing` says it per person; `enforce` takes out of every table what the rule forbids at this moment. It runs whenever
a workspace is opened and something may have changed, and after whatever wrote: stages, reports and exports compute from
what is left and cannot forget to ask. (METHODS section 8.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError
from engine.tables import TABLES
from engine.trust import forget, objections

if TYPE_CHECKING:
    import polars as pl

    from engine.config import Config
    from engine.warehouse import Warehouse

ADULT = 18
_STATE = "people"
# Rows of these are many and written by stages that pass over who opted out: looked through once per person only.
_GRAPH = ("pair_days", "edges", "hubs", "ties", "nodes", "influencers", "handsets", "rejects")


@dataclass(frozen=True)
class Rules:
    """What decides at a moment.

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


def moment(config: Config) -> datetime:
    """The moment at which consents and ages are asked for: now (UTC), or the end of the day `run.today`."""
    if not config.run.today:
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        return end_of(date.fromisoformat(config.run.today))
    except ValueError:
        raise ConfigError(f"run.today = {config.run.today!r} is not a day.", fix="Write it as 2026-03-31.") from None


def end_of(day: date) -> datetime:
    """The last moment of a day: what ends on it does not hold for it."""
    return datetime.combine(day, time.max)


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


def ages(store: Warehouse, day: date) -> None:
    """Temporary table `_ages_then` (customer_id, age): everybody's age on a day (see sql/trust/ages.sql)."""
    store.temp("_ages_then", "trust/ages", day=day)


def aged(store: Warehouse, day: date) -> pl.DataFrame:
    """Table `customers` with the ages of a day, without the birth dates these come of; leaves `_ages_then`."""
    ages(store, day)
    known = store.query("trust/ages_then")
    customers = store.read("customers")
    columns = [name for name in customers.columns if name != "birth_date"]
    return customers.drop("age").join(known, on="customer_id", how="left", maintain_order="left").select(columns)


def digest(store: Warehouse, asked: Rules) -> str:
    """What `_standing` says of everybody, in short: stages that ask for it are stale when it changes."""
    found = store.query("trust/standing_digest").row(0)
    return ":".join(map(str, (*found, asked.unknown_offers, asked.unknown_is_adult, asked.need_traffic)))


def due(store: Warehouse, config: Config, folder: Path) -> bool:
    """Whether something may forbid what the tables still hold: a list, an import, a setting, or time that passed.

    Args:
        store: the warehouse, open for reading at least.
        config: its settings.
        folder: of the workspace.
    """
    known = store.query("trust/meta", name=_STATE)
    if not known.height:
        return any(store.query("trust/people_counts").row(0))
    state = json.loads(known["value"][0])
    asked = rules(config, store)
    since, until = state.pop("since"), state.pop("until")
    at = asked.moment.isoformat()
    return state != _state(store, asked, folder) or at < since or (until is not None and at >= until)


def enforce(store: Warehouse, config: Config, folder: Path, key: Any, scratch: Path) -> dict[str, int]:
    """Bring the list of objections and the database together, and take out what the rules forbid now.

    Args:
        store: the warehouse, open for writing, outside a transaction.
        config: its settings.
        folder: of the workspace.
        key: function that gives the workspace's key; called only where somebody objected.
        scratch: for the unfinished file.

    Returns:
        Rows taken out per table.
    """
    asked = rules(config, store)
    gone = _listed(store, folder, key, scratch)
    standing(store, asked)
    showable(store, asked)
    with store.transaction():
        for table, params in _forbidden(asked).items():
            before = _made(store, table)
            if before:
                store.execute(f"trust/bar_{table}", **params)
                gone[table] = gone.get(table, 0) + before - _made(store, table)
        _remember(store, asked, folder)
    return {table: n for table, n in gone.items() if n}


def showable(store: Warehouse, asked: Rules) -> None:
    """Temporary table `_showable` (ad_id), the ads that may be shown; `_standing` is there.

    Args:
        store: the warehouse.
        asked: the rules that `_standing` was made by.
    """
    store.temp("_offers_said", "ads/offers_said")
    store.temp("_showable", "trust/showable", unknown_offers=asked.unknown_offers)


def _forbidden(asked: Rules) -> dict[str, dict[str, bool]]:
    """Tables out of which something is taken, with the parameters of the statement that does it."""
    found: dict[str, dict[str, bool]] = {
        "faces": {},
        "choices": {"unknown_offers": asked.unknown_offers},
        "matches": {"unknown_is_adult": asked.unknown_is_adult},
        "ads": {},
    }
    return found | ({"influencers": {}} if asked.need_traffic else {})


def _made(store: Warehouse, table: str) -> int:
    """Rows of a table that tell of people for whom something was made."""
    return store.query(f"trust/made_{table}")["n"][0] if store.count(table) else 0


def _listed(store: Warehouse, folder: Path, key: Any, scratch: Path) -> dict[str, int]:
    """Everybody on the list is on both lists, and in no table that tells of them; returns rows taken out."""
    import polars as pl

    there = objections.read(folder)
    known = store.read("objections")
    told = _told(store, key) if store.count("optouts") or store.count("consents") else known.clear()
    merged = objections.together(there, known, told)
    if not merged.height:
        return {}
    if not merged.equals(objections.together(there)):
        objections.write(folder, merged, scratch=scratch)
    gone: dict[str, int] = {}
    with store.transaction():
        strange = merged.join(known, on=["who", "purpose", "at"], how="anti")
        if not merged.equals(objections.together(known)):
            store.write("objections", merged)
        if strange.join(told, on=["who", "purpose", "at"], how="anti").height:
            # From a file that knows more than the database, which was restored: people are looked for by their hash.
            objections.recognise(store, "trust/everybody", key())
            store.execute("trust/list_recognised")
            store.execute("trust/withdraw_recognised")
        names = store.read("optouts")["customer_id"]
        new = strange.filter(pl.col("purpose") == objections.EVERYTHING)
        if new.height:
            store.execute("intake/refresh_parties")
            fresh = objections.hashed(store, names, key()).join(new, on="who", how="semi")["name"].to_list()
            gone |= forget.rows(store, fresh, keep=forget.KEPT_OF_OPTED_OUT, only=_GRAPH)
        if len(names):
            small = [table for table in TABLES if table not in _GRAPH]
            gone |= forget.rows(store, names.to_list(), keep=forget.KEPT_OF_OPTED_OUT, only=small)
    return gone


def _told(store: Warehouse, key: Any) -> Any:
    """Objections that stand in the tables as opt-outs and withdrawals."""
    said = store.query("trust/objections_told")
    if not said.height:
        return store.read("objections").clear()
    whos = objections.hashed(store, said["name"], key())
    return said.join(whos, on="name").select("who", "purpose", "at")


def _state(store: Warehouse, asked: Rules, folder: Path) -> dict[str, Any]:
    settings = [asked.need_consent, asked.only_customers, asked.unknown_is_adult, asked.need_traffic]
    counts = list(store.query("trust/people_counts").row(0))
    return {"counts": counts, "file": objections.digest(folder), "settings": settings}


def _remember(store: Warehouse, asked: Rules, folder: Path) -> None:
    until = store.query("trust/next_end", moment=asked.moment)["until"][0]
    state = {**_state(store, asked, folder), "since": asked.moment.isoformat() if asked.pinned else ""}
    state["until"] = None if until is None else until.isoformat()
    text = json.dumps(state, sort_keys=True)
    if store.query("trust/meta", name=_STATE)["value"].to_list() != [text]:
        store.execute("trust/forget_meta", name=_STATE)
        store.execute("trust/set_meta", name=_STATE, value=text)
