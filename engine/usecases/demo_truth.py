"""Compares a workspace's results with the planted truth of an invented town."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.pipeline import learned
from engine.synth import town
from engine.trust import people
from engine.trust.pseudonyms import pseudonym

if TYPE_CHECKING:
    import polars as pl

    from engine.warehouse import Warehouse
    from engine.workspace import Workspace

LATE_DAYS = 8  # a handset must be kept 7 days to count: later changes cannot be seen yet
CHANGE_SLACK_DAYS = 10  # a change is seen with the first record from the new handset


def compare(store: Warehouse, truth: Path, space: Workspace, named: pl.DataFrame) -> dict[str, Any]:
    """What the engine found of the planted truth.

    Args:
        store: the workspace's database, after a full run.
        truth: the town's folder `truth`.
        space: the workspace (its settings and its key).
        named: rows of table `influencers` by definitions that it does not hold.

    Returns:
        Plain figures by subject; a share is None where there was nothing to find.
    """
    known = _Truth(truth, space.key())
    return {
        "influencers": _influencers(store, known, named),
        "call_centres": _hubs(store, known),
        "handset_changes": _changes(store, known),
        "uplift": _uplift(store, known),
        "policy": _policy(store, known, space),
        "faces": _faces(store, known),
        "look_alikes": _look_alikes(store, known),
    }


class _Truth:
    """The truth's files, ids turned into the workspace's pseudonyms."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self.key = folder, key
        self.facts: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))

    def table(self, name: str, *ids: str) -> pl.DataFrame:
        import polars as pl

        content = (self.folder / f"{name}.csv").read_bytes()  # polars would take the folder's name for a pattern
        frame = pl.read_csv(content, schema_overrides=dict.fromkeys(ids, pl.String))
        return frame.with_columns(
            pl.col(c).map_elements(lambda v: pseudonym(v, self.key), return_dtype=pl.String) for c in ids
        )


def _influencers(store: Warehouse, known: _Truth, named: pl.DataFrame) -> dict[str, Any]:
    """By definition, for which share of customers the planted contact comes first, or among the first three.

    Over customers who have contacts that count and whose planted influencer may be used. random: what a contact drawn
    at random finds on average, which is nothing where the planted one does not count.
    """
    import polars as pl

    parties = store.read("parties")
    out = parties.filter("opted_out")["party_id"].implode()
    planted = known.table("influencers", "customer_id", "influencer_id")
    planted = planted.filter(~pl.col("influencer_id").is_in(out))
    stored = store.read("influencers")
    rest = named.filter(~pl.col("definition").is_in(stored["definition"].unique().implode()))
    hit = pl.col("contact_id") == pl.col("influencer_id")
    rows = pl.concat([stored, rest]).join(planted, on="customer_id").with_columns(hit=hit)
    by = rows.group_by("definition", "customer_id").agg(
        first=pl.col("hit").sort_by("rank").first(), among_3=(pl.col("hit") & (pl.col("rank") <= 3)).any()
    )
    found = by.group_by("definition").agg(pl.col("first", "among_3").mean(), pl.len()).sort("definition")
    contacts = store.query("graph/counted_ties").join(parties, left_on="a", right_on="node")
    contacts = contacts.join(parties, left_on="b", right_on="node", suffix="_b").select(
        one="party_id", other="party_id_b"
    )
    both = pl.concat([contacts, contacts.select(one="other", other="one")])
    drawn = (
        both.join(planted, left_on="one", right_on="customer_id")
        .group_by("one")
        .agg((pl.col("other") == pl.col("influencer_id")).mean().alias("share"))
    )
    return {
        "customers": int(found["len"].max() or 0),
        "because": learned.said(store),
        **{
            name: {d: number(v) for d, v in found.select("definition", name).iter_rows()}
            for name in ("first", "among_3")
        },
        "random": _mean(drawn["share"]),
    }


def _hubs(store: Warehouse, known: _Truth) -> dict[str, Any]:
    planted = {pseudonym(hub, known.key) for hub in known.facts["hubs"]}
    parties = store.read("parties")
    found = set(store.read("hubs").join(parties, on="node")["party_id"])
    return {"planted": len(planted), "found": len(planted & found), "wrong": len(found - planted)}


def _changes(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Planted changes that a spell starting within ten days shows, and spells that nothing planted explains."""
    import polars as pl

    last = town.TODAY - timedelta(days=LATE_DAYS)
    out = store.read("parties").filter("opted_out")["party_id"].implode()
    planted = known.table("handset_changes", "customer_id").with_columns(pl.col("day").str.to_date())
    planted = planted.filter((pl.col("day") <= last.date()) & ~pl.col("customer_id").is_in(out))
    spells = store.read("handsets").filter(pl.col("spell") > 1)
    pairs = planted.join(spells, on=["customer_id", "manufacturer"])
    late = (pl.col("first_at") - pl.col("day")).dt.total_days()
    pairs = pairs.filter((late >= 0) & (late <= CHANGE_SLACK_DAYS))
    found = pairs.unique(["customer_id", "day"]).height
    return {
        "planted": planted.height,
        "found": found,
        "share": found / planted.height if planted.height else None,
        "wrong": spells.height - pairs.unique(["customer_id", "spell"]).height,
    }


def _uplift(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Correlation of predicted with true uplift, over everything and per offer."""
    import polars as pl

    both = store.read("uplift").join(
        known.table("uplift", "customer_id").rename({"uplift": "true"}), on=["customer_id", "offer_id"]
    )
    if both.height < 3:
        return {"pairs": both.height, "correlation": None, "by_offer": {}}
    varies = pl.col("uplift").std() > 1e-9  # one effect for all differs in its last digit at most
    by_offer = both.group_by("offer_id").agg(r=pl.when(varies).then(pl.corr("uplift", "true"))).sort("offer_id")
    return {
        "pairs": both.height,
        "correlation": number(both.select(pl.corr("uplift", "true")).item()),
        "by_offer": {offer: number(r) for offer, r in by_offer.iter_rows()},
    }


def _policy(store: Warehouse, known: _Truth, space: Workspace) -> dict[str, Any]:
    """True value per customer of the choices, beside the oracle's and the simple alternatives'.

    Over adults who agreed to offers; value x true uplift - cost, 0 for no offer.
    """
    import polars as pl

    people.standing(store, people.rules(space.config, store))
    choices = store.read("choices").join(store.query("trust/may_get_offers"), on="customer_id", how="semi")
    worth = known.table("uplift", "customer_id").join(store.read("offers"), on="offer_id")
    worth = worth.join(choices.select("customer_id"), on="customer_id")
    worth = worth.select("customer_id", "offer_id", gain=pl.col("value") * pl.col("uplift") - pl.col("cost"))
    if not worth.height:
        return {"customers": 0}
    chosen = choices.join(worth, on=["customer_id", "offer_id"], how="left")["gain"].fill_null(0.0)
    best = worth.group_by("customer_id").agg(pl.col("gain").max().clip(0))
    single = worth.group_by("offer_id").agg(pl.col("gain").mean()).sort("gain", "offer_id").row(-1, named=True)
    oracle = best["gain"].mean()
    return {
        "customers": choices.height,
        "offers_made": choices["offer_id"].count(),
        "value": number(chosen.mean()),
        "oracle": number(oracle),
        "share_of_oracle": number(chosen.mean() / oracle) if oracle else None,
        "best_single_offer": single["offer_id"],
        "best_single": number(max(single["gain"], 0.0)),
        "random_offer": number(worth["gain"].mean()),
    }


def _faces(store: Warehouse, known: _Truth) -> dict[str, Any]:
    import polars as pl

    faces = store.read("faces", ["sha256", "face", "status", "model_id"])
    best = faces.group_by("sha256", "model_id").agg(ok=(pl.col("status") == "ok").any(), st=pl.col("status").first())
    counts = dict(best["st"].value_counts(sort=True).sort("st").iter_rows())
    return {
        "photos": best.height,
        "usable": _mean(best["ok"]),
        "without_a_face": known.facts["photos_without_a_face"],
        "status": counts,
        "influencers_by_rank": {str(rank): n for rank, n in store.query("report/match_ranks").iter_rows()},
    }


def _look_alikes(store: Warehouse, known: _Truth) -> dict[str, Any]:
    """Share of planted look-alikes that were the match, by arm; influencer's only where the influencer was found.

    An influencer's look-alike is to be found seldom: the photo would name the influencer (`engine.faces.contacts`).
    """
    import polars as pl

    planted = known.table("lookalikes", "customer_id").rename({"photo_id": "planted"})
    matches = store.read("matches").filter(pl.col("status") == "matched")
    leads = known.table("influencers", "customer_id", "influencer_id")
    both = matches.join(planted, on=["customer_id", "arm"]).join(leads, on="customer_id", how="left")
    found = (pl.col("arm") == "own_face") | (pl.col("subject_id") == pl.col("influencer_id"))
    result: dict[str, Any] = {}
    for arm in ("own_face", "influencer_face"):
        rows = both.filter((pl.col("arm") == arm) & found)
        result[arm] = {
            "planted": rows.height,
            "found": _mean(rows.select(pl.col("photo_id") == pl.col("planted")).to_series()),
        }
    return result


def records(truth: Path, sources: list[Any]) -> dict[str, Any]:
    """Rows kept, merged and rejected at import, beside the dirt that was planted."""
    log = json.loads((truth / "truth.json").read_text(encoding="utf-8"))["log"]
    logs = [s for s in sources if s.target == "logs"]
    rejected = ("self_call", "missing_party", "negative_duration", "bad_time", "implausible_time")
    return {
        "rows": sum(s.rows_in for s in logs),
        "planted_rows": log["rows"],
        "events": sum(s.rows_kept for s in logs),
        "planted_events": log["events"],
        "duplicate": sum(s.rows_duplicate for s in logs),
        "planted_duplicate": log["second_legs"] + log["repeated_rows"],
        "rejected": sum(s.rows_rejected for s in logs),
        "planted_rejected": sum(log[name] for name in rejected),
    }


def _mean(values: pl.Series) -> float | None:
    return None if values.len() == 0 else round(float(values.mean()), 4)


def number(value: float | None) -> float | None:
    """Rounded for printing; None where there is no number (a constant has no correlation)."""
    return None if value is None or value != value else round(float(value), 4)
