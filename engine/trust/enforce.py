"""Deletes from every table what the rules about people (consent, age, opt-out) forbid at this moment.

It runs whenever a workspace is opened and something may have changed, and after whatever wrote: stages, reports and
exports compute from what is left and cannot forget to ask. (METHODS section 8.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.tables import TABLES
from engine.trust import forget, objections, people

if TYPE_CHECKING:
    from engine.config import Config
    from engine.warehouse import Warehouse

_STATE = "people"
# Rows of these are many and written by stages that pass over who opted out: looked through once per person only.
_GRAPH = ("pair_days", "edges", "hubs", "ties", "nodes", "influencers", "handsets", "rejects", "decisions")


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
    asked = people.rules(config, store)
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
    asked = people.rules(config, store)
    gone = _listed(store, folder, key, scratch)
    people.standing(store, asked)
    people.showable(store, asked)
    with store.transaction():
        for table, params in _forbidden(asked).items():
            before = _made(store, table)
            if before:
                store.execute(f"trust/bar_{table}", **params)
                gone[table] = gone.get(table, 0) + before - _made(store, table)
        _remember(store, asked, folder)
    return {table: n for table, n in gone.items() if n}


def _forbidden(asked: people.Rules) -> dict[str, dict[str, bool]]:
    """Tables out of which something is taken, with the parameters of the statement that does it."""
    found: dict[str, dict[str, bool]] = {
        "faces": {},
        "choices": {"unknown_offers": asked.unknown_offers},
        "matches": {"unknown_is_adult": asked.unknown_is_adult},
        "face_choices": {"unknown_offers": asked.unknown_offers},
        "ads": {},
        "decisions": {"unknown_offers": asked.unknown_offers, "need_traffic": asked.need_traffic},
    }
    return found | ({"influencers": {}} if asked.need_traffic else {})


def _made(store: Warehouse, table: str) -> int:
    """Rows of a table that tell of people for whom something was made."""
    return store.query(f"trust/made_{table}")["n"][0] if store.count(table) else 0


def _listed(store: Warehouse, folder: Path, key: Any, scratch: Path) -> dict[str, int]:
    """Bring the file and the table of objections together, and delete those people's rows; returns rows deleted."""
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


def _state(store: Warehouse, asked: people.Rules, folder: Path) -> dict[str, Any]:
    settings = [asked.need_consent, asked.only_customers, asked.unknown_is_adult, asked.need_traffic]
    counts = list(store.query("trust/people_counts").row(0))
    return {"counts": counts, "file": objections.digest(folder), "settings": settings}


def _remember(store: Warehouse, asked: people.Rules, folder: Path) -> None:
    until = store.query("trust/next_end", moment=asked.moment)["until"][0]
    state = {**_state(store, asked, folder), "since": asked.moment.isoformat() if asked.pinned else ""}
    state["until"] = None if until is None else until.isoformat()
    text = json.dumps(state, sort_keys=True)
    if store.query("trust/meta", name=_STATE)["value"].to_list() != [text]:
        store.execute("trust/forget_meta", name=_STATE)
        store.execute("trust/set_meta", name=_STATE, value=text)
